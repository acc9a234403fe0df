"""Runs the loops of `numba_metrics` over bands of rows, on whatever threads the engine has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.engines import ffmpeg_ssim, gaussian
from rtdiff.engines import numba_metrics as kernels
from rtdiff.engines.bands import Bands
from rtdiff.engines.plan import Plan


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


def ffmpeg_windows(x: Any, y: Any, shape: tuple[int, int], peak: int, bands: Bands) -> NDArray[np.float64]:
    """Return (rows, columns) SSIM of FFmpeg's windows of one plane of `shape`."""
    rows, columns = (side // kernels.BLOCK for side in shape)
    out = bands.take((rows - 1, columns - 1), np.float64)
    # 4 * 4 * 2 * 255 * 255 fits 32 bits
    kind = np.int32 if x.dtype == np.uint8 else np.int64
    sums = bands.take((bands.most, 4, columns * kernels.BLOCK), kind)
    sums[:] = 0
    cells = bands.take((bands.most, 2, 4, columns), np.float64)
    pairs = bands.take((bands.most, 4, columns - 1), np.float64)
    c1, c2 = map(float, ffmpeg_ssim.constants(peak, ffmpeg_ssim.SIDE**2))

    def job(band: int, start: int, stop: int) -> None:
        first, end = start // kernels.BLOCK, min(stop // kernels.BLOCK, rows - 1)
        kernels.ffmpeg(first, end, x, y, c1, c2, sums[band], cells[band], pairs[band], out)

    bands.run(shape[0], job)
    return out
