"""What another way of rendering explains: antialiasing, subpixel text, an edge moved by part of a pixel.

A renderer that puts the same edge elsewhere within a pixel, or samples it otherwise, gives a pixel
a value between its own and a neighbour's. A pixel is therefore explained when, in every colour,

- one picture's value is at most `REACH` of the way from the other's value to the extreme of its
  neighbours, and
- the other's value lies within what the neighbourhood of the first holds.

A pixel that is gone or new (a dot, a caret, a missing stroke) breaks the second, an edge moved by
a whole pixel the first, since it goes all the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Frame

REACH = 0.875  # part of a pixel; renderers leave out pixels that are covered to 7/8
APART = 0.75  # how far colours may move apart, as parts of their contrast: 2/3 with striped subpixels
BAND = 128  # rows at a time: keeps the copies small

Values = NDArray[np.float32]
"""(pixels, channels)"""


def unexplained(reference: Frame, test: Frame, mask: NDArray[np.uint8], limit: float) -> NDArray[np.uint8]:
    """Return `mask` without the pixels that another way of rendering explains.

    Parameters
    ----------
    reference, test : Frame
        Of one size, depth and number of planes, no chroma subsampled.
    mask : (H, W) uint8
        255 where different.
    limit : float
        Differences up to this are none, code values.

    Returns
    -------
    ndarray
        (H, W) uint8, newly made.
    """
    left = mask.copy()
    height = mask.shape[0]
    for top in range(0, height, BAND):
        rows = slice(top, min(top + BAND, height))
        ys, xs = np.nonzero(mask[rows])
        if not len(ys):
            continue
        above = max(top - 1, 0)
        window = slice(above, min(rows.stop + 1, height)), slice(max(xs.min() - 1, 0), xs.max() + 2)
        at = ys + top - above, xs - window[1].start
        explained = np.ones(len(ys), np.bool_)
        for pair in zip(_colours(reference, window), _colours(test, window), strict=True):
            explained &= _explained(*(_around(picture, at) for picture in pair), limit)
        left[rows][ys[explained], xs[explained]] = 0
    return left


def _colours(frame: Frame, window: tuple[slice, slice]) -> Iterator[NDArray[Any]]:
    """Yield a part of the picture as gray or as BGR; one with alpha over white, then over black."""
    import cv2

    planes = [plane[window] for plane in frame.planes]
    if len(planes) == 1:
        yield np.ascontiguousarray(planes[0])
    for k in range(0, len(planes) - 2, 3):
        y, cb, cr = planes[k : k + 3]
        yield np.asarray(cv2.cvtColor(cv2.merge([y, cr, cb]), cv2.COLOR_YCrCb2BGR))


def _around(picture: NDArray[Any], at: tuple[NDArray[Any], ...]) -> tuple[Values, Values, Values]:
    """Return the values at some pixels, and the least and largest among them and their neighbours."""
    import cv2

    square = np.ones((3, 3), np.uint8)
    found = (picture, cv2.erode(picture, square), cv2.dilate(picture, square))
    value, low, high = (p[at].astype(np.float32).reshape(len(at[0]), -1) for p in found)
    return value, low, high


def _explained(
    one: tuple[Values, Values, Values], two: tuple[Values, Values, Values], limit: float
) -> NDArray[np.bool_]:
    (x, x_low, x_high), (y, y_low, y_high) = one, two
    explained = _within(y, *_reached(x, x_low, x_high), limit)
    explained |= _within(x, *_reached(y, y_low, y_high), limit)
    explained &= _within(y, x_low, x_high, limit) & _within(x, y_low, y_high, limit)
    if x.shape[1] > 1:
        contrast = np.maximum(x_high, y_high) - np.minimum(x_low, y_low)
        seen = contrast > 4 * limit  # of less, a fraction says nothing
        moved = np.where(seen, (y - x) / np.maximum(contrast, 1), np.nan)
        apart = np.fmax.reduce(moved, axis=1) - np.fmin.reduce(moved, axis=1)
        explained &= ~(apart > APART)
    return explained


def _reached(value: Values, low: Values, high: Values) -> tuple[Values, Values]:
    return value + REACH * (low - value), value + REACH * (high - value)


def _within(value: Values, low: Values, high: Values, limit: float) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = ((value >= low - limit) & (value <= high + limit)).all(axis=1)
    return inside
