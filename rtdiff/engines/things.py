"""Which pixels of a rectangle differ weakly and strongly, and what is joined to a strong one.

With d the difference of a plane in levels, b the same blurred and u the unit of the noise at a pixel, a
pixel is weakly different where ``abs(b) > weak u`` in a plane and ``abs(d) > halo u`` in one, strongly
where ``abs(d) > strong u`` in a plane and the engine's mask agrees, or where it is weakly and
``abs(b) > strong u``. All in float32, in one order: the compiled loops and these say the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rtdiff.grid import CELL

Take = Callable[[str, tuple[int, ...], DTypeLike], NDArray[Any]]
"""Name, shape, dtype -> an array of undefined contents, `Scratch.take`."""
OnRows = Callable[[int, Callable[[int, int, int], None]], None]

BLUR = 0.8  # standard deviation, pixels
SIDE = 3  # pixels on either side that are blurred over
LARGE = 1 << 17  # pixels: fewer are not worth a second thread
_NO_MASK = np.empty((0, 0), np.uint8)
_PARTS = ((np.arange(CELL) + 0.5) / CELL).astype(np.float32)


class Unit(NamedTuple):
    """The unit of a plane's noise in a rectangle: ``max(table[texture] * factor, floor)``."""

    texture: NDArray[np.uint8]
    """(H, W) levels, of the whole picture."""
    table: NDArray[np.float32]
    """(256,) levels, by texture."""
    factor: NDArray[np.float32]
    """(rows, columns) of the rectangle's cells, bilinear between their centres."""
    floor: np.float32
    """Levels."""


class Limits(NamedTuple):
    """In units."""

    halo: np.float32
    weak: np.float32
    strong: np.float32


