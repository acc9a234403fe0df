"""The Numba engine: bands of rows on threads, nothing allocated per frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import isqrt
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rtdiff.engines import cell_noise, components, ffmpeg_ssim, gaussian, rule, things
from rtdiff.engines import numba_kernels as kernels
from rtdiff.engines.bands import Bands
from rtdiff.engines.cells import plain
from rtdiff.engines.engine import DIFFERENCES, MEASURES, Engine, block_lattice
from rtdiff.engines.plan import Plan
from rtdiff.engines.pool import Pool
from rtdiff.fixed_light import Light
from rtdiff.records import DiffMap, Frame, Noise, Prepared, Tiles

BANDS_EACH = 3  # bands a thread
_NO_MAP = np.empty((0, 0), np.float32)
_NO_LABELS = np.empty((1, 0), np.uint8)


@dataclass(slots=True)
class NumbaEngine(Engine):
    """Compiled loops on the CPU."""

    _pool: Pool = field(default_factory=Pool)
    _workers: ThreadPoolExecutor | None = None
    _fours: tuple[Any, Any, NDArray[Any]] | None = None

    name = "numba"
    splits: ClassVar[bool] = True
    compiled: ClassVar[bool] = True

    @classmethod
    def warm(cls) -> None:
        """Compile every kernel for 8-bit and deeper planes, or load them from Numba's cache."""
        for dtype, data_range in ((np.uint8, 255), (np.uint16, 1023)):
            engine = cls(noise=lambda _sums, _range: Noise(1.0, 1.0), metrics=(*DIFFERENCES, *MEASURES))
            plane = np.zeros((16, 16), dtype)
            frame = Frame((plane,) * 3, data_range, "full", "bt601", 0, 0, "warm", _no_picture)
            prepared = engine.prepare(frame)
            diffmap = engine.compare(prepared, prepared)
            diffmap.group(8)
            engine.remasked(diffmap, diffmap.mask, np.zeros((2, 2), np.uint8))
            engine.dense = False
            engine.compare(prepared, prepared)
            engine.cells(prepared, prepared)
            for local in (False, True):
                engine.relit(prepared, plain((16, 16), data_range, local=local))
            if dtype == np.uint8:
                engine.split(np.zeros((16, 16, 3), np.uint8), (plane.copy(), plane.copy(), plane.copy()))
            engine.close()
        things.warm()
        cell_noise.warm()

    def prepare(self, frame: Frame) -> Prepared:
        """Return the planes as whole contiguous rows, padding included: sliced ones are 3x slower."""
        return Prepared(frame, tuple(_whole(p) for p in frame.planes))

    def forget(self) -> None:
        """Let go of all buffers; they are made again when they are needed."""
        Engine.forget(self)
        self._pool = Pool()

    def close(self) -> None:
        """Let go of buffers and threads; idempotent."""
        Engine.close(self)
        if self._workers is not None:
            self._workers.shutdown()
            self._workers = None

    def block_sums(self, reference: Prepared, test: Prepared) -> list[NDArray[np.int64]]:
        """As `Engine.block_sums`, into buffers that are used again."""
        memory = self.plan(reference.frame.luma.shape).memory
        out = []
        for i, (x, y) in enumerate(zip(reference.planes, test.planes, strict=True)):
            if ("blocks", i) not in memory:
                rows, columns = block_lattice(reference.frame.planes[i].shape)
                memory["blocks", i] = rows, columns, np.empty((len(rows) * len(columns), 5), np.int64)
            rows, columns, sums = memory["blocks", i]
            kernels.block_sums(x, y, rows, columns, sums)
            out.append(sums)
        return out

    def cells(self, reference: Prepared, test: Prepared) -> list[NDArray[Any]]:
        """As `Engine.cells`, into arrays that are used again once nobody holds them."""
        from rtdiff.engines.cell_bands import cells  # compiles on first use

        return cells(reference, test, self._lent)

    def relit(self, prepared: Prepared, light: Light) -> Prepared:
        """As `Engine.relit`, into arrays that are used again once nobody holds them."""
        from rtdiff.engines.cell_bands import relit

        frame = prepared.frame
        planes = relit(prepared, light, self._lent)
        told = (*frame.corrections, light.told)
        return self.prepare(replace(frame, planes=planes, corrections=told))

    def remasked(self, diffmap: DiffMap, mask: NDArray[np.uint8], where: NDArray[np.uint8]) -> DiffMap:
        """Return the last comparison with another mask, (H, W) uint8, 255 where different.

        `where`, (rows, columns) of cells, is not 0 where the mask may be set.
        """
        plan = self.plan(mask.shape)
        if plan.window != rule.WINDOW:
            return Engine.remasked(self, diffmap, mask, where)
        from rtdiff.engines.mask_kernels import retile  # compiles on first use

        cells = _cells(plan.shape)[0] * _cells(plan.shape)[1]
        tiles, lows = self._pool.take((6, cells), np.int32), self._pool.take((cells,), np.float32)
        colours, steps = self._colours(diffmap.reference, plan)  # as the comparison left them
        x, y = diffmap.reference.planes[0], diffmap.test.planes[0]
        ssim = diffmap.map() if where.any() else _NO_MAP

        def job(_band: int, start: int, stop: int) -> None:
            rows = start // rule.TILE, -(-stop // rule.TILE)
            retile(*rows, mask, where, ssim, x, y, colours, steps, tiles, lows)

        self.on_rows(plan.shape[0], job)
        return replace(
            diffmap,
            tiles=_tiles(_cells(plan.shape), tiles, lows),
            mask=mask,
            group=lambda merge: self._group(plan, tiles, lows, merge),
        )

    def decide(
        self, reference: Prepared, test: Prepared, plan: Plan, limits: rule.Limits, noise: Noise
    ) -> DiffMap:
        """Return map, mask, sums and tile summary of one pair."""
        if plan.window != rule.WINDOW:  # a picture of a few pixels: nothing to be fast about
            # without a decoder's padding, that the oracle knows nothing of
            x, y = (Prepared(p.frame, p.frame.planes) for p in (reference, test))
            return Engine.decide(self, x, y, plan, limits, noise)
        ssim = self._pool.take(plan.shape, np.float32) if self.keep_map else _NO_MAP
        out = self._run(reference, test, plan, limits, ssim if self.dense or self.keep_map else None)
        mask, tiles, lows, sums, most = out
        if self.dense:
            means, mssim, low, place = self._figures(plan, sums, reference.planes[0].dtype)
        else:
            means, mssim, low = np.full(len(plan.pixels), np.nan), np.nan, np.nan
            place = plan.first % plan.shape[1], plan.first // plan.shape[1]

        measured, self._fours = self._measured(reference, test, plan), None
        kept = [ssim] if self.keep_map else []

        def whole() -> NDArray[np.float32]:
            if not kept:
                kept.append(self._map(reference, test, plan, limits))
            return kept[0]

        return DiffMap(
            reference=reference,
            test=test,
            engine=self.name,
            window=plan.window,
            noise=noise,
            ssim=means,
            mssim=mssim,
            min_ssim=low,
            min_xy=place,
            tiles=_tiles(_cells(plan.shape), tiles, lows),
            group=lambda merge: self._group(plan, tiles, lows, merge),
            labels=plan.labels,
            tile_labels=plan.tile_labels,
            pixels=plan.pixels,
            identical=not most.any() and not self._colours(reference, plan)[0].any(),
            differences=(differences := self._difference_sums(reference, test, plan)),
            squares=self._squares(reference, test, plan, differences),
            mask=mask,
            map=whole,
            ssim_rows=lambda rows: whole()[slice(*rows)],
            measured=measured,
        )

    def _quads(self, x: Any, y: Any, shape: tuple[int, int]) -> NDArray[Any]:
        """Return the `quads` of one plane of a pair; while a pair is decided, luma's are made once."""
        from rtdiff.engines.metric_bands import quads  # compiles on first use

        if self._fours and self._fours[0] is x and self._fours[1] is y:
            return self._fours[2]
        return quads(x, y, shape, self._lent)

    def _figures(
        self, plan: Plan, sums: NDArray[np.float64], depth: np.dtype[Any]
    ) -> tuple[NDArray[np.float64], float, float, tuple[int, int]]:
        """Return the mean by label and of all, the minimum and where it is, of what `kernels.band` left."""
        bands = range(len(_edges(plan.shape[0], self._bands)) - 1)
        low, x, y = min((self._scratch(plan, i, depth)[-1] for i in bands), key=lambda least: int(least[0]))
        return *plan.means(sums), min(float(low) / kernels.UNIT, 1.0), (int(x), int(y))

    def gaussian_sums(self, reference: Prepared, test: Prepared, plan: Plan) -> NDArray[np.float64]:
        """Return (runs,) sums of the map of ``ssim-gaussian``; `plan` is one with its window."""
        if plan.window != gaussian.SIDE:
            return Engine.gaussian_sums(self, reference, test, plan)
        from rtdiff.engines.metric_bands import gaussian_sums  # compiles on first use

        x, y = reference.planes[0], test.planes[0]
        return gaussian_sums(x, y, reference.frame.data_range, plan, self._lent)

    def ffmpeg_windows(self, x: Any, y: Any, shape: tuple[int, int], peak: int) -> NDArray[np.float64]:
        """Return (rows, columns) SSIM of FFmpeg's windows of one plane of `shape`."""
        if min(shape) < ffmpeg_ssim.SIDE:
            return Engine.ffmpeg_windows(self, x, y, shape, peak)
        from rtdiff.engines.metric_bands import ffmpeg_windows

        return ffmpeg_windows(self._quads(x, y, shape), peak, self._lent)

    def _group(
        self, plan: Plan, tiles: NDArray[np.int32], lows: NDArray[np.float32], merge: int
    ) -> tuple[NDArray[np.int32], Tiles]:
        """As `components.group`, without allocating where `merge` is small."""
        if merge > components.NEAR:
            return components.group(_tiles(_cells(plan.shape), tiles, lows), merge)
        size, take = len(lows), self._pool.take
        labels, out, out_lows = take((size,), np.int32), take((6, size), np.int32), take((size,), np.float32)
        columns = _cells(plan.shape)[1]
        parent, far = take((size,), np.int64), components.reach(merge)
        count = kernels.group(tiles, lows, columns, merge, far, parent, labels, out, out_lows)
        return labels, _tiles((1, count), out[:, :count], out_lows[:count])

    def _map(
        self, reference: Prepared, test: Prepared, plan: Plan, limits: rule.Limits
    ) -> NDArray[np.float32]:
        ssim = self._pool.take(plan.shape, np.float32)
        self._run(reference, test, plan, limits, ssim)
        return ssim

    def _difference_sums(self, reference: Prepared, test: Prepared, plan: Plan) -> NDArray[np.int64] | None:
        if not set(DIFFERENCES) & set(self.metrics):
            return None
        out = np.zeros((len(plan.pixels), 2), np.int64)
        kernels.difference_sums(reference.planes[0], test.planes[0], self._zones(plan), out)
        return out

    def _zones(self, plan: Plan) -> tuple[NDArray[Any], ...]:
        return plan.runs, plan.row_start, plan.valid, _NO_LABELS if plan.labels is None else plan.labels

    def _run(
        self,
        reference: Prepared,
        test: Prepared,
        plan: Plan,
        limits: rule.Limits,
        ssim: NDArray[np.float32] | None,
    ) -> tuple[NDArray[Any], ...]:
        """Run all bands; return what `kernels.band` calls `out`. `ssim` is None: only what is different."""
        height = plan.shape[0]
        data_range = reference.frame.data_range
        kind = np.int32 if data_range <= 255 else np.int64
        out = self._out(plan)
        out[1][0] = 0
        c1, c2 = (np.float32(c) for c in rule.constants(data_range, plan.window**2))
        numbers = tuple(
            kind(n)
            for n in (
                limits.luma,
                limits.chroma,
                limits.structure,
                limits.luma_gate,
                limits.chroma_gate,
                limits.texture,
            )
        )
        # a difference of chroma must exceed its own limit as well, whatever textures share
        least = isqrt(limits.chroma // (4 * kernels.N * (kernels.N - 1)))
        gates = limits.luma_gate, max(limits.chroma_gate, least)
        constants = numbers, gates, c1, c2
        x, y = reference.planes[0], test.planes[0]
        colours, steps = self._colours(reference, plan)
        zones = self._zones(plan)
        quads = None
        if ssim is None:
            quads = self._quads(x, y, plan.shape)
            self._fours = x, y, quads
            squares = self._pool.take((self._bands, 2, quads.shape[2]), quads.dtype)
            marks = self._pool.take((self._bands, plan.shape[1] // 4 + 1), np.uint8)
        peaks = self._pool.take((self._bands, 2, plan.shape[1]), x.dtype)

        def job(band: int, start: int, stop: int) -> None:
            rows = start // steps[0], -(-stop // steps[0])
            pairs = zip(reference.planes[1:], test.planes[1:], strict=True)
            for i, (u, v) in enumerate(pairs):
                kernels.colour(*rows, colours.shape[1], u, v, colours, i > 0)
            pair = start, stop, x, y, colours, steps
            scratch = self._scratch(plan, band, x.dtype)
            if ssim is None:
                room = squares[band], marks[band]
                kernels.decide(*pair, zones[3], quads, constants, scratch, peaks[band], room, out)
            else:
                kernels.band(*pair, ssim, zones, constants, scratch, out)

        self.on_rows(height, job)
        return out

    def split(self, bgr: NDArray[np.uint8], out: tuple[Any, Any, Any]) -> None:
        """Fill Y, Cb, Cr (BT.601, full range) from BGR, bit for bit as OpenCV does."""
        height, width = bgr.shape[:2]
        flat = np.ascontiguousarray(bgr).reshape(height, 3 * width)
        flat.flags.writeable = False
        self.on_rows(height, lambda _, start, stop: kernels.split(start, stop, flat, *out))

    def on_rows(self, height: int, job: Callable[[int, int, int], None]) -> None:
        """Run `job` (number of the band, first row, end row) for all rows; this thread takes its share."""
        edges = _edges(height, self._bands)
        bands = deque((i, *edge) for i, edge in enumerate(pairwise(edges)))

        def work() -> None:
            while bands:
                try:
                    band = bands.popleft()
                except IndexError:  # another thread took the last one
                    return
                job(*band)

        helpers = [self._executor().submit(work) for _ in range(min(self.threads, len(bands)) - 1)]
        work()
        for helper in helpers:
            helper.result()

    @property
    def _lent(self) -> Bands:
        """What loops in other files are lent."""
        return Bands(self._pool.take, self.on_rows, self._bands)

    @property
    def _bands(self) -> int:
        """How many bands: more than threads, so that one that is held up does not hold up the rest."""
        return self.threads * BANDS_EACH if self.threads > 1 else 1

    def _colours(self, reference: Prepared, plan: Plan) -> tuple[NDArray[Any], tuple[int, int]]:
        """Return a buffer for the largest chroma difference and how many pixels its samples span."""
        planes = reference.frame.planes
        if len(planes) == 1:
            return np.empty((1, 0), planes[0].dtype), (1, 1)
        shape = planes[1].shape
        key = "colours", planes[1].dtype, shape
        if key not in plan.memory:
            plan.memory[key] = np.empty(shape, planes[1].dtype)
        return plan.memory[key], (-(-plan.shape[0] // shape[0]), -(-plan.shape[1] // shape[1]))

    def _executor(self) -> ThreadPoolExecutor:
        if self._workers is None:
            self._workers = ThreadPoolExecutor(max(self.threads - 1, 1), "rtdiff-band")
        return self._workers

    def _out(self, plan: Plan) -> tuple[NDArray[Any], ...]:
        height, take = plan.shape[0], self._pool.take
        cells = _cells(plan.shape)[0] * _cells(plan.shape)[1]
        return (
            take(plan.shape, np.uint8),
            take((6, cells), np.int32),
            take((cells,), np.float32),
            take((len(plan.runs),), np.float64),
            take((height,), np.int32),
        )

    def _scratch(self, plan: Plan, band: int, dtype: np.dtype[Any]) -> tuple[Any, ...]:
        """Return the column and row buffers of a band, made once."""
        key = band, dtype
        if key not in plan.memory:
            width = plan.shape[1]
            narrow, wide = (np.uint16, np.int32) if dtype == np.uint8 else (np.uint32, np.int64)
            border = width + plan.window - 1
            columns = (
                *(np.zeros(border, narrow) for _ in range(2)),
                *(np.zeros(border, wide) for _ in range(2)),
                *(np.zeros(width, narrow) for _ in range(2)),
            )
            zero = np.zeros(width, dtype)
            zero.flags.writeable = False
            cells = _cells(plan.shape)[1]
            flags = np.zeros(cells * rule.TILE, np.uint8)
            hits = np.zeros(-(-cells // 8) * 8, np.uint8)
            words = (flags.view(kind)[:cells] for kind in (np.uint64, np.uint32, np.uint16))
            plan.memory[key] = (
                columns,
                zero,
                np.zeros(width, dtype),
                np.zeros(width, np.int32),
                np.zeros(width, np.float32),
                (flags, *words),
                hits[:cells],
                hits.view(np.uint64),
                np.zeros(3, np.int32),
            )
        scratch: tuple[Any, ...] = plan.memory[key]
        return scratch


def _tiles(shape: tuple[int, int], columns: NDArray[np.int32], lows: NDArray[np.float32]) -> Tiles:
    area, x0, y0, x1, y1, most = columns
    return Tiles(shape, area, x0, y0, x1, y1, most, lows)


def _no_picture() -> NDArray[np.uint8]:
    return np.zeros((1, 1, 3), np.uint8)


def _whole(plane: NDArray[Any]) -> NDArray[Any]:
    """Return a C-contiguous read-only array that holds `plane` in its first columns, copying only if needed.

    A decoder pads its rows. The padded array is as long as the view's last row allows nobody to
    read past: loops stop at the picture's width.
    """
    height, width = plane.shape
    step, item = plane.strides[0], plane.itemsize
    if plane.strides[1] != item or step < width * item or step % item:
        plane = np.ascontiguousarray(plane)
        step = plane.strides[0] or width * item
    return np.lib.stride_tricks.as_strided(plane, (height, step // item), (step, item), writeable=False)


def _cells(shape: tuple[int, int]) -> tuple[int, int]:
    return -(-shape[0] // rule.TILE), -(-shape[1] // rule.TILE)


def _edges(height: int, bands: int) -> list[int]:
    """Return band limits on tile rows, so that no two threads share a tile."""
    rows = -(-height // rule.TILE)
    bands = max(1, min(bands, rows // 4))
    return [rows * i // bands * rule.TILE for i in range(bands)] + [height]
