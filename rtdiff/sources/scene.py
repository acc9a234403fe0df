"""The brush that draws synthetic scenes: any size, and the same pixels on every machine.

Places are in units: a picture is at least 1200 units wide and 900 high, whatever its pixels, and
never stretched (one six times as wide as high, or more, loses its lower part). Everything is drawn
several times larger than asked for, in integers, and then averaged; no step depends on the order
or the width of floating-point arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rtdiff.sources.scene_paints import FINE, Paint, Place, bgr

Points = Sequence[tuple[float, float]]
"""Corners of a shape, (x, y), units."""

WIDTH, HEIGHT = 1200, 900  # the smallest picture, units; 16:9 shows 1600 x 900
_WIDEST = 4800  # units; a picture that is wider still shows less of the height
_LINES = 1440  # a picture with fewer is drawn larger and averaged
_LARGEST_SCALE = 4  # 16 samples a pixel; more shows nothing more


@dataclass(frozen=True, slots=True)
class Change:
    """One thing about a scene that may be otherwise."""

    kind: str
    """What sort: box, missing, small, label."""
    label: str
    """What it is, for people."""
    rect: tuple[float, float, float, float]
    """All of it lies in here, shadow included: left, top, right, bottom, units."""


def box(x0: float, y0: float, x1: float, y1: float, radius: float = 0) -> Points:
    """Return a rectangle with round corners."""
    if radius <= 0:
        return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    corners = ((x1, y0, 270), (x1, y1, 0), (x0, y1, 90), (x0, y0, 180))
    points = []
    for x, y, start in corners:
        cx = x - radius if x == x1 else x + radius
        cy = y - radius if y == y1 else y + radius
        for step in range(7):
            angle = math.radians(start + 15 * step)
            points.append((cx + radius * math.cos(angle), cy + radius * math.sin(angle)))
    return points


def oval(x: float, y: float, rx: float, ry: float) -> Points:
    """Return an ellipse around (x, y)."""
    steps = [math.radians(6 * i) for i in range(60)]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in steps]


def smooth(points: Points, closed: bool = True) -> Points:
    """Return `points` with their corners cut twice (Chaikin 1974)."""
    for _ in range(2):
        following = [*points[1:], points[0]] if closed else points[1:]
        cut: list[tuple[float, float]] = [] if closed else [points[0]]
        for (ax, ay), (bx, by) in zip(points, following, strict=False):
            cut += [
                (0.75 * ax + 0.25 * bx, 0.75 * ay + 0.25 * by),
                (0.25 * ax + 0.75 * bx, 0.25 * ay + 0.75 * by),
            ]
        points = cut if closed else [*cut, points[-1]]
    return points


def _soften(mask: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    wide: NDArray[Any] = mask.astype(np.int32)
    for axis in (0, 1, 0, 1):
        pad = [(reach + 1, reach) if a == axis else (0, 0) for a in (0, 1)]
        sums = np.cumsum(np.pad(wide, pad), axis=axis, dtype=np.int32)
        length, side = wide.shape[axis], 2 * reach + 1
        wide = (sums.take(range(side, side + length), axis) - sums.take(range(length), axis)) // side
    return wide.astype(np.uint8)


class Brush:
    """Draws on one part of a picture.

    Parameters
    ----------
    size_wh : tuple of int
        Of the whole picture, pixels.
    part : tuple of float, optional
        Left, top, right, bottom of what is drawn, units; all of it by default.
    """

    def __init__(
        self, size_wh: tuple[int, int], part: tuple[float, float, float, float] | None = None
    ) -> None:
        width, height = size_wh
        self.scale = min(max(1, -(-_LINES // height)), _LARGEST_SCALE)
        per_unit = max(min(width / WIDTH, height / HEIGHT), width / _WIDEST)
        self.width, self.height = width / per_unit, height / per_unit
        x0, y0, x1, y1 = part or (0.0, 0.0, self.width, self.height)
        left, top = max(0, int(x0 * per_unit) // 2 * 2), max(0, int(y0 * per_unit) // 2 * 2)
        right, bottom = (int(at * per_unit) // 2 * 2 + 2 for at in (x1, y1))
        right, bottom = min(width, right), min(height, bottom)
        self.rect = (left, top, max(right, left), max(bottom, top))
        """What `picture` covers: pixels, half-open, begins at even ones (chroma is halved)."""
        self._per_unit = per_unit * self.scale
        self._left, self._top = left * self.scale, top * self.scale
        shape = ((self.rect[3] - top) * self.scale, (self.rect[2] - left) * self.scale, 3)
        self._canvas = np.zeros(shape, np.uint8)

    def sees(self, x0: float, y0: float, x1: float, y1: float) -> bool:
        """Return whether any of a rectangle, units, is on this part of the picture."""
        left, top, right, bottom = (at * self._per_unit for at in (x0, y0, x1, y1))
        height, width = self._canvas.shape[:2]
        across = right > self._left and left < self._left + width
        return across and bottom > self._top and top < self._top + height

    def fill(self, points: Points, paint: Paint, alpha: float = 1.0, blur: float = 0.0) -> None:
        """Paint a shape, `blur` units soft at its rim."""
        self._draw(points, paint, alpha, blur, None)

    def line(
        self, points: Points, paint: Paint, width: float, alpha: float = 1.0, closed: bool = False
    ) -> None:
        """Paint a line, `width` units thick."""
        self._draw(points, paint, alpha, 0.0, (max(1, round(width * self._per_unit)), closed))

    def shadow(self, points: Points, alpha: float = 0.45, blur: float = 7.0) -> None:
        """Darken a shape softly."""
        self.fill(points, "#0a0806", alpha, blur)

    def text(
        self,
        words: str,
        x: float,
        y: float,
        size: float,
        colour: str,
        weight: int = 500,
        room: float = 1e4,
        face: str = "sans",
    ) -> None:
        """Write `words` with the middle of their base line at (x, y), smaller if `room` is less."""
        font = cv2.FontFace(face)
        pixels = max(1, round(size * self._per_unit))
        extent = cv2.getTextSize((1, 1), words, (0, 0), font, pixels, weight)
        if extent[2] > room * self._per_unit:
            pixels = max(1, int(pixels * room * self._per_unit / extent[2]))
            extent = cv2.getTextSize((1, 1), words, (0, 0), font, pixels, weight)
        at_x = round(x * self._per_unit) - self._left - extent[2] // 2
        at_y = round(y * self._per_unit) - self._top
        height, width = self._canvas.shape[:2]
        if at_x < width and at_x + extent[2] > 0 and at_y + pixels > 0 and at_y - pixels < height:
            cv2.putText(self._canvas, words, (at_x, at_y), bgr(colour), font, pixels, weight)

    def light(self, x: float, y: float, reach: float, least: float) -> None:
        """Dim everything with its distance from (x, y): half way to `least`, 0..1, at `reach`."""
        height, width = self._canvas.shape[:2]
        unit = round(reach * self._per_unit)
        across = np.arange(width) + self._left - round(x * self._per_unit)
        along = np.arange(height) + self._top - round(y * self._per_unit)
        far = ((across**2 * 256 // unit**2)[None, :] + (along**2 * 256 // unit**2)[:, None]).astype(np.int32)
        low = round(least * 256)
        shade = (low + (256 - low) * 256 // (256 + far)).astype(np.uint16)
        self._canvas[:] = (self._canvas * shade[..., None]) >> 8

    def picture(self) -> NDArray[np.uint8]:
        """Return what was drawn, (h, w, 3) uint8 BGR, at the size asked for."""
        scale = self.scale
        if scale == 1:
            return self._canvas
        total = np.zeros((self._canvas.shape[0] // scale, self._canvas.shape[1] // scale, 3), np.uint32)
        for row in range(scale):
            for column in range(scale):
                total += self._canvas[row::scale, column::scale]
        return ((total + scale * scale // 2) // (scale * scale)).astype(np.uint8)

    def _draw(
        self, points: Points, paint: Paint, alpha: float, blur: float, stroke: tuple[int, bool] | None
    ) -> None:
        fixed = np.array(
            [(round(x * self._per_unit * 16), round(y * self._per_unit * 16)) for x, y in points]
        )
        fixed -= np.array([self._left * 16, self._top * 16])
        reach = max(1, round(blur * self._per_unit)) if blur else 0
        margin = 2 * reach + 2 + (stroke[0] if stroke else 0)
        (left, top), (right, bottom) = fixed.min(0) // 16, fixed.max(0) // 16 + 1
        height, width = self._canvas.shape[:2]
        x0, y0 = max(left - margin, 0), max(top - margin, 0)
        x1, y1 = min(right + margin, width), min(bottom + margin, height)
        if x0 >= x1 or y0 >= y1:
            return
        # what lies just outside still reaches in when it is soft
        shape = (y1 - y0 + 4 * reach, x1 - x0 + 4 * reach)
        mask = np.zeros(shape, np.uint8)
        moved = (fixed - np.array([x0 - 2 * reach, y0 - 2 * reach]) * 16).astype(np.int32)
        if stroke is None:
            cv2.fillPoly(mask, [moved], 255, cv2.LINE_AA, 4)
        else:
            cv2.polylines(mask, [moved], stroke[1], 255, stroke[0], cv2.LINE_AA, 4)
        if reach:
            mask = _soften(mask, reach)[2 * reach : -2 * reach, 2 * reach : -2 * reach]
        cover = mask.astype(np.uint16)
        cover = (cover * round(alpha * 256) + 127) // 255  # 0..256; 255 * 256 just fits
        if isinstance(paint, str):
            colours = np.array(bgr(paint), np.uint16)
        else:
            x, y = np.arange(x0, x1), np.arange(y0, y1)
            u = np.clip((x - left) * FINE // max(right - left, 1), 0, FINE)
            v = np.clip((y - top) * FINE // max(bottom - top, 1), 0, FINE)
            quarter_x = ((x + self._left) * 4096 // round(self._per_unit * 1024)).astype(np.int32)
            quarter_y = ((y + self._top) * 4096 // round(self._per_unit * 1024)).astype(np.int32)
            colours = paint(Place(u[None, :], v[:, None], quarter_x[None, :], quarter_y[:, None]))
        part = self._canvas[y0:y1, x0:x1]
        cover = cover[..., None]
        part[:] = (part * (256 - cover) + colours * cover + 128) >> 8
