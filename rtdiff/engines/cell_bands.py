"""Runs the loops of `cell_kernels` over bands of rows, on whatever threads the engine has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.engines import cell_kernels as kernels
from rtdiff.engines.bands import Bands
from rtdiff.engines.cells import kind
from rtdiff.engines.rule import TILE
from rtdiff.fixed_light import ONE, SHIFT, Light
from rtdiff.grid import lattice, sides, steps
from rtdiff.records import Prepared


def cells(reference: Prepared, test: Prepared, bands: Bands) -> list[NDArray[Any]]:
    """Return what `Engine.cells` does."""
    frame = reference.frame
    shape = frame.luma.shape
    deep = frame.luma.dtype != np.uint8
    # modulo 2**16 the squares of 8-bit differences come out right, and eight of these fit int16
    narrow, signed = (np.uint32, np.int32) if deep else (np.uint16, np.int16)
    wide = kind(frame.data_range)
    s = bands.take((bands.most, shape[1]), narrow)
    q = bands.take((bands.most, shape[1]), np.int64 if deep else np.int32)
    parts = []
    for plane, x, y in zip(frame.planes, reference.planes, test.planes, strict=True):
        side = sides(shape, plane.shape)
        parts.append((x, y, plane.shape, side, bands.take((*lattice(plane.shape, side), 2), wide)))

    def job(band: int, start: int, stop: int) -> None:
        for x, y, (height, width), side, out in parts:
            sums = s[band, :width]
            scratch = sums, q[band, :width], sums.view(signed)
            kernels.cells(start // TILE, -(-stop // TILE), x, y, height, side, scratch, out)

    bands.run(shape[0], job)
    return [part[-1] for part in parts]


def relit(prepared: Prepared, light: Light, bands: Bands) -> tuple[NDArray[Any], ...]:
    """Return the planes that `Engine.relit` makes."""
    planes = prepared.frame.planes
    out: tuple[NDArray[Any], ...] = tuple(bands.take(plane.shape, plane.dtype) for plane in planes)
    tables = _Tables(prepared, light, bands)
    for first in range(0, len(planes), 3):
        group = slice(first, first + 3)
        bands.run(planes[0].shape[0], tables.job(prepared.planes[group], out[group]))
    return out


class _Tables:
    """A light in the engine's types, and buffers of rows."""

    def __init__(self, prepared: Prepared, light: Light, bands: Bands) -> None:
        frame, take = prepared.frame, bands.take
        self.shape, self.data_range = frame.luma.shape, frame.data_range
        self.wide: Any = kind(frame.data_range)
        self.coloured = len(frame.planes) > 1
        self.steps = steps(self.shape, frame.planes[1].shape) if self.coloured else (1, 1)
        middle = self.wide((self.data_range + 1) // 2)
        mix = light.mix if self.coloured else (0, 0)
        self.mix = self.wide(mix[0]), self.wide(mix[1]), middle
        self.luma = self._copied(take, light.luma)
        self.slopes, self.tints = (
            tuple(self._copied(take, pair[k]) for pair in light.chroma[:2]) for k in (0, 1)
        )
        self.rest = self.wide((light.black << ONE) + kernels.HALF)
        self.chroma_rest = self.wide((int(middle) << (ONE + SHIFT)) + kernels.HALF)
        self.plain = None
        if light.nodes is None and not any(mix):
            self.plain = take((self.data_range + 1,), frame.luma.dtype)
            lit: Any = light.luma.astype(self.wide) + light.black + (1 << (SHIFT - 1))
            self.plain[:] = (lit >> SHIFT).clip(0, self.data_range)
        self.step = 0 if light.nodes is None else light.step
        self.nodes = self._copied(take, np.zeros((2, 2, 2), np.int32) if light.nodes is None else light.nodes)
        width, most = self.shape[1], bands.most
        self.rows = take((most, 6, width), self.wide)
        self.rows[:, 2:] = np.array([1 << ONE, 0, 1 << ONE, 0])[:, None]
        self.level = take((most, self.nodes.shape[2]), self.wide)

    def _copied(self, take: Any, table: NDArray[np.int32]) -> NDArray[Any]:
        out: NDArray[Any] = take(table.shape, self.wide)
        out[:] = table
        return out

    def job(self, planes: tuple[Any, ...], out: tuple[NDArray[Any], ...]) -> Any:
        """Return what brings a band of rows of Y, Cb, Cr, or of Y, into the light."""
        most = self.wide(self.data_range)
        three = planes if self.coloured else planes * 3
        narrow, down = out[-1].shape[1], self.steps[0]

        def work(band: int, start: int, stop: int) -> None:
            v, m, g, o, part, zero = self.rows[band]
            n = self.level[band]
            if self.plain is not None:
                kernels.looked_up(start, stop, planes[0], self.plain, out[0])
            else:
                light = self.luma, self.mix, self.nodes, self.step, self.rest
                scratch = v, m[:narrow], g, o, n
                kernels.luma(start, stop, three, light, self.steps, most, scratch, out[0])
            if self.coloured:
                tints = self.slopes, self.tints, self.nodes, self.step, self.chroma_rest, self.mix[2]
                rows = v[:narrow], m[:narrow], g, part[:narrow], zero[:narrow], n
                first, end = start // down, -(-stop // down)
                kernels.chroma(first, end, three, tints, self.steps, most, rows, out[1:])

        return work
