"""Shadows of things are no things: darker, of the same hue, and the same texture beneath.

Two kinds are told. Where the ground has texture, a shadow shows it, only darker: the test's window is
the reference's times a factor (normalised correlation, as in Jacques et al. 2005). A deep one, under a
car in the sun, shows nothing at all: it is nearly black, even, without hue, and lies at the lower end
of its thing, of which it is a small part; what has to be known of it that a dark thing has not is that
all of it is equally dark.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass

Levels = list[tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Reference and test by plane, levels of 0..255."""

HUE = 2.0  # levels that chroma may be off, of what the factor says; towards blue, twice that
EVEN = 8.0  # levels within 3x3 pixels, of what the factor leaves
DEEP = 0.25  # factor of luma below which nothing can be seen beneath
SOFT = 0.35, 0.96  # factors of other shadows
SMALLEST = 30  # pixels
PART = 0.03, 0.3  # share of its thing
LOWER = 0.65  # of its thing's height, above the middle of a deep shadow
EQUAL = 0.02  # of the factor, that a deep shadow's pixels are above its darker half
WINDOW = 9
ALIKE = 0.75  # correlation of windows that show the same
SEEN = 2.5  # levels of texture, darkened, that can be seen
SHOWN = 0.2, 0.7  # share of a soft shadow where texture is seen, and of that where it is the same
EDGE = 9, 5  # sides of the edges of shadows that go with them: thinner than, nearer than, pixels
CLOSE = 5


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    factor: NDArray[np.float32]
    even: NDArray[np.bool_]


def without_shadows(levels: Levels, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a mask, 255 where things are, without their shadows.

    Parameters
    ----------
    levels : list of pairs of (H, W) float32
        Reference and test by plane.
    mask : (H, W) uint8
        255 where they differ.
    """
    import cv2

    look = _look(levels)
    dark = look.even & (mask != 0) & (look.factor < SOFT[1])
    if not dark.any():
        return mask
    shadow = _soft(levels, look, dark)
    if len(levels) > 1:
        deep = _deep(look, mask, dark & (look.factor < DEEP))
        shadow = deep if shadow is None else shadow if deep is None else shadow | deep
    if shadow is None:
        return mask
    rest = mask & ~shadow
    solid = cv2.morphologyEx(rest, cv2.MORPH_OPEN, _disc(EDGE[0]))
    rest &= solid | ~cv2.dilate(shadow, _disc(2 * EDGE[1] + 1))
    return _filled(cv2.morphologyEx(rest, cv2.MORPH_CLOSE, _disc(CLOSE)))


def _look(levels: Levels) -> _Look:
    """Return how much darker every pixel is, and where hue and evenness are a shadow's."""
    import cv2

    (x, y), *colours = levels
    under, over = (cv2.GaussianBlur(a, (0, 0), 0.7) for a in (x, y))
    factor = over / np.maximum(under, np.float32(1))
    even: NDArray[np.bool_] = np.ones(x.shape, np.bool_)
    for k, (c, d) in enumerate(colours[:2]):
        off = cv2.GaussianBlur(d, (0, 0), 0.7) - 128
        off -= factor * (cv2.GaussianBlur(c, (0, 0), 0.7) - 128)
        blue = 2 if k == 0 else 1  # Cb: the sky lights shadows
        even &= (off > -HUE) & (off < blue * HUE)
    spread = np.minimum(_range(over), _range(over - cv2.blur(factor, (5, 5)) * under))
    even &= spread < EVEN
    return _Look(factor, even)


def _deep(look: _Look, mask: NDArray[np.uint8], dark: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    """Return the shadows in which nothing can be seen; None: none."""
    import cv2

    count, labels, stats, middles = _components(dark, 4)
    out = None
    things: tuple[Any, ...] = ()
    for k in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[k])
        if area < SMALLEST:
            continue
        things = things or cv2.connectedComponentsWithStats(mask)[1:3]
        box = np.s_[y : y + h, x : x + w]
        here = labels[box] == k
        thing = things[1][things[0][box][here][0]]
        lower = (middles[k][1] - thing[1]) / thing[3] > LOWER
        if not (lower and PART[0] * thing[4] <= area <= PART[1] * thing[4]):
            continue
        factor = look.factor[box]
        here &= factor < np.partition(factor[here], int(0.4 * area))[int(0.4 * area)] + EQUAL
        out = np.zeros(mask.shape, np.uint8) if out is None else out
        out[box][here] = 255
    return out


def _soft(levels: Levels, look: _Look, dark: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    """Return the shadows in which the same texture can be seen; None: none."""
    import cv2

    dark = dark & (look.factor > SOFT[0])
    count, labels, stats, _ = _components(dark, 4)
    if count == 1 or stats[1:, 4].max() < SMALLEST:
        return None
    x, y = levels[0]
    side = WINDOW, WINDOW
    mx, my = cv2.blur(x, side), cv2.blur(y, side)
    xx, yy, xy = (cv2.blur(a * b, side) - m * n for a, b, m, n in ((x, x, mx, mx), (y, y, my, my), (x, y, mx, my)))
    seen = dark & (xx * look.factor**2 > SEEN * SEEN)
    same = seen & (xy > 0) & (xy * xy > ALIKE * ALIKE * xx * np.maximum(yy, 1))
    size = stats[:, 4]
    seen_in, same_in = (np.bincount(labels[a], minlength=count) for a in (seen, same))
    shadow = (size >= SMALLEST) & (seen_in >= SHOWN[0] * size) & (same_in >= SHOWN[1] * seen_in)
    shadow[0] = False
    if not shadow.any():
        return None
    out: NDArray[np.uint8] = shadow.astype(np.uint8)[labels] * np.uint8(255)
    return out


def _components(mask: NDArray[np.bool_], connectivity: int) -> Any:
    import cv2

    return cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=connectivity)


def _range(a: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the range of values within 3x3 pixels."""
    import cv2

    square = np.ones((3, 3), np.uint8)
    out: NDArray[np.float32] = cv2.dilate(a, square) - cv2.erode(a, square)
    return out


def _disc(side: int) -> NDArray[np.uint8]:
    import cv2

    disc: NDArray[np.uint8] = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return disc


def _filled(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    out = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(out, outlines, -1, 255, -1)
    return out