class Pixels:
    """Decides on pixels of one rectangle after another, for one thread.

    Parameters
    ----------
    take : callable
        Gives memory by name.
    on_rows : callable
        Calls a job (band, first row, end row) for all rows of so many, maybe on several threads.
    compiled : bool
        With loops compiled by Numba.
    """

    def __init__(self, take: Take, on_rows: OnRows, *, compiled: bool) -> None:
        self._take, self._on_rows, self._compiled = take, on_rows, compiled
        x = np.arange(SIDE + 1)
        bell = np.exp(-x * x / (2 * BLUR * BLUR))
        bell /= bell[0] + 2 * bell[1:].sum()
        self._weights = tuple(np.float32(w) for w in bell)

    def difference(
        self,
        x: NDArray[np.float32],
        y: NDArray[np.float32],
        lost: NDArray[np.float32] | None,
        out: NDArray[np.float32],
    ) -> None:
        """Fill `out` with y less x, nearer to 0 by at most `lost`."""
        np.subtract(y, x, out=out)
        if lost is not None:
            near = np.negative(lost, out=self._take("near", out.shape, np.float32))
            out -= np.clip(out, near, lost, out=near)

    def seeds(
        self,
        planes: list[tuple[NDArray[np.float32], Unit]],
        limits: Limits,
        mask: NDArray[np.uint8],
        corner: tuple[int, int],
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return which pixels, (rows, columns) of 0 and 1, are strongly and weakly different.

        Parameters
        ----------
        planes : list of ((rows, columns) float32, Unit)
            Differences in a rectangle, levels.
        limits : Limits
            In units.
        mask : (H, W) uint8
            Of the engine, the whole picture, 255 where different.
        corner : (int, int)
            Left and top of the rectangle.
        """
        shape = planes[0][0].shape
        strong, weak = (self._take(name, shape, np.uint8) for name in ("strong", "weak"))
        edges = tuple(_mirrored(n) for n in shape)
        last = len(planes) - 1
        for k, (d, unit) in enumerate(planes):
            if not self._compiled:
                self._enter(d, unit, corner, limits, edges, k > 0, weak)
                continue
            of = mask if k == last else _NO_MASK
            self._entered(d, unit, corner, limits, edges, k > 0, of, weak, strong)
        if not self._compiled:
            _settle(weak, _part(mask, corner, shape), strong)
        return strong, weak

    def grown(
        self, strong: NDArray[np.uint8], weak: NDArray[np.uint8], name: str
    ) -> NDArray[np.uint8] | None:
        """Return the regions of weak pixels, 8-connected, that hold a strong one; None: none.

        `name` is that of the memory they may be in.
        """
        if not self._compiled:
            return _grown(strong, weak)
        from rtdiff.engines.thing_kernels import grown

        height, width = weak.shape
        kept = self._take(name, weak.shape, np.uint8)
        stack = self._take("stack", (height * (width // 2 + 1),), np.int32)
        return kept if grown(strong, weak, kept, stack) else None

    def _entered(
        self,
        d: NDArray[np.float32],
        unit: Unit,
        corner: tuple[int, int],
        limits: Limits,
        edges: tuple[NDArray[np.intp], ...],
        more: bool,
        mask: NDArray[np.uint8],
        weak: NDArray[np.uint8],
        strong: NDArray[np.uint8],
    ) -> None:
        from rtdiff.engines.thing_kernels import seeds

        noise = (unit.texture, unit.table, unit.factor, _PARTS, unit.floor)
        given = self._weights, tuple(limits), edges
        cells = unit.factor.shape[1]

        def job(_band: int, start: int, stop: int) -> None:
            lines = np.empty((4, (cells + 1) * CELL + 2 * SIDE), np.float32)
            buffers = lines, np.empty(cells, np.float32)
            seeds(start, stop, d, corner, noise, *given, buffers, more, mask, weak, strong)

        self._run(d.shape, job)

    def _run(self, shape: tuple[int, ...], job: Callable[[int, int, int], None]) -> None:
        if shape[0] * shape[1] < LARGE:
            job(0, 0, shape[0])
        else:
            self._on_rows(shape[0], job)

    def _enter(
        self,
        d: NDArray[np.float32],
        unit: Unit,
        corner: tuple[int, int],
        limits: Limits,
        edges: tuple[NDArray[np.intp], ...],
        more: bool,
        flags: NDArray[np.uint8],
    ) -> None:
        """As the compiled `seeds`: set bits where a difference, and a blurred one, is above limits."""
        texture = _part(unit.texture, corner, d.shape)
        size = np.maximum(unit.table[texture] * _wide(unit.factor, d.shape), unit.floor)
        smooth = self._blurred(self._blurred(d, edges[0]).T, edges[1]).T
        a, b = np.abs(d), np.abs(smooth)
        if not more:
            flags[:] = 0
        above = (b, limits.weak), (a, limits.halo), (b, limits.strong), (a, limits.strong)
        for bit, (value, limit) in enumerate(above):
            flags |= (value > limit * size).view(np.uint8) << np.uint8(bit)

    def _blurred(self, d: NDArray[np.float32], edges: NDArray[np.intp]) -> NDArray[np.float32]:
        wide, n = d[edges], len(d)
        out: NDArray[np.float32] = self._weights[0] * d
        for k in range(1, SIDE + 1):
            out += self._weights[k] * (wide[SIDE - k : SIDE - k + n] + wide[SIDE + k : SIDE + k + n])
        return out


def _part(picture: NDArray[np.uint8], corner: tuple[int, int], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return picture[corner[1] : corner[1] + shape[0], corner[0] : corner[0] + shape[1]]


def _settle(flags: NDArray[np.uint8], mask: NDArray[np.uint8], strong: NDArray[np.uint8]) -> None:
    weak = flags & (flags >> 1) & 1
    strong[:] = ((flags >> 3) & mask & 1) | (weak & (flags >> 2))
    flags[:] = weak


def _mirrored(n: int) -> NDArray[np.intp]:
    """Return what is shown at -SIDE to n + SIDE, where the edges are mirrors."""
    period = max(2 * (n - 1), 1)
    at = np.abs(np.arange(-SIDE, n + SIDE)) % period
    return np.minimum(at, period - at) if n > 1 else np.zeros_like(at)


def _wide(factor: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return (H, W) what lies between the centres of cells."""
    for n in shape:
        at = np.arange(n) + CELL // 2
        k, part = at // CELL, _PARTS[at % CELL]
        one, two = factor[np.maximum(k - 1, 0)], factor[np.minimum(k, len(factor) - 1)]
        factor = (one * (1 - part[:, None]) + two * part[:, None]).T
    return factor


def _grown(strong: NDArray[np.uint8], weak: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    import cv2

    if not strong.any():
        return None
    count, labels = cv2.connectedComponents(weak | strong, connectivity=8)
    keep = np.zeros(count, np.uint8)
    keep[labels[strong != 0]] = 1
    keep[0] = 0
    kept: NDArray[np.uint8] = keep[labels]
    return kept


def warm() -> None:
    """Compile the loops, or load them from Numba's cache."""
    pixels = Pixels(lambda _, shape, kind: np.zeros(shape, kind), lambda n, job: job(0, 0, n), compiled=True)
    ones = np.ones((8, 8), np.uint8)
    unit = Unit(ones, np.ones(256, np.float32), np.ones((1, 1), np.float32), np.float32(1))
    limits = Limits(*(np.float32(n) for n in (1, 1, 1)))
    pixels.grown(*pixels.seeds([(np.ones((8, 8), np.float32), unit)], limits, ones, (0, 0)), "kept")
