"""What another way of rendering explains: antialiasing, subpixel text, an edge moved by part of a pixel.

A renderer that puts the same edge elsewhere within a pixel, or samples it otherwise, gives a pixel
a value between its own and a neighbour's. A pixel is therefore explained when, in every colour,

- one picture's value is at most `reach` of the way from the other's value to the extreme of its
  neighbours (an edge moved by a whole pixel goes all the way), and
- each value lies within what the neighbourhood holds in the other picture (a dot, a caret or a
  stroke that is gone or new does not) - or outside by no more than that spans, if as much got
  darker as got lighter around: a thin stroke between two pixels is paler, and wider.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Frame

ANY_RENDERER = 0.875  # part of a pixel; renderers leave out pixels that are covered to 7/8
SAME_RENDERER = 0.5  # part of a pixel that one renderer may differ by from run to run (GPUs do)
APART = 0.8  # how far colours may move apart, parts of their contrast; browsers' subpixels reach 0.76
EVEN = 0.95  # of all that changed around, the share that may be darker (or lighter); of paler ink all is
AROUND_WH = (33, 21)  # what is "around", pixels: subpixels move a single stem's ink all one way, not a word's
GROWTH = 8  # how far from what is surely changed, pixels
MOST = 1 / 3  # of all pixels: where more differ, edges are not why
BAND = 128  # rows at a time: keeps the copies small

Values = NDArray[np.float32]
"""(pixels, channels)"""


def unexplained(
    reference: Frame, test: Frame, mask: NDArray[np.uint8], limit: float, reach: float = ANY_RENDERER
) -> NDArray[np.uint8]:
    """Return `mask` without the pixels that another way of rendering explains.

    Parameters
    ----------
    reference, test : Frame
        Of one size, depth and number of planes, no chroma subsampled.
    mask : (H, W) uint8
        255 where different.
    limit : float
        Differences up to this are none, code values.
    reach : float
        How far an edge may have moved, pixels, less than 1.

    Returns
    -------
    ndarray
        (H, W) uint8, newly made.
    """
    left, (beside, margin) = mask.copy(), (side // 2 for side in AROUND_WH)
    if np.count_nonzero(mask) > MOST * mask.size:
        return left
    for top in range(0, mask.shape[0], BAND):
        flat = np.flatnonzero(mask[top : top + BAND] != 0)  # 20 times as fast as nonzero
        if not len(flat):
            continue
        ys, xs = np.divmod(flat, mask.shape[1])
        ys += top
        above, before = max(int(ys[0]) - margin, 0), max(int(xs.min()) - beside, 0)
        window = slice(above, int(ys[-1]) + margin + 1), slice(before, int(xs.max()) + beside + 1)
        at = ys - above, xs - before
        explained = np.ones(len(ys), np.bool_)
        for k in range(0, len(reference.planes), 3):
            x, y = (_colours(frame, k, window) for frame in (reference, test))
            explained &= _explained(_around(x, at), _around(y, at), _even(x, y, at), limit, reach)
        left[ys[explained], xs[explained]] = 0
    import cv2

    # what borders on a change belongs to it: the rest of a letter, the edge of a thing
    square = np.ones((3, 3), np.uint8)
    x, y, across, down = cv2.boundingRect(mask)
    here = slice(y, y + down), slice(x, x + across)
    grown, within = left[here], np.ascontiguousarray(mask[here])
    for _ in range(GROWTH if grown.any() else 0):
        grown = cv2.dilate(grown, square) & within
    left[here] = grown
    return left


def _colours(frame: Frame, first: int, window: tuple[slice, slice]) -> NDArray[Any]:
    """Return a part of the picture as gray or BGR, from the plane `first` on (3: over black)."""
    import cv2

    planes = [plane[window] for plane in frame.planes[first : first + 3]]
    if len(planes) == 1:
        return np.ascontiguousarray(planes[0])
    y, cb, cr = planes
    return np.asarray(cv2.cvtColor(cv2.merge([y, cr, cb]), cv2.COLOR_YCrCb2BGR))


def _around(picture: NDArray[Any], at: tuple[NDArray[Any], ...]) -> tuple[Values, Values, Values]:
    """Return the values at some pixels, and the least and largest among them and their neighbours."""
    import cv2

    square = np.ones((3, 3), np.uint8)
    found = (picture, cv2.erode(picture, square), cv2.dilate(picture, square))
    value, low, high = (p[at].astype(np.float32).reshape(len(at[0]), -1) for p in found)
    return value, low, high


def _even(x: NDArray[Any], y: NDArray[Any], at: tuple[NDArray[Any], ...]) -> NDArray[np.bool_]:
    """Return whether about as much got darker as got lighter around some pixels, in all colours."""
    import cv2

    d = y.astype(np.float32) - x
    signed, total = (cv2.blur(p, AROUND_WH, borderType=cv2.BORDER_REPLICATE) for p in (d, np.abs(d)))
    even = (np.abs(signed) <= EVEN * total)[at].reshape(len(at[0]), -1)
    all_even: NDArray[np.bool_] = even.all(axis=1)
    return all_even


def _explained(
    one: tuple[Values, Values, Values],
    two: tuple[Values, Values, Values],
    even: NDArray[np.bool_],
    limit: float,
    reach: float,
) -> NDArray[np.bool_]:
    (x, x_low, x_high), (y, y_low, y_high) = one, two
    slack = even[:, None]
    rounding = limit / 3  # of two values; more would let pale edges go all the way
    by_colour = _within(y, *_reached(x, x_low, x_high, reach), rounding)
    by_colour |= _within(x, *_reached(y, y_low, y_high, reach), rounding)
    by_colour &= _within(y, *_widened(x_low, x_high, slack), limit)
    by_colour &= _within(x, *_widened(y_low, y_high, slack), limit)
    explained = np.asarray(by_colour.all(axis=1), np.bool_)
    if x.shape[1] > 1:
        contrast = np.maximum(x_high, y_high) - np.minimum(x_low, y_low)
        seen = contrast > 4 * limit  # of less, a fraction says nothing
        moved = np.where(seen, (y - x) / np.maximum(contrast, 1), np.nan)
        apart = np.fmax.reduce(moved, axis=1) - np.fmin.reduce(moved, axis=1)
        explained &= ~(apart > APART)
    return explained


def _reached(value: Values, low: Values, high: Values, reach: float) -> tuple[Values, Values]:
    return value + reach * (low - value), value + reach * (high - value)


def _widened(low: Values, high: Values, by: NDArray[np.bool_]) -> tuple[Values, Values]:
    span = (high - low) * by
    return low - span, high + span


def _within(value: Values, low: Values, high: Values, limit: float) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (value >= low - limit) & (value <= high + limit)
    return inside
