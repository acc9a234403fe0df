"""The NumPy engine: the oracle, and the face that every engine has.

Everything is integer sums and float64 on ``self.xp``, an array module with NumPy's face, so that
the same text runs on CuPy. Others override what they make faster and must agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.engines import cells, components, ffmpeg_ssim, gaussian, rule
from rtdiff.engines.plan import Plan
from rtdiff.engines.tiles import BAND, Rows, joined, masked, plane_difference, summarise
from rtdiff.fixed_light import Light
from rtdiff.grid import sides, steps
from rtdiff.records import DiffMap, Frame, Measured, Noise, Prepared, Tiles
from rtdiff.spread import spread

LabelMap = Callable[[tuple[int, int]], "NDArray[np.uint8] | None"]
"""(height, width) -> zone map, 0 = ignored; None: everything is one zone."""

NoiseOf = Callable[["list[NDArray[np.int64]]", int], Noise]
"""Block sums by plane (`Engine.block_sums`), data range -> noise of the pair."""


DIFFERENCES = ("psnr", "absdiff")
"""Metrics that come from sums of abs(d) and of d * d."""

MEASURES = {module.NAME: module.measure for module in (gaussian, ffmpeg_ssim)}
"""Metric -> how it is made of an engine, a pair and a plan."""


YUV = 3  # planes of a picture; those behind are the same over black
SHAPES = 8  # shapes of pictures that buffers are kept for


class Found(NamedTuple):
    """What was found in a band of rows."""

    top: int
    """First row."""
    tiles: Tiles
    """Summary of the mask."""
    low: tuple[float, int]
    """Lowest SSIM in the zones, and the flat index of the first pixel that has it."""


def everything(_shape: tuple[int, int]) -> None:
    """Return None: no zones, nothing ignored."""


@dataclass(slots=True)
class Engine:
    """Compares prepared frames; with NumPy it is the oracle, and it is the base of the others."""

    noise: NoiseOf
    """How noisy this pair is."""
    labels: LabelMap = everything
    """Zones, rasterised once a shape."""
    threshold: float = 6.0
    """In units of the noise."""
    strict: bool = False
    """Every sample that differs is different."""
    metrics: tuple[str, ...] = ()
    """What to measure beside `ssim`, which comes with the map: names of `DIFFERENCES` and `MEASURES`."""
    dense: bool = True
    """Take the mean and the minimum of the map of every pair; else only what is different is looked at,
    and `DiffMap.ssim`, `mssim` and `min_ssim` are NaN."""
    keep_map: bool = False
    """Write the map with the mask, for who looks at every one; else it is made when asked for."""
    threads: int = 1
    """How many may be used."""
    _plans: dict[tuple[int, int], Plan] = field(default_factory=dict)

    name = "numpy"
    depth = 1  # comparisons in flight
    band = BAND  # rows at a time
    xp: ClassVar[Any] = np
    splits: ClassVar[bool] = False
    """Whether it has a `split` of its own."""
    compiled: ClassVar[bool] = False
    """Whether its loops are compiled by Numba, so that others may be as well."""

    @classmethod
    def probe(cls) -> None:
        """Raise `EngineError` where this engine cannot run."""

    @classmethod
    def warm(cls) -> None:
        """Compile what is compiled on first use; here: nothing."""

    def prepare(self, frame: Frame) -> Prepared:
        """Return `frame` as this engine wants it; here: its planes as they are."""
        return Prepared(frame, frame.planes)

    def compare(self, reference: Prepared, test: Prepared, noise: Noise | None = None) -> DiffMap:
        """Compare two prepared frames of one shape, depth and number of planes.

        Parameters
        ----------
        reference, test : Prepared
            The two.
        noise : Noise, optional
            How much they differ by nature, for who knows; else the pair itself is asked.

        Raises
        ------
        ValueError
            Shapes, depths or planes differ: a caller's mistake, frames are reconciled before.
        """
        first, second = reference.frame, test.frame
        shapes = [tuple(p.shape for p in f.planes) for f in (first, second)]
        if shapes[0] != shapes[1] or first.data_range != second.data_range:
            raise ValueError(f"frames must be reconciled: {shapes[0]} and {shapes[1]}")
        plan = self.plan(first.luma.shape)
        if noise is None:
            noise = self.noise(self.block_sums(reference, test), first.data_range)
        limits = rule.limits(self.threshold, self.strict, noise, first.data_range, plan.window**2)
        return self.decide(reference, test, plan, limits, noise)

    def plan(self, shape: tuple[int, int]) -> Plan:
        """Return zones, window and buffers for pictures of `shape`, made once."""
        if shape not in self._plans:
            if len(self._plans) >= SHAPES:
                self.forget()
            self._plans[shape] = Plan(shape, self.labels(shape))
        return self._plans[shape]

    def forget(self) -> None:
        """Let go of all buffers; they are made again when they are needed."""
        self._plans = {}

    def close(self) -> None:
        """Let go of buffers and threads; idempotent."""
        self.forget()

    def split(self, bgr: NDArray[np.uint8], out: tuple[Any, Any, Any]) -> None:
        """Fill Y, Cb, Cr (BT.601, full range) from BGR, bit for bit as OpenCV does.

        Y is ``COLOR_BGR2GRAY`` (15-bit weights), Cb and Cr are those of ``COLOR_BGR2YCrCb`` (14-bit).
        """
        blue, green, red = (bgr[..., k].astype(np.int32) for k in range(3))
        y = (blue * 1868 + green * 9617 + red * 4899 + (1 << 13)) >> 14
        middle = (128 << 14) + (1 << 13)
        out[0][:] = (blue * 3735 + green * 19235 + red * 9798 + (1 << 14)) >> 15
        out[1][:] = (((blue - y) * 9241 + middle) >> 14).clip(0, 255)
        out[2][:] = (((red - y) * 11682 + middle) >> 14).clip(0, 255)

    def block_sums(self, reference: Prepared, test: Prepared) -> list[NDArray[np.int64]]:
        """Return for every plane (blocks, 5) sums over 8x8 blocks on a lattice.

        Of d, d * d, x, x * x and x * d, where x is the reference and d = x - test.
        """
        out = []
        for x, y in zip(reference.planes, test.planes, strict=True):
            rows, columns = block_lattice(x.shape)
            down, right = (self.xp.asarray(at[:, None] + np.arange(8)).ravel() for at in (rows, columns))
            x = x[down][:, right].astype(np.int64)
            d = x - y[down][:, right]
            products = (d, d * d, x, x * x, x * d)
            sums = [p.reshape(len(rows), 8, len(columns), 8).sum((1, 3)).ravel() for p in products]
            out.append(self.host(self.xp.stack(sums, axis=-1)))
        return out

    def cells(self, reference: Prepared, test: Prepared) -> list[NDArray[Any]]:
        """Return for every plane (rows, columns, 2) sums of d and of d * d over all cells.

        Cells are 8x8 pixels of luma, those of chroma cover the same area; d = reference - test.
        int32 where data_range is at most 255, else int64.
        """
        pairs = zip(reference.planes, test.planes, strict=True)
        return self._cells(reference.frame, [x.astype(np.int64) - y for x, y in pairs])

    def cell_means(self, prepared: Prepared) -> list[NDArray[Any]]:
        """Return for every plane (rows, columns, 2) sums of x and of x * x over all cells, made once."""
        if "cells" not in prepared.sums:
            planes = [x.astype(np.int64) for x in prepared.planes]
            prepared.sums["cells"] = self._cells(prepared.frame, planes)
        sums: list[NDArray[Any]] = prepared.sums["cells"]
        return sums

    def _cells(self, frame: Frame, differences: list[Any]) -> list[NDArray[Any]]:
        kind, out = cells.kind(frame.data_range), []
        for d, plane in zip(differences, frame.planes, strict=True):
            d = d[: plane.shape[0], : plane.shape[1]]  # without a decoder's padding
            side = sides(frame.luma.shape, plane.shape)
            out.append(self.host(cells.cell_sums(d, side, self.xp)).astype(kind))
        return out

    def relit(self, prepared: Prepared, light: Light) -> Prepared:
        """Return a picture in another light, as `light` says, which its frame tells."""
        frame = prepared.frame
        planes = tuple(cells.lit_planes(frame.planes, light, frame.data_range))
        return self.prepare(replace(frame, planes=planes, corrections=(*frame.corrections, light.told)))

    def remasked(self, diffmap: DiffMap, mask: NDArray[np.uint8], where: NDArray[np.uint8]) -> DiffMap:
        """Return the last comparison with another mask, (H, W) uint8, 255 where different.

        `where`, (rows, columns) of cells, is not 0 where the mask may be set.
        """
        del where  # for engines that look at pixels one by one
        return masked(diffmap, mask)

    def on_rows(self, height: int, job: Callable[[int, int, int], None]) -> None:
        """Run `job` (number of the band, first row, end row) for all rows; here: at once."""
        job(0, 0, height)

    def host(self, array: Any) -> NDArray[Any]:
        """Return a device array on the host."""
        return np.asarray(array)

    def decide(
        self, reference: Prepared, test: Prepared, plan: Plan, limits: rule.Limits, noise: Noise
    ) -> DiffMap:
        """Return map, mask, sums and tile summary of one pair."""
        differing = self.differing_rows(reference, test)
        mask = np.zeros(plan.shape, np.uint8)
        sums = (plan.valid[:, 1] - plan.valid[:, 0]).astype(np.float64)  # where nothing differs, SSIM is 1

        def fill(rows: Rows) -> Found:
            return self._found(reference, test, plan, limits, rows, mask, sums)

        found = spread(fill, self._touched(plan, differing), self.threads)
        low, place = min([(1.0, plan.first), *(part.low for part in found)])
        means, mssim = plan.means(sums)
        if not self.dense:
            means, mssim, low, place = np.full_like(means, np.nan), np.nan, np.nan, plan.first
        tiles = joined(plan.shape, {part.top: part.tiles for part in found})
        return DiffMap(
            reference=reference,
            test=test,
            engine=self.name,
            window=plan.window,
            noise=noise,
            ssim=means,
            mssim=mssim,
            min_ssim=low,
            min_xy=(place % plan.shape[1], place // plan.shape[1]),
            tiles=tiles,
            group=lambda merge: components.group(tiles, merge),
            labels=plan.labels,
            tile_labels=plan.tile_labels,
            pixels=plan.pixels,
            identical=not differing.any(),
            differences=(differences := self._difference_sums(reference, test, plan)),
            squares=self._squares(reference, test, plan, differences),
            mask=mask,
            map=lambda: self._whole(reference, test, plan, differing),
            ssim_rows=lambda rows: self.host(self._moments(reference, test, plan, rows)[0]),
            measured=self._measured(reference, test, plan),
        )

    def _touched(self, plan: Plan, differing: NDArray[np.bool_]) -> list[Rows]:
        """Return the bands of rows in which SSIM is not 1 everywhere."""
        height, r = plan.shape[0], plan.window // 2
        bands = ((start, min(start + self.band, height)) for start in range(0, height, self.band))
        return [(start, stop) for start, stop in bands if differing[max(start - r, 0) : stop + r].any()]

    def _whole(
        self, reference: Prepared, test: Prepared, plan: Plan, differing: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the (H, W) map of SSIM."""
        ssim = np.ones(plan.shape)

        def fill(rows: Rows) -> None:
            ssim[slice(*rows)] = self.host(self._moments(reference, test, plan, rows)[0])

        spread(fill, self._touched(plan, differing), self.threads)
        return ssim

    def differing_rows(self, reference: Prepared, test: Prepared) -> NDArray[np.bool_]:
        """Return (H,) whether a sample of any plane differs in that row of luma."""
        height = reference.planes[0].shape[0]
        found = np.zeros(height, dtype=np.bool_)
        for x, y in zip(reference.planes, test.planes, strict=True):
            step = -(-height // x.shape[0])
            found |= np.repeat(self.host((x != y).any(axis=1)), step)[:height]
        return found

    def _moments(
        self, reference: Prepared, test: Prepared, plan: Plan, rows: Rows
    ) -> tuple[Any, Any, Any, Any]:
        """Return SSIM, A, V (see `rule`) and abs(d) of luma in some rows."""
        xp, n, data_range = self.xp, plan.window**2, reference.frame.data_range
        # 49 * 49 * 255 * 255 fits 32 bits, and halves the memory that moves
        kind = xp.int32 if data_range <= 255 else xp.int64
        x, y = (plan.padded(p.planes[0], rows, xp).astype(kind) for p in (reference, test))
        d = x - y
        sx, sy, sp, sd = (box_sum(a, plan.window) for a in (x, y, x * y, d * d))
        m = sx * sy
        a = n * sp - m
        e = sx - sy
        e *= e
        v = n * sd - e
        c1, c2 = rule.constants(data_range, n)
        top = (2.0 * m + c1) * (2.0 * a + c2) if c2 else 2.0 * m + c1
        ssim = top / ((2.0 * m + e + c1) * (2.0 * a + v + c2)) if c2 else top / (2.0 * m + e + c1)
        r = plan.window // 2
        return ssim, a, v, xp.abs(d[r : d.shape[0] - r, r : d.shape[1] - r])

    def _found(
        self,
        reference: Prepared,
        test: Prepared,
        plan: Plan,
        limits: rule.Limits,
        rows: Rows,
        mask: NDArray[np.uint8],
        sums: NDArray[np.float64],
    ) -> Found:
        """Fill some rows of the mask and the sums of their runs; return what was found there."""
        xp, n = self.xp, plan.window**2
        ssim, a, v, worst = self._moments(reference, test, plan, rows)
        scale = 4 * n * max(n - 1, 1)
        shared = xp.maximum(a, 0) * limits.texture
        found = scale * (worst * worst) > shared + limits.luma
        found |= (v - 2 * a > limits.structure) & (worst > limits.luma_gate)
        for c in range(1, len(reference.planes)):
            d = plane_difference(reference.planes[c], test.planes[c], plan.shape, rows, xp).astype(
                worst.dtype
            )
            found |= (scale * (d * d) > shared + limits.chroma) & (d > limits.chroma_gate)
            worst = xp.maximum(worst, d)
        ssim, found, worst = (self.host(array) for array in (ssim, found, worst))
        part = slice(*rows)
        plan.add_sums(ssim, rows, sums)
        if plan.labels is not None:
            inside = plan.labels[part] != 0
            found = found & inside
            ssim = np.where(inside, ssim, np.inf)
        mask[part] = found
        mask[part] *= np.uint8(255)
        low = int(ssim.argmin())
        tiles = summarise(np.flatnonzero(found), ssim, worst)
        return Found(rows[0], tiles, (float(ssim.ravel()[low]), low + rows[0] * plan.shape[1]))

    def _squares(
        self, reference: Prepared, test: Prepared, plan: Plan, luma: NDArray[np.int64] | None
    ) -> tuple[tuple[int, int], ...]:
        """Return sum of d * d and number of samples of every plane; () where nobody asked for luma's."""
        if luma is None:
            return ()
        out = [(int(luma[1:, 1].sum()), int(plan.pixels[1:].sum()))]
        for i in range(1, min(len(reference.planes), YUV)):
            part = self._chroma_plan(plan, reference.frame.planes[i].shape)
            x, y = (replace(p, planes=(p.planes[i],)) for p in (reference, test))
            sums = self._difference_sums(x, y, part)
            out.append((0 if sums is None else int(sums[1:, 1].sum()), int(part.pixels[1:].sum())))
        return tuple(out)

    def _chroma_plan(self, plan: Plan, shape: tuple[int, int]) -> Plan:
        """Return the zones of a smaller plane: those of the pixels at the left top of its samples."""
        if ("plan", shape) not in plan.memory:
            labels = plan.labels
            if labels is not None:
                down, across = steps(plan.shape, shape)
                labels = np.ascontiguousarray(labels[::down, ::across])
            plan.memory["plan", shape] = Plan(shape, labels)
        made: Plan = plan.memory["plan", shape]
        return made

    def _measured(self, reference: Prepared, test: Prepared, plan: Plan) -> dict[str, Measured]:
        """Return what was asked for of `MEASURES`."""
        wanted = [name for name in self.metrics if name in MEASURES]
        return {name: MEASURES[name](self, reference, test, plan) for name in wanted}

    def gaussian_sums(self, reference: Prepared, test: Prepared, plan: Plan) -> NDArray[np.float64]:
        """Return (runs,) sums of the map of ``ssim-gaussian``; `plan` is one with its window."""
        return gaussian.run_sums(self, reference, test, plan)

    def ffmpeg_windows(self, x: Any, y: Any, shape: tuple[int, int], peak: int) -> NDArray[np.float64]:
        """Return (rows, columns) SSIM of FFmpeg's windows of one plane of `shape`."""
        return ffmpeg_ssim.windows(self, x, y, shape, peak)

    def _difference_sums(self, reference: Prepared, test: Prepared, plan: Plan) -> NDArray[np.int64] | None:
        """Return (labels, 2): sums of abs(d) and d * d of luma by label; None unless asked for."""
        if not set(DIFFERENCES) & set(self.metrics):
            return None
        out = np.zeros((len(plan.pixels), 2), dtype=np.int64)
        for start in range(0, plan.shape[0], self.band):
            part = slice(start, start + self.band)
            d = self.host(reference.planes[0][part].astype(np.int64) - test.planes[0][part])
            if plan.labels is None:
                out[1] += np.abs(d).sum(), (d * d).sum()
                continue
            for label in set(np.unique(plan.labels[part]).tolist()) - {0}:
                inside = d[plan.labels[part] == label]
                out[label] += np.abs(inside).sum(), (inside * inside).sum()
        return out


def box_sum(a: Any, side: int) -> Any:
    """Return sums over ``side`` x ``side`` windows of a padded array, in its own integer type."""
    for axis in (0, 1):
        length = a.shape[axis] - side + 1
        parts = [a[k : k + length] if axis == 0 else a[:, k : k + length] for k in range(side)]
        total = parts[0].copy()
        for part in parts[1:]:
            total += part
        a = total
    return a


def block_lattice(shape: tuple[int, ...], most: int = 1024) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the tops and lefts of at most about `most` 8x8 blocks spread over a plane."""
    rows, columns = (max(n // 8, 0) for n in shape)
    step = max(1, int(np.ceil(np.sqrt(rows * columns / most))))
    return np.arange(0, rows, step) * 8, np.arange(0, columns, step) * 8
