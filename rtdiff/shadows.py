"""Shadows of things are no things: darker, of the same hue, and the same texture beneath.

Two kinds are told. Where the ground has texture, a soft shadow shows it, only darker, and has none of
its own: what is left of a window when the reference's, times a factor, is taken away is less than the
texture. On even ground it is as dark everywhere, and a thing is left beside it. A deep one, under a car
in the sun, shows nothing at all: it is nearly black, without hue, and lies at the lower end of its thing,
of which it is a small part; what has to be known of it that a dark thing has not is that all of it is
equally dark. Where the reference has a shadow that is gone, the two have changed places.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.order import quantile

Texture = tuple[NDArray[np.bool_], NDArray[np.bool_]]
"""Where texture should be seen beneath a shadow, and where there is another one."""
Levels = list[tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Reference and test by plane, levels of 0..255."""

HUE = 2.0  # levels that chroma of a deep one may be off, of what the factor says; towards blue, twice that
TINTED = 2.5, 6.0  # the same of others, away from blue and towards it: the sky lights them
EVEN = 8.0  # levels within 3x3 pixels of a deep one
DEEP = 0.25  # factor of luma below which nothing can be seen beneath
SOFT = 0.35, 0.96  # factors of other shadows
FLAT = 0.1  # of the factor, between the quarters of a shadow on ground without texture
REMAINS = 0.25  # share of a thing that is left without its shadow: else it is the shadow of nothing in sight
LARGE = 0.02  # of the picture: a shadow of nothing in sight is a tree's or a cloud's
SMALLEST = 30  # pixels
PART = 0.03, 0.3  # share of its thing
LOWER = 0.65  # of its thing's height, above the middle of a deep shadow
EQUAL = 0.02  # of the factor, that a deep shadow's pixels are above its darker half
WINDOW = 9
OWN, GRAIN = 0.5, 3.0  # of the texture's variance, and levels: what differs by more has a texture of its own
SEEN = 2.5  # levels of texture, darkened, that can be seen
SHOWN = 0.2, 0.25  # least share of a soft shadow where texture is seen, and most where there is another
EDGE = 11, 5  # sides of the edges of shadows that go with them: thinner than, nearer than, pixels


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    factor: NDArray[np.float32]
    even: NDArray[np.bool_]
    tinted: NDArray[np.bool_]


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

    look = _look(levels)
    dark = look.tinted & (mask != 0) & (look.factor < SOFT[1])
    lit = (mask != 0) & (look.factor > 1 / SOFT[1])
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    things = _Things(labels, stats, pixels)
    come, left = _texture(levels)
    coloured = len(levels) > 1
    found = []
    if dark.any():
        found.append(_soft(look, dark, things, come, plain=coloured))
    if lit.any():
        before = _look([(test, reference) for reference, test in levels]) if coloured else _turned(look)
        found.append(_soft(before, lit & before.tinted, things, left, plain=False))
    if coloured:
        found.append(_deep(look, dark & look.even & (look.factor < DEEP), things))
    there = [one for one in found if one is not None]
    if not there:
        return None
    shadow = reduce(np.bitwise_or, there)
    rest = mask & ~shadow
    solid = cv2.morphologyEx(rest, cv2.MORPH_OPEN, disc(EDGE[0]))
    edges: NDArray[np.uint8] = rest & ~solid & cv2.dilate(shadow, disc(2 * EDGE[1] + 1))
    return edges | shadow


@dataclass(frozen=True, slots=True, eq=False)
class _Things:
    labels: NDArray[np.int32]
    stats: NDArray[np.int32]
    pixels: int


