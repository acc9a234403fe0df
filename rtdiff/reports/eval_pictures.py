"""What was right, missed and false, drawn on a picture: told apart by colour and by pattern.

Colours are those of Okabe and Ito, which people see apart whatever their colour vision is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Picture

XYXY = tuple[int, int, int, int]
Where = NDArray[np.bool_]
RIGHT, MISSED, FALSE = (178, 114, 0), (0, 159, 230), (167, 121, 204)
"""B, G, R of blue, orange and reddish purple."""
LEAST_WIDE = 720  # pixels; a smaller picture is enlarged, for its patterns to be seen
STRIPE = 8  # pixels from one stripe, or dot, to the next
FADED = 0.55  # of the picture's contrast is left under the marks


def mark_mask(picture: Picture, right: Where, missed: Where, false: Where, unknown: Where) -> Picture:
    """Return a picture, grayed, with what was found and what is true on it.

    Right is plain blue, missed striped orange, false dotted purple; where truth is unknown it is darker.

    Parameters
    ----------
    picture : ndarray
        (H, W, 3) uint8, BGR.
    right, missed, false, unknown : ndarray
        (H, W) bool.
    """
    times = _times(picture)
    canvas = _faded(picture, times)
    large = [np.kron(where, np.ones((times, times), bool)) for where in (right, missed, false, unknown)]
    canvas[large[3]] *= 0.6
    rows, columns = np.ogrid[: canvas.shape[0], : canvas.shape[1]]
    stripes = (rows + columns) % STRIPE < STRIPE // 2
    dots = (rows % STRIPE < STRIPE // 2) & (columns % STRIPE < STRIPE // 2)
    plain = np.ones((1, 1), bool)
    patterns = zip(large[:3], (RIGHT, MISSED, FALSE), (plain, stripes, dots), strict=True)
    for where, colour, pattern in patterns:
        _blend(canvas, where, colour, 0.35)
        _blend(canvas, where & pattern, colour, 0.7)
        _blend(canvas, where & ~_eroded(where), colour, 1.0)
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)


def mark_boxes(
    picture: Picture, right: Sequence[XYXY], missed: Sequence[XYXY], false: Sequence[XYXY]
) -> Picture:
    """Return a picture with boxes: right ones plain blue, missed ones striped orange, false ones crossed.

    Parameters
    ----------
    picture : ndarray
        (H, W, 3) uint8, BGR.
    right, missed, false : sequence of tuple
        Boxes: found ones that fit, true ones that none fits, found ones that fit none.
    """
    import cv2

    times = _times(picture)
    canvas: Any = np.ascontiguousarray(np.clip(_faded(picture, times), 0, 255).astype(np.uint8))
    kinds: list[tuple[Sequence[XYXY], tuple[int, int, int]]] = [
        (false, FALSE),
        (right, RIGHT),
        (missed, MISSED),
    ]
    for boxes, colour in kinds:
        for left, top, end, bottom in boxes:
            x0, y0, x1, y1 = left * times, top * times, end * times - 1, bottom * times - 1
            lines = [((x0, y0), (x1, y0)), ((x1, y0), (x1, y1)), ((x1, y1), (x0, y1)), ((x0, y1), (x0, y0))]
            if boxes is false:
                lines += [((x0, y0), (x1, y1)), ((x1, y0), (x0, y1))]
            if boxes is missed:
                lines += _stripes(x0, y0, x1, y1)
            for width, ink in ((4, (255, 255, 255)), (2, colour)):
                for begin, finish in lines:
                    cv2.line(canvas, begin, finish, ink, width, cv2.LINE_AA)
    made: Picture = canvas
    return made


def _stripes(x0: int, y0: int, x1: int, y1: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return falling lines over a box, two stripes apart."""
    lines = []
    for shift in range(2 * STRIPE - (y1 - y0), x1 - x0, 2 * STRIPE):
        begin = max(0, -shift)
        end = min(y1 - y0, x1 - x0 - shift)
        lines.append(((x0 + shift + begin, y0 + begin), (x0 + shift + end, y0 + end)))
    return lines


def _times(picture: Picture) -> int:
    return max(1, math.ceil(LEAST_WIDE / int(max(picture.shape[:2]))))


def _faded(picture: Picture, times: int) -> NDArray[np.float32]:
    import cv2

    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    if times > 1:
        gray = cv2.resize(gray, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    levels = np.asarray(gray, np.float32) * FADED + 255 * (1 - FADED) * 0.5
    return np.repeat(levels[..., None], 3, axis=2)


def _blend(canvas: NDArray[np.float32], where: Where, colour: tuple[int, int, int], share: float) -> None:
    canvas[where] = canvas[where] * (1 - share) + np.asarray(colour, np.float32) * share


def _eroded(where: Where) -> Where:
    import cv2

    return np.asarray(cv2.erode(where.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
