"""Shadows of things are no things: darker, of the same hue, and the ground beneath as it was.

Two kinds are told. Soft ones, in which one would see the ground: see `soft_shadows`. A deep one, under
a car in the sun, shows nothing at all: it is nearly black, without hue, wider than high, and lies at the
lower end of its thing, of which it is a small part; what has to be known of it that a dark thing has not
is that all of it is equally dark. Where the reference has a shadow that is gone, the two have changed places.

At the rim of something dark, a camera shows all that lies between it and the ground, shadows' levels
too: rims stay with what is solid.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.order import quantile
from rtdiff.soft_shadows import SMALLEST, Dark, Things, soft

Levels = list[tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Reference and test by plane, levels of 0..255."""

HUE = 2.0  # levels that chroma of a deep one may be off, of what the factor says; towards blue, twice that
TINTED = 2.5, 6.0  # the same of others, away from blue and towards it: the sky lights them
SKY = 0.045  # of the ground's luma, that they may be bluer by
COARSE = 0.3  # of what they take from its chroma, which is sampled coarsely
EVEN = 8.0  # levels within 3x3 pixels of a deep one
DEEP = 0.25  # factor of luma below which nothing can be seen beneath
SOFT = 0.35, 0.96  # factors of other shadows
PART = 0.03, 0.3  # share of its thing
LOWER = 0.65  # of its thing's height, above the middle of a deep shadow
EQUAL = 0.02  # of the factor, that a deep shadow's pixels are above its darker half
WIDE = 1.2  # times its height: legs in black are narrower
RIM, SPECK = 5, 2  # sides: what is as near to something solid is its rim, and what is smaller is not solid
ROUND = 17  # side: round a deep shadow all may be its own edge
BLUR = 0.7  # standard deviation, pixels
EDGE = 11, 5  # sides of the edges of shadows that go with them: thinner than, nearer than, pixels


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    factor: NDArray[np.float32]
    tinted: NDArray[np.bool_]
    offs: list[NDArray[np.float32]]
    """By how much chroma is bluer, and less red, than the factor says, levels."""


def shadows(levels: Levels, mask: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8] | None:
    """Return where things have their shadows, (H, W) 255, with their edges; None: nowhere.

    Parameters
    ----------
    levels : list of pairs of (H, W) float32
        Reference and test by plane.
    mask : (H, W) uint8
        255 where they differ, holes filled.
    pixels : int
        Of the whole picture.
    """
    import cv2

    smooth = _smooth(levels)
    look = _look(smooth)
    inside = mask != 0
    dark = look.tinted & inside & (look.factor < SOFT[1])
    lit = inside & (look.factor > 1 / SOFT[1])
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    things = Things(labels, stats, pixels)
    coloured = len(levels) > 1
    deep = _deep(look, _black(look, smooth[0][1], dark), things) if coloured else None
    found = [deep]
    if deep is not None:
        inside &= cv2.dilate(deep, disc(ROUND)) == 0
    rims = np.zeros(mask.shape, np.bool_)
    x, y = levels[0]
    if dark.any():
        come = _dark(look, dark, inside)
        rims |= come.solid
        found.append(soft(x, y, come, things, plain=coloured, gone=False))
    if lit.any():
        before = _look([(test, reference) for reference, test in smooth])
        left = _dark(before, lit & before.tinted, inside)
        rims |= left.solid
        found.append(soft(y, x, left, things, plain=False, gone=True))
    there = [one for one in found if one is not None]
    if not there:
        return None
    shadow = reduce(np.bitwise_or, there)
    rest = mask & ~shadow
    thick = cv2.morphologyEx(rest, cv2.MORPH_OPEN, disc(EDGE[0]))
    edges: NDArray[np.uint8] = rest & ~thick & cv2.dilate(shadow, disc(2 * EDGE[1] + 1))
    edges[rims] = 0
    return edges | shadow


