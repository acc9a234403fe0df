"""Outlines and number tags of different regions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Box, Picture
from rtdiff.views.palette import BLACK, WHITE, Colour, Palette
from rtdiff.views.text import plate, plate_wh, text_size_for

MANY = 60  # from here on outlines are thin and only these many of the largest regions have a tag
LINE_PER = 480  # a line is this part of the shorter side: 1 pixel at 480 lines, 2 at 1080, 4 at 4K

TINY = 8  # lines: a region of at most this side has a ring around it instead of an outline
DASH = 5  # lines: length of a dash, and of the space to the next
BRACKETS_FROM = 24  # lines: in a smaller region heavy corners would run together

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
    marks = [_mark_rect(box.xyxy, line) for box in boxes]
    for box, rect in zip(reversed(boxes), reversed(marks), strict=True):
        if _is_tiny(box.xyxy, line) and not many:
            _ring(out, rect, line, palette)
        else:
            _outline(out, box.xyxy, line, palette, thin=many)
    size = max(10, round(text_size_for(width, height) * (0.8 if many else 1)))
    free = _Free(width, height, 4 * line, keep_clear)
    for box, rect in zip(boxes[:MANY], marks, strict=False):
        text = str(box.id)
        place = free.take(rect, plate_wh(text, size))
        if place is not None:
            plate(out, text, place, size, edge=palette.box)


def _is_tiny(xyxy: Rect, line: int) -> bool:
    left, top, right, bottom = xyxy
    return max(right - left, bottom - top) <= TINY * line


def _mark_rect(xyxy: Rect, line: int) -> Rect:
    """Left, top, right, bottom (inclusive) of all that is drawn for a region but its tag."""
    left, top, right, bottom = xyxy
    if _is_tiny(xyxy, line):
        x, y, reach = (left + right) // 2, (top + bottom) // 2, (TINY + 3) * line
        return x - reach, y - reach, x + reach, y + reach
    grow = 4 * line
    return left - grow, top - grow, right - 1 + grow, bottom - 1 + grow


def _outline(out: Picture, xyxy: Rect, line: int, palette: Palette, *, thin: bool) -> None:
    """Colour between white and black, seen on anything; heavy corners make it a shape of its own."""
    height, width = out.shape[:2]
    bands = (
        ((2, BLACK), (1, palette.box))
        if thin
        else ((4, BLACK), (3, palette.box), (2, palette.box), (1, WHITE))
    )
    outer = bands[0][0] * line
    # A region at the edge of the picture keeps its line in sight: there the line lies over it.
    left, top = max(xyxy[0], outer), max(xyxy[1], outer)
    right, bottom = min(xyxy[2], width - outer), min(xyxy[3], height - outer)
    for step, colour in bands:
        _frame(out, (left, top, right, bottom), step * line, line, colour)
    if palette.dashed and not thin:
        _dashes(out, (left, top, right, bottom), line)
    shorter = min(right - left, bottom - top)
    if thin or shorter < BRACKETS_FROM * line:
        return
    arm = min(shorter // 3, 24 * line)
    for grow, colour in ((1, BLACK), (0, palette.box)):
        thick = 3 * line + 2 * grow * line
        for x, into in ((left - 4 * line, 1), (right + 4 * line, -1)):
            for y, down in ((top - 4 * line, 1), (bottom + 4 * line, -1)):
                x0, y0 = x - into * grow * line, y - down * grow * line
                _fill(out, x0, y0, x0 + into * (arm + 2 * grow * line), y0 + down * thick, colour)
                _fill(out, x0, y0, x0 + into * thick, y0 + down * (arm + 2 * grow * line), colour)


def _frame(out: Picture, xyxy: Rect, grow: int, line: int, colour: Colour) -> None:
    """A frame of `line` pixels whose outer edge is `grow` pixels outside of a half-open rectangle."""
    left, top, right, bottom = xyxy[0] - grow, xyxy[1] - grow, xyxy[2] + grow, xyxy[3] + grow
    _fill(out, left, top, right, top + line, colour)
    _fill(out, left, bottom - line, right, bottom, colour)
    _fill(out, left, top, left + line, bottom, colour)
    _fill(out, right - line, top, right, bottom, colour)


def _dashes(out: Picture, xyxy: Rect, line: int) -> None:
    """Black dashes along the two inner lines of an outline, which are white."""
    left, top, right, bottom = (
        xyxy[0] - 3 * line,
        xyxy[1] - 3 * line,
        xyxy[2] + 3 * line,
        xyxy[3] + 3 * line,
    )
    for x in range(left, right, 2 * DASH * line):
        end = min(x + DASH * line, right)
        _fill(out, x, top, end, top + 2 * line, BLACK)
        _fill(out, x, bottom - 2 * line, end, bottom, BLACK)
    for y in range(top, bottom, 2 * DASH * line):
        end = min(y + DASH * line, bottom)
        _fill(out, left, y, left + 2 * line, end, BLACK)
        _fill(out, right - 2 * line, y, right, end, BLACK)


def _fill(out: Picture, x0: int, y0: int, x1: int, y1: int, colour: Colour) -> None:
    """Fill a half-open rectangle, given by any two opposite corners."""
    left, right = sorted((x0, x1))
    top, bottom = sorted((y0, y1))
    if left < right and top < bottom:
        cv2.rectangle(out, (left, top), (right - 1, bottom - 1), colour, cv2.FILLED)


def _ring(out: Picture, rect: Rect, line: int, palette: Palette) -> None:
    """A ring around a region of a few pixels, wide enough to be found."""
    left, top, right, bottom = rect
    middle, radius = ((left + right) // 2, (top + bottom) // 2), TINY * line
    inner = BLACK if palette.dashed else palette.box
    for colour, wide in ((BLACK, 5 * line), (WHITE, 4 * line), (inner, 2 * line)):
        cv2.circle(out, middle, radius, colour, wide, cv2.LINE_AA)


class _Free:
    """Which places are still free for tags: a coarse grid, so that 500 boxes cost a few milliseconds."""

    def __init__(self, width: int, height: int, cell: int, taken: Rect | None) -> None:
        self._width, self._height, self._cell = width, height, cell
        self._grid: NDArray[np.bool_] = np.zeros((height // cell + 1, width // cell + 1), np.bool_)
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
        cell = self._cell
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
