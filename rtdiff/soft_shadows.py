"""Which dark places are soft shadows: the ground shows beneath them, or they shade off as shadows do.

Where the ground has texture, however little, a shadow shows it, only darker, and has none of its own.
On even ground it is told by its shape in light: it is equally dark at equal distances from its edge,
while what is dark of a thing goes up and down; it does not reach above its thing; and where a thing
casts it, it lies beside that and touches it at one end. Windows are averaged over the place alone,
for its own edge would be the strongest texture in them, and narrow shadows are all edge.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass

FLOAT = NDArray[np.float32]
SMALLEST = 30  # pixels
REMAINS = 0.25  # share of a thing that is left without its shadow: else it is the shadow of nothing in sight
MOST = 0.5  # share of a thing that is its shadow on even ground
LARGE = 0.02  # of the picture: a shadow of nothing in sight is a tree's or a cloud's
ABOVE = 0.25  # of its thing's height, that the middle of a shadow on even ground is below the top
HELD = 0.5  # of its width, that something solid is above as well as below
NEAR, WINDOW = 5, 9  # sides of windows: of a mean, and that texture is looked at in
OWN, GRAIN = 0.5, 3.0  # of the texture's variance, and levels: what differs by more has a texture of its own
OTHER = 0.25  # most share of a soft shadow where there is another texture
SEEN = 2.5, 0.2  # levels of texture, darkened, that can be seen; and where, of a shadow of nothing in sight
LIKE = 8.0, 0.6, 1.3  # standard deviations that texture is alike by; least and largest slope, of the factor
HIDDEN = 0.5, 0.3  # share of a place where texture should be seen, and slope of what hides it
SPREAD = 0.24, 0.12, 0.35  # units of unevenness, of roughness, of the share of the edge that is its thing's
SENSOR = 1.0, 2.0  # levels of noise, blurred and as it is, that unevenness and roughness are without
UNLIKE = 3.0  # units: what adds up to more is no shadow
STEPS = 16  # pixels from the edge that are told apart


@dataclass(frozen=True, slots=True, eq=False)
class Things:
    """What is in a mask, 8-connected."""

    labels: NDArray[np.int32]
    stats: NDArray[np.int32]
    """As `cv2.connectedComponentsWithStats` returns them."""
    pixels: int
    """Of the whole picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Dark:
    """What is darker, of the same hue, in one of two frames."""

    everywhere: NDArray[np.bool_]
    """(H, W), with the rims of what is solid, which are as dark in between."""
    where: NDArray[np.bool_]
    """Not near what is solid."""
    solid: NDArray[np.bool_]
    """What surely is of things, and what is near that."""
    factor: FLOAT
    """How dark it is; 1: as the other frame."""


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """The places of `Dark`, 4-connected; means are taken over each of them."""

    at: NDArray[np.int32]
    """(n,) place of every pixel."""
    size: NDArray[np.float64]
    """(places,) pixels, 0 in no place."""

    def mean(self, a: NDArray[Any]) -> NDArray[np.float64]:
        """Return the mean in every place of what was measured at every pixel."""
        return np.bincount(self.at, a, minlength=len(self.size)) / np.maximum(self.size, 1)


def soft(
    x: FLOAT, y: FLOAT, dark: Dark, things: Things, *, plain: bool, gone: bool
) -> NDArray[np.uint8] | None:
    """Return the soft shadows, (H, W) 255; None: none.

    Parameters
    ----------
    x, y : (H, W) float32
        Luma without and with them, levels of 0..255.
    dark : Dark
        Where they may be.
    things : Things
        What they may be of.
    plain : bool
        Whether there may be any on even ground: without hue, and where it is brighter, things are even too.
    gone : bool
        Whether they were in the reference, so that what is there now is brighter.
    """
    import cv2

    left, top, width, height = cv2.boundingRect(dark.where.view(np.uint8))
    if width * height < SMALLEST:
        return None
    box = np.s_[max(top - STEPS, 0) : top + height + STEPS, max(left - STEPS, 0) : left + width + STEPS]
    where = np.ascontiguousarray(dark.where[box])
    _, labels, stats, middles = cv2.connectedComponentsWithStats(where.view(np.uint8), connectivity=4)
    size = stats[:, 4].astype(np.float64)
    size[0] = 0
    if size.max() < SMALLEST:
        return None
    part = Dark(dark.everywhere[box], where, dark.solid[box], dark.factor[box])
    places = _Places(labels[where], size)
    shown, hidden, seen = _shows(x[box], y[box], part, places, gone)
    whose = np.zeros(len(size), np.int32)
    whose[places.at] = things.labels[box][where]
    thing = things.stats[whose]
    shadow = shown
    if plain:
        below = middles[:, 1] + box[0].start - thing[:, 1] > ABOVE * thing[:, 3]
        even = _unlike(x[box], y[box], part, labels, places) < UNLIKE
        even &= ~hidden & ~_held(part, labels, stats)
        shadow = shown | (even & below & (size < MOST * thing[:, 4]))
    shadow &= size >= SMALLEST
    taken = np.bincount(whose[shadow], size[shadow], minlength=len(things.stats))
    remains = taken <= (1 - REMAINS) * things.stats[:, 4]
    shadow &= remains[whose] | (shown & (seen >= SEEN[1]) & (size > LARGE * things.pixels))
    if not shadow.any():
        return None
    out = np.zeros(dark.where.shape, np.uint8)
    np.take(shadow.astype(np.uint8) * np.uint8(255), labels, out=out[box], mode="clip")
    beside = cv2.dilate(out[box], np.ones((3, 3), np.uint8))
    np.copyto(out[box], beside, where=part.everywhere)
    return out