def _smooth(levels: Levels) -> Levels:
    """Return luma and chroma, the latter less its middle, blurred by less than a pixel."""
    import cv2

    smooth = [(cv2.GaussianBlur(x, (0, 0), BLUR), cv2.GaussianBlur(y, (0, 0), BLUR)) for x, y in levels[:3]]
    for colours in smooth[1:]:
        for c in colours:
            c -= np.float32(128)
    return smooth


def _look(smooth: Levels) -> _Look:
    """Return how much darker every pixel is, and where the hue is a shadow's."""
    (under, over), *colours = smooth
    factor: NDArray[np.float32] = np.divide(over, np.maximum(under, np.float32(1)))
    tinted = np.ones(factor.shape, np.bool_)
    offs: list[NDArray[np.float32]] = []
    if colours:
        sky = np.maximum(under * np.float32(SKY), np.float32(TINTED[1]))
        taken = np.maximum(np.float32(COARSE) - np.float32(COARSE) * factor, np.float32(0))
    for k, (c, d) in enumerate(colours):
        off: NDArray[np.float32] = np.subtract(d, factor * c)
        blurred = np.abs(c)
        if k == 1:
            np.negative(off, out=off)  # Cb rises and Cr falls where the sky lights
        blurred *= taken
        offs.append(off)
        tinted &= off < sky + blurred
        blurred += np.float32(TINTED[0])
        blurred += off
        tinted &= blurred > 0
    return _Look(factor, tinted, offs)


def _black(look: _Look, over: NDArray[np.float32], dark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where deep shadows may be: without hue, nearly black and even."""
    black = dark & (look.factor < DEEP)
    if not black.any():
        return black
    for off, blue in zip(look.offs, (2, 1), strict=True):
        black &= (off > -HUE) & (off < blue * HUE)
    black &= _range(over) < EVEN
    return black


def _dark(look: _Look, dark: NDArray[np.bool_], inside: NDArray[np.bool_]) -> Dark:
    """Return where soft shadows may be: not at the rims of what is solid, which are in between."""
    import cv2

    dark = dark & (look.factor > SOFT[0])
    as_before = look.tinted & (look.factor >= SOFT[1]) & (look.factor <= 1 / SOFT[1])
    solid = (inside & ~dark & ~as_before).view(np.uint8)
    solid = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((SPECK, SPECK), np.uint8))
    rims = cv2.dilate(solid, disc(RIM)) != 0
    return Dark(dark, dark & ~rims, rims, look.factor)


def _deep(look: _Look, dark: NDArray[np.bool_], things: Things) -> NDArray[np.uint8] | None:
    """Return the shadows in which nothing can be seen; None: none."""
    if np.count_nonzero(dark) < SMALLEST:
        return None
    count, labels, stats, middles = _components(dark)
    out = None
    for k in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[k])
        if area < SMALLEST:
            continue
        box = np.s_[y : y + h, x : x + w]
        here = labels[box] == k
        thing = things.stats[things.labels[box][here][0]]
        lower = (middles[k][1] - thing[1]) / thing[3] > LOWER
        if not (w >= WIDE * h and lower and PART[0] * thing[4] <= area <= PART[1] * thing[4]):
            continue
        factor = look.factor[box]
        here &= factor < quantile(factor[here], 0.4) + EQUAL
        out = np.zeros(dark.shape, np.uint8) if out is None else out
        out[box][here] = 255
    return out


def _components(mask: NDArray[np.bool_]) -> Any:
    import cv2

    return cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=4)


def _range(a: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the range of values within 3x3 pixels."""
    import cv2

    square = np.ones((3, 3), np.uint8)
    out: NDArray[np.float32] = cv2.dilate(a, square) - cv2.erode(a, square)
    return out


def disc(side: int) -> NDArray[np.uint8]:
    """Return a disc of so many pixels across, for OpenCV's morphology."""
    import cv2

    out: NDArray[np.uint8] = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return out
