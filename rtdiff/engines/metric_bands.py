"""Runs the loops of `numba_metrics` and `quad_kernels` over bands of rows, on the engine's threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.engines import ffmpeg_ssim, gaussian, quad_kernels
from rtdiff.engines import numba_metrics as kernels
from rtdiff.engines.bands import Bands
from rtdiff.engines.plan import Plan
from rtdiff.engines.quad_kernels import SIDE, STRIP, SUMS


def gaussian_sums(x: Any, y: Any, data_range: int, plan: Plan, bands: Bands) -> NDArray[np.float64]:
    """Return (runs,) sums of the map of ``ssim-gaussian`` over the valid part of every run."""
    sums = bands.take((len(plan.runs),), np.float64)
    sums[:] = 0.0
    weights = tuple(map(float, gaussian.taps(plan.window)[: kernels.RADIUS + 1]))
    numbers = weights, *gaussian.constants(data_range)
    # float32 holds the sum of two products of 8 bits exactly, and twice as many fit a register
    kind = np.float32 if x.dtype == np.uint8 else np.float64
    values = bands.take((bands.most, 4, kernels.STRIP + kernels.KEPT), kind)
    rows = bands.take((bands.most, (kernels.DEEP + kernels.KEPT) * kernels.LINE), np.float64)
    out = bands.take((bands.most, kernels.STRIP), np.float64)
    zones = plan.row_start, plan.valid

    def job(band: int, start: int, stop: int) -> None:
        scratch = values[band], rows[band], out[band]
        kernels.gaussian(start, stop, plan.shape[1], x, y, zones, numbers, scratch, sums)

    bands.run(plan.shape[0], job)
    return sums


def quads(x: Any, y: Any, shape: tuple[int, int], bands: Bands) -> NDArray[Any]:
    """Return (4, rows, columns) sums over 4x4 samples of one plane of `shape`, see `quad_kernels`."""
    rows, columns = (side // SIDE for side in shape)
    # 4 * 4 * 2 * 255 * 255 fits 32 bits
    kind = np.int32 if x.dtype == np.uint8 else np.int64
    out = bands.take((SUMS, rows, columns), kind)
    buffer = bands.take((bands.most, SUMS * STRIP), kind)

    def job(band: int, start: int, stop: int) -> None:
        quad_kernels.quads(start // SIDE, min(stop // SIDE, rows), x, y, buffer[band], out)

    bands.run(shape[0], job)
    return out


def ffmpeg_windows(sums: NDArray[Any], peak: int, bands: Bands) -> NDArray[np.float64]:
    """Return (rows, columns) SSIM of FFmpeg's windows of one plane from its `quads`."""
    rows, columns = sums.shape[1] - 1, sums.shape[2] - 1
    out = bands.take((rows, columns), np.float64)
    buffer = bands.take((bands.most, SUMS, columns), sums.dtype)
    c1, c2 = map(sums.dtype.type, ffmpeg_ssim.constants(peak, ffmpeg_ssim.SIDE**2))

    def job(band: int, start: int, stop: int) -> None:
        quad_kernels.windows(start // SIDE, min(stop // SIDE, rows), sums, c1, c2, buffer[band], out)

    bands.run(sums.shape[1] * SIDE, job)
    return out