def _shows(
    x: FLOAT, y: FLOAT, dark: Dark, places: _Places, gone: bool
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
    """Return which places show what is beneath them, which hide it, and in which share one can see that."""
    import cv2

    where, near, side = dark.where, (NEAR, NEAR), (WINDOW, WINDOW)
    weight = where.astype(np.float32)
    few = np.maximum(cv2.blur(weight, near), np.float32(1 / NEAR**2))
    mx, my = (cv2.blur(a * weight, near) / few for a in (x, y))
    square = my / np.maximum(mx, np.float32(1))
    other = y - square * x
    first, second = x - mx, y - my
    before = square * first
    for a in (other, before):
        np.multiply(a, a, out=a)
        a *= weight
    many = np.maximum(cv2.blur(weight, side), np.float32(1 / WINDOW**2))
    other, before = (cv2.blur(a, side) / many for a in (other, before))
    own = places.mean((other > OWN * before + np.float32(GRAIN**2))[where])
    seen = places.mean((before > np.float32(SEEN[0] ** 2))[where])
    a, b = first[where], second[where]
    both, beneath, above = places.mean(a * b), places.mean(a * a), places.mean(b * b)
    sure = both * np.sqrt(places.size) > LIKE[0] * np.sqrt(beneath * above)
    slope = both / np.maximum(beneath, 1e-6)
    if gone:  # Deming's line: a pale thing adds to what is there, which noise in both frames hides
        apart = above - beneath
        slope = (apart + np.sqrt(apart * apart + 4 * both * both)) / np.maximum(2 * both, 1e-6)
    slope /= np.maximum(places.mean(dark.factor[where]), 1e-6)
    shown = (own <= OTHER) & sure & (slope > LIKE[1]) & (slope < LIKE[2])
    return shown, (seen > HIDDEN[0]) & (slope < HIDDEN[1]), seen


def _held(dark: Dark, labels: NDArray[np.int32], stats: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return which places have what is solid above and below them, as a jacket has a head and legs."""
    where, solid, count = dark.where, dark.solid, len(stats)
    above = np.bincount(labels[1:][where[1:] & solid[:-1]], minlength=count)
    below = np.bincount(labels[:-1][where[:-1] & solid[1:]], minlength=count)
    held: NDArray[np.bool_] = np.minimum(above, below) > HELD * stats[:, 2]
    return held


def _unlike(
    x: FLOAT, y: FLOAT, dark: Dark, labels: NDArray[np.int32], places: _Places
) -> NDArray[np.float64]:
    """Return how unlike shadows on even ground the places are."""
    import cv2

    where, solid, count = dark.where.view(np.uint8), dark.solid.view(np.uint8), len(places.size)
    light, factor = x[dark.where], dark.factor[dark.where]
    depth = 1 - factor
    far = cv2.distanceTransform(where | solid, cv2.DIST_L2, 5)[dark.where]
    step = places.at * STEPS + np.minimum(np.rint(far), STEPS - 1).astype(np.int32)
    total, square, number = (
        np.bincount(step, a, minlength=count * STEPS) for a in (factor, factor * factor, None)
    )
    within = (square - total * total / np.maximum(number, 1)).reshape(count, STEPS).sum(axis=1)
    within /= np.maximum(places.size, 1)
    within -= (SENSOR[0] / np.maximum(places.mean(light), 1)) ** 2
    uneven = np.sqrt(np.maximum(within, 0) / np.maximum(places.mean(depth * depth), 1e-4))
    rest, lost = y[dark.where] - factor * light, depth * light
    roughness = np.maximum(places.mean(rest * rest) - SENSOR[1] ** 2, 0)
    rough = np.sqrt(roughness / np.maximum(places.mean(lost * lost), 1))
    square3 = np.ones((3, 3), np.uint8)
    edge = dark.where & (cv2.erode(where, square3) == 0)
    its = edge & (cv2.dilate(solid, square3) != 0)
    edges, shared = (np.bincount(labels[a], minlength=count) for a in (edge, its))
    touching = shared / np.maximum(edges, 1)
    unlike: NDArray[np.float64] = uneven / SPREAD[0] + rough / SPREAD[1] + touching / SPREAD[2]
    return unlike
