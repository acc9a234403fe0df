"""Captions, the divider of two halves, the scale of the heat."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from rtdiff.records import Picture
from rtdiff.views.fills import coloured
from rtdiff.views.palette import BLACK, WHITE
from rtdiff.views.text import BOLD, plate, plate_pad, plate_wh, put_text, text_size_for, text_width

Rect = tuple[int, int, int, int]
HEAT_SAYS = "1 - SSIM, or 4 x difference"


def caption(view: Picture, left: str, right: str, taken: Rect | None) -> None:
    """Name what is shown at the lower left and lower right; elsewhere where the figures, `taken`, are."""
    high, wide = view.shape[:2]
    size = text_size_for(wide, high)
    widths = {text: plate_wh(text, size)[0] for text in (left, right) if text}
    height = plate_wh("", size)[1]
    if sum(widths.values()) > wide or 3 * height > high:
        return
    lefts = [(text, 0 if text is left else wide - width) for text, width in widths.items()]
    top = high - height
    if any(_covers(taken, x, top, x + widths[text], high) for text, x in lefts):
        if right:
            top = 0
        else:
            lefts = [(left, wide - widths[left])]
    for text, x in lefts:
        plate(view, text, (x, top), size)


def divider(view: Picture) -> None:
    """Draw the line between the two halves, white between black, with a handle."""
    high, wide = view.shape[:2]
    middle = wide // 2
    size = text_size_for(wide, high)
    line = max(1, round(min(high, wide) / 480))
    cv2.rectangle(view, (middle - 2 * line, 0), (middle + 2 * line - 1, high - 1), BLACK, cv2.FILLED)
    cv2.rectangle(view, (middle - line, 0), (middle + line - 1, high - 1), WHITE, cv2.FILLED)
    if min(high, wide) < 5 * size:
        return
    centre, arrow = (middle, high // 2), max(3, round(0.36 * size))
    for radius, colour in ((size + 3 * line, BLACK), (size + 2 * line, WHITE), (size, BLACK)):
        cv2.circle(view, centre, radius, colour, cv2.FILLED, cv2.LINE_AA)
    for way in (-1, 1):
        back, tip = middle + way * round(0.28 * size), middle + way * round(0.66 * size)
        points = np.array([(back, centre[1] - arrow), (tip, centre[1]), (back, centre[1] + arrow)], np.int32)
        cv2.polylines(view, [points], False, WHITE, max(2, 2 * line), cv2.LINE_AA)


def scale_bar(view: Picture, name: str, taken: Rect | None) -> None:
    """Draw which colour of the map `name` means what, at the lower left, or right where the figures are."""
    high, wide = view.shape[:2]
    size = text_size_for(wide, high)
    pad = plate_pad(size)
    bar, ends = 8 * size, text_width("0", size, BOLD)
    says = HEAT_SAYS if text_width(HEAT_SAYS, size) + 2 * pad <= wide // 2 else ""
    across = max(bar + 2 * ends + 4 * pad, text_width(says, size) + 2 * pad)
    down = (size + pad) * (2 if says else 1) + pad
    if across > wide or 3 * down > high:
        return
    left, top = 0, high - down
    if _covers(taken, left, top, across, high):
        left = wide - across
    cv2.rectangle(view, (left, top), (left + across - 1, high - 1), BLACK, cv2.FILLED)
    if says:
        put_text(view, says, (left + pad, top + pad // 2), size, WHITE)
    row = high - size - pad
    put_text(view, "0", (left + pad, row), size, WHITE, BOLD)
    x = left + 2 * pad + ends
    view[row : row + size, x : x + bar] = _ramp(bar, size, name)
    cv2.rectangle(view, (x - 1, row - 1), (x + bar, row + size), WHITE, 1)
    put_text(view, "1", (x + bar + pad, row), size, WHITE, BOLD)


def _covers(taken: Rect | None, left: int, top: int, right: int, bottom: int) -> bool:
    return taken is not None and taken[0] < right and taken[2] > left and taken[1] < bottom and taken[3] > top


@functools.lru_cache(maxsize=8)
def _ramp(wide: int, high: int, name: str) -> Picture:
    levels = np.tile(np.linspace(0, 255, wide).astype(np.uint8), (high, 1))
    made = np.empty((high, wide, 3), np.uint8)
    coloured(levels, name, made)
    return made
