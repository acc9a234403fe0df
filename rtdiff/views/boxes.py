"""Outlines and number tags of different regions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Box, Picture
from rtdiff.views.palette import BLACK, WHITE, Palette
from rtdiff.views.text import plate, plate_wh, text_size_for

MANY = 60  # from here on outlines are thin and only these many of the largest regions have a tag
LINE_PER = 480  # a line is this part of the shorter side: 1 pixel at 480 lines, 2 at 1080, 4 at 4K

Rect = tuple[int, int, int, int]


def draw_boxes(
    out: Picture, boxes: Sequence[Box], palette: Palette, *, keep_clear: Rect | None = None
) -> None:
    """Draw outlines around, never over, the regions, and a number tag at each where there is room.

    Parameters
    ----------
    out : ndarray
        (H, W, 3) uint8 BGR, drawn into; it may be a view.
    boxes : sequence of Box
        Largest first: where tags do not fit, the small ones go without.
    palette : Palette
        Colours.
    keep_clear : tuple of int, optional
        Left, top, right, bottom of a place where no tag may lie.
    """
    height, width = out.shape[:2]
    line = max(1, round(min(height, width) / LINE_PER))
    many = len(boxes) > MANY
    grown = [_grow(box.xyxy, line) for box in boxes]
    for box, rect in zip(reversed(boxes), reversed(grown), strict=True):
        left, top, right, bottom = box.xyxy
        if max(right - left, bottom - top) <= 4 * line and not many:
            _ring(out, rect, line, palette)
        else:
            _outline(out, rect, line, palette, brackets=not many)
    size = max(10, round(text_size_for(width, height) * (0.8 if many else 1)))
    free = _Free(width, height, keep_clear)
    for box, rect in zip(boxes[:MANY], grown, strict=False):
        text = str(box.id)
        place = free.take(rect, plate_wh(text, size))
        if place is not None:
            plate(out, text, place, size, edge=palette.box)


def _grow(xyxy: Rect, line: int) -> Rect:
    """The outline's middle, inclusive: its inner edge touches the region from outside."""
    left, top, right, bottom = xyxy
    return left - 2 * line, top - 2 * line, right - 1 + 2 * line, bottom - 1 + 2 * line


def _outline(out: Picture, rect: Rect, line: int, palette: Palette, *, brackets: bool) -> None:
    """Colour between white and black lines; heavy corners, so that it is a shape and not a texture."""
    left, top, right, bottom = rect
    last = (out.shape[1] - 1, out.shape[0] - 1)
    # A region at the edge of the picture keeps its line in sight.
    left, top = max(left, line // 2), max(top, line // 2)
    right, bottom = min(right, last[0] - line // 2), min(bottom, last[1] - line // 2)
    for colour, wide, grow in ((BLACK, line, line), (WHITE, line, -line), (palette.box, line, 0)):
        cv2.rectangle(out, (left - grow, top - grow), (right + grow, bottom + grow), colour, wide)
    if not brackets:
        return
    arm = max(4 * line, min(right - left, bottom - top) // 5)
    arm = min(arm, (right - left) // 2, (bottom - top) // 2, 24 * line)
    for colour, wide in ((BLACK, 5 * line), (palette.box, 3 * line)):
        for x, y, across, down in (
            (left, top, arm, arm),
            (right, top, -arm, arm),
            (left, bottom, arm, -arm),
            (right, bottom, -arm, -arm),
        ):
            points = np.array([(x + across, y), (x, y), (x, y + down)], np.int32)
            cv2.polylines(out, [points], False, colour, wide)


def _ring(out: Picture, rect: Rect, line: int, palette: Palette) -> None:
    """A ring around a region of a few pixels, wide enough to be found."""
    left, top, right, bottom = rect
    middle = ((left + right + 1) // 2, (top + bottom + 1) // 2)
    radius = max(6 * line, max(right - left, bottom - top))
    for colour, wide in ((BLACK, 5 * line), (WHITE, 3 * line), (palette.box, line)):
        cv2.circle(out, middle, radius, colour, wide, cv2.LINE_AA)


class _Free:
    """Which places are still free for tags: a coarse grid, so that 500 boxes cost a few milliseconds."""

    CELL = 4

    def __init__(self, width: int, height: int, taken: Rect | None) -> None:
        self._width, self._height = width, height
        self._grid: NDArray[np.bool_] = np.zeros((height // self.CELL + 1, width // self.CELL + 1), np.bool_)
        if taken is not None:
            self._cells(*taken)[:] = True

    def take(self, rect: Rect, wide_high: tuple[int, int]) -> tuple[int, int] | None:
        """Return left and top of the first free place at `rect`, and take it; None when there is none."""
        wide, high = wide_high
        for left, top in self._places(rect, wide, high):
            if left < 0 or top < 0 or left + wide > self._width or top + high > self._height:
                continue
            cells = self._cells(left, top, left + wide, top + high)
            if not cells.any():
                cells[:] = True
                return left, top
        return None

    def _cells(self, left: int, top: int, right: int, bottom: int) -> NDArray[np.bool_]:
        cell = self.CELL
        return self._grid[top // cell : -(-bottom // cell), left // cell : -(-right // cell)]

    @staticmethod
    def _places(rect: Rect, wide: int, high: int) -> Iterator[tuple[int, int]]:
        """Outside above, below, beside; then inside, where a large region fills the picture."""
        left, top, right, bottom = rect
        gap = 2
        for y in (top - high - gap, bottom + 1 + gap):
            yield left, y
            yield right + 1 - wide, y
        for x in (right + 1 + gap, left - wide - gap):
            yield x, top
            yield x, bottom + 1 - high
        if right - left > 3 * wide and bottom - top > 3 * high:
            for y in (top + 3 * gap, bottom - high - 3 * gap):
                yield left + 3 * gap, y
                yield right - wide - 3 * gap, y