def _look(levels: Levels) -> _Look:
    """Return how much darker every pixel is, and where hue and evenness are a shadow's."""
    import cv2

    (x, y), *colours = levels
    under, over = (cv2.GaussianBlur(a, (0, 0), 0.7) for a in (x, y))
    factor = over / np.maximum(under, np.float32(1))
    even, tinted = np.ones(x.shape, np.bool_), np.ones(x.shape, np.bool_)
    for k, (c, d) in enumerate(colours[:2]):
        off = cv2.GaussianBlur(d, (0, 0), 0.7) - 128
        off -= factor * (cv2.GaussianBlur(c, (0, 0), 0.7) - 128)
        blue = 2 if k == 0 else 1  # Cb: the sky lights shadows
        even &= (off > -HUE) & (off < blue * HUE)
        off *= 1 if k == 0 else -1
        tinted &= (off > -TINTED[0]) & (off < TINTED[1])
    even &= _range(over) < EVEN
    return _Look(factor, even, tinted)


def _turned(look: _Look) -> _Look:
    """Return what `_look` says of a gray pair whose sides have changed places."""
    return _Look(np.reciprocal(np.maximum(look.factor, np.float32(0.01))), look.even, look.tinted)


def _deep(look: _Look, dark: NDArray[np.bool_], things: _Things) -> NDArray[np.uint8] | None:
    """Return the shadows in which nothing can be seen; None: none."""
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
        if not (lower and PART[0] * thing[4] <= area <= PART[1] * thing[4]):
            continue
        factor = look.factor[box]
        here &= factor < quantile(factor[here], 0.4) + EQUAL
        out = np.zeros(dark.shape, np.uint8) if out is None else out
        out[box][here] = 255
    return out


def _soft(
    look: _Look, dark: NDArray[np.bool_], things: _Things, texture: Texture, *, plain: bool
) -> NDArray[np.uint8] | None:
    """Return the shadows beneath which the ground goes on; None: none.

    Without `plain`, only those that show its texture: a pale thing is even as well.
    """
    count, labels, stats, _ = _components(dark & (look.factor > SOFT[0]))
    size = stats[:, 4]
    if count == 1 or size[1:].max() < SMALLEST:
        return None
    seen, own = texture
    seen_in, own_in = (np.bincount(labels[a], minlength=count) for a in (seen, own))
    alike = own_in <= SHOWN[1] * size
    shown = alike & (seen_in >= SHOWN[0] * size)
    even = alike & ~shown & plain
    shadow = np.zeros(count, np.bool_)
    whose = np.zeros(count, np.int32)
    for k in np.flatnonzero((shown | even) & (size >= SMALLEST)):
        if k == 0:
            continue
        x, y, w, h, _ = (int(v) for v in stats[k])
        box = np.s_[y : y + h, x : x + w]
        here = labels[box] == k
        whose[k] = things.labels[box][here][0]
        factor = look.factor[box][here]
        shadow[k] = shown[k] or quantile(factor, 0.75) - quantile(factor, 0.25) < FLAT
    gone = np.bincount(whose[shadow], size[shadow], minlength=len(things.stats))
    remains = gone <= (1 - REMAINS) * things.stats[:, 4]
    shadow &= remains[whose] | (shown & (size > LARGE * things.pixels))
    if not shadow.any():
        return None
    out: NDArray[np.uint8] = shadow.astype(np.uint8)[labels] * np.uint8(255)
    return out


def _texture(levels: Levels) -> tuple[Texture, Texture]:
    """Return the texture beneath shadows that have come, and beneath those that have gone."""
    import cv2

    x, y = levels[0]
    near, side = (5, 5), (WINDOW, WINDOW)
    mx, my = cv2.blur(x, near), cv2.blur(y, near)
    square = my / np.maximum(mx, np.float32(1))
    other = y - square * x
    other = cv2.blur(np.multiply(other, other, out=other), side)
    square *= square
    before, now = (cv2.blur(np.square(a - m), side) for a, m in ((x, mx), (y, my)))
    before *= square
    limits = np.float32(SEEN * SEEN), np.float32(GRAIN * GRAIN)
    dark = before > limits[0], other > OWN * before + limits[1]
    lit = now > limits[0] * square, other > OWN * now + limits[1] * square
    return dark, lit


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
