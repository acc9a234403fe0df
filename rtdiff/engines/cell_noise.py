"""What `rtdiff.scene_noise` does with every cell of every frame; `noise_kernels` has the same, compiled.

Arrays are flat, one number a cell, and float32 unless said: both say the same, bit for bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.float32]


def loops(*, compiled: bool) -> Any:
    """Return this module, or the compiled one of the same face."""
    from rtdiff.engines import cell_noise

    if not compiled:
        return cell_noise
    from rtdiff.engines import noise_kernels

    return noise_kernels


def taken(sums: NDArray[Any], counts: Cells, scale: np.float32, rms: Cells, mean: Cells) -> None:
    """Fill root mean square and, if it is not empty, mean of test less reference, levels.

    `sums` is (cells, 2) int, of d and of d * d, where d = reference - test.
    """
    np.divide(sums[:, 1], counts, out=rms)
    np.sqrt(rms, out=rms)
    np.multiply(rms, scale, out=rms)
    if len(mean):
        np.divide(sums[:, 0], counts, out=mean)
        np.multiply(mean, -scale, out=mean)


def modelled(
    square: Cells,
    level: tuple[np.float32, np.float32, np.float32],
    factor: Cells,
    model: Cells,
    unit: Cells,
) -> None:
    """Fill the model of one level and its unit; `level` is a * a, b * b and the least unit."""
    np.multiply(square, level[1], out=model)
    np.add(model, level[0], out=model)
    np.sqrt(model, out=model)
    np.multiply(model, factor, out=unit)
    np.maximum(unit, level[2], out=unit)


def learned(
    size: Cells,
    model: Cells,
    factor: Cells,
    mean: Cells,
    before: Cells,
    wavers: NDArray[np.bool_],
    busy: NDArray[np.bool_],
    limits: tuple[np.float32, np.float32, np.float32],
    steps: tuple[np.float32, np.float32],
    bounds: tuple[np.float32, np.float32],
    young: bool,
) -> None:
    """Bring factors nearer to what cells really do.

    `size`, `model` and `factor` are (levels, cells); `limits` says how far a mean wavers from frame to
    frame (levels, share of it) and how far it may be off, `steps` are factors down and up.
    """
    np.subtract(mean, before, out=before)
    np.abs(before, out=before)
    np.greater(before, limits[1] * size[-1] + limits[0], out=wavers)
    np.copyto(before, mean)
    there = busy & ~wavers if young else busy
    may = wavers | (size[-1] < limits[2])
    for sizes, models, factors in zip(size, model, factor, strict=True):
        step = np.where((sizes > models * factors) & may, steps[1], steps[0])
        step[there] = 1
        np.multiply(factors, step, out=factors)
        np.minimum(np.maximum(factors, bounds[0], out=factors), bounds[1], out=factors)


def doubtful(
    mean: Cells,
    unit: Cells,
    rms: Cells,
    area: NDArray[np.int32],
    most: NDArray[np.int32],
    limits: tuple[np.float32, np.float32, np.float32, np.float32, np.float32],
    faint: NDArray[np.uint8],
    busy: NDArray[np.uint8],
) -> None:
    """Fill which cells differ in their mean, and which may hold anything, of 0 and 1.

    `unit` and `rms` are (levels, cells), means come last in `unit`; `area` and `most` are the tile
    summary's. `limits`: of the mean in units, its least in levels, of the worst pixel in units, of root mean
    squares in units, levels of a code value.
    """
    np.greater(np.abs(mean), np.maximum(unit[-1] * limits[0], limits[1]), out=faint.view(np.bool_))
    worst = np.where(area > 0, most, 0) * np.float64(limits[4])
    busy[:] = faint
    busy |= worst > unit[:-1].min(axis=0) * limits[2]
    for size, one in zip(rms, unit, strict=False):
        busy |= size > one * limits[3]


def warm() -> None:
    """Compile the loops, or load them from Numba's cache."""
    compiled, one = loops(compiled=True), np.float32(1)
    cells, level, said = (np.ones(shape, np.float32) for shape in (1, (2, 1), (1, 1)))
    tiles, flag = np.ones(1, np.int32), np.ones(1, np.bool_)
    for kind in (np.int32, np.int64):
        compiled.taken(np.ones((1, 2), kind), cells, one, cells, cells)
    compiled.modelled(cells, (one,) * 3, cells, cells, cells)
    compiled.learned(level, level, level, cells, cells, flag, flag, (one,) * 3, (one,) * 2, (one,) * 2, True)
    bits = flag.view(np.uint8)
    compiled.doubtful(cells, level, said, tiles, tiles, (one,) * 5, bits, bits.copy())
