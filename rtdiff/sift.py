"""What video compression explains of a mask: sparse pixels along edges that are no thing.

It changes single pixels by a few times what it changes blocks by, and the mean of some pixels by
little. Where a few pixels of a cell are beyond that, what is different in the cell and round it stays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.blocks import SIZE, variance
from rtdiff.classes import dataclass
from rtdiff.grid import CELL, steps
from rtdiff.records import DiffMap

FLOOR, CEILING = 1.0, 12.0  # levels, as of all noise
TOUCHED = 0.5  # share of the blocks with texture that differ
WORST = 0.99  # of the blocks: the rest may be a change
TAIL = 3.0, 5.0  # times the middle block, and its mean: what is worse is no compression either
FEWEST = 16  # blocks with texture to judge by
AROUND = 4  # pixels to either side: half a macroblock and more
SEEDS = 16  # pixels beyond, in a cell and round it, that make a thing
MOST = 0.05  # of the pixels: where more differ, compression is not why


@dataclass(frozen=True, slots=True)
class Compression:
    """What compression does in a pair, levels of 0..255 by plane."""

    single: tuple[float, ...]
    """To the worst blocks' samples."""
    mean: tuple[float, ...]
    """To the means of blocks."""


def compression(sums: list[NDArray[np.int64]], data_range: int) -> Compression | None:
    """Return what compression does, from block sums; None: there was none.

    Compression touches nearly every block with texture; where it does not, it did not happen.

    Parameters
    ----------
    sums : list of (blocks, 5) int64
        For every plane, luma first: sums of d, d * d, x, x * x and x * d over 8x8 blocks.
    data_range : int
        Largest code value.
    """
    unit = data_range / 255
    single: list[float] = []
    mean: list[float] = []
    for plane in sums:
        d, dd, x, xx = (plane[:, k].astype(np.float64) for k in range(4))
        spread = np.sqrt(variance(d, dd)) / unit
        texture = variance(x, xx)
        found = (texture > 0) & (texture >= np.median(texture)) if len(texture) else texture > 0
        if found.sum() < FEWEST:
            found[:] = True
        if not single and not (found.any() and (dd[found] > 0).mean() >= TOUCHED):
            return None
        single.append(_level(spread[found], TAIL[0]))
        mean.append(_level(np.abs(d) / SIZE / unit, TAIL[1]))
    return Compression(tuple(single), tuple(mean))


def worse(one: Compression | None, other: Compression | None) -> Compression | None:
    """Return what compression does at most in two pairs."""
    if one is None or other is None:
        return one or other
    pairs = ((one.single, other.single), (one.mean, other.mean))
    single, mean = (tuple(map(max, *pair)) for pair in pairs)
    return Compression(single, mean)


def _level(values: NDArray[np.float64], tail: float) -> float:
    if not len(values):
        return FLOOR
    high, middle = np.quantile(values, (WORST, 0.5))
    return float(np.clip(min(high, tail * middle), FLOOR, CEILING))


def sift(diffmap: DiffMap, known: Compression, threshold: float, *, compiled: bool) -> None:
    """Take out of mask and tiles, in place, what compression explains.

    Parameters
    ----------
    diffmap : DiffMap
        As compared; nothing of it has been looked at.
    known : Compression
        Of this pair, or of one shortly before.
    threshold : float
        In units of the noise.
    compiled : bool
        With loops compiled by Numba.
    """
    tiles, mask = diffmap.tiles, diffmap.mask
    at = np.flatnonzero(tiles.area)
    if not len(at) or int(tiles.area[at].sum()) > MOST * mask.size:
        return
    seeds = (_counted if compiled else _seeds)(diffmap, at, _limits(diffmap, known, threshold))
    lost = at[~_kept(seeds, at, tiles.shape)]
    tiles.area[lost] = 0
    if compiled:
        from rtdiff.engines.sift_kernels import clear

        clear(lost, tiles.shape[1], mask)
    else:
        rows, columns = _pixels(mask, lost, tiles.shape[1])
        mask[rows, columns] = 0


def _limits(diffmap: DiffMap, known: Compression, threshold: float) -> list[_Limit]:
    """Return the integers that differences and sums of them must exceed, by plane."""
    frame = diffmap.reference.frame
    unit, out = threshold * frame.data_range / 255, []
    for plane, single, mean in zip(frame.planes, known.single, known.mean, strict=True):
        down, right = steps(frame.luma.shape, plane.shape)
        reach = AROUND // min(down, 2)
        out.append(_Limit((down, right), int(single * unit), int(mean * unit * (2 * reach + 1) ** 2), reach))
    return out


@dataclass(frozen=True, slots=True)
class _Limit:
    steps: tuple[int, int]
    single: int
    mean: int
    reach: int


def _kept(seeds: NDArray[np.int32], at: NDArray[np.intp], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which of some cells are of a thing, or next to one."""
    if not seeds.any():
        return np.zeros(len(at), np.bool_)
    cells = seeds.reshape(shape)
    found: NDArray[np.bool_] = _around((_around(cells) >= SEEDS) & (cells > 0)).ravel()[at] > 0
    return found


def _counted(diffmap: DiffMap, at: NDArray[np.intp], limits: list[_Limit]) -> NDArray[np.int32]:
    """As `_seeds`, with compiled loops."""
    from rtdiff.engines.sift_kernels import count, mark

    mask, across = diffmap.mask, diffmap.tiles.shape[1]
    for x, y, plane, limit in zip(
        diffmap.reference.planes, diffmap.test.planes, diffmap.reference.frame.planes, limits, strict=True
    ):
        mark(at, across, mask, x, y, plane.shape, limit.steps, limit.single, limit.mean, limit.reach)
    seeds = np.zeros(len(diffmap.tiles.area), np.int32)
    count(at, across, mask, seeds)
    return seeds


def _seeds(diffmap: DiffMap, at: NDArray[np.intp], limits: list[_Limit]) -> NDArray[np.int32]:
    """Return (cells,) how many different pixels are beyond what compression explains, in a plane or more."""
    first, second = diffmap.reference.frame, diffmap.test.frame
    rows, columns = _pixels(diffmap.mask, at, diffmap.tiles.shape[1])
    found: NDArray[np.bool_] = np.zeros(len(rows), np.bool_)
    for x, y, limit in zip(first.planes, second.planes, limits, strict=True):
        place = rows // limit.steps[0], columns // limit.steps[1]
        found |= np.abs(x[place].astype(np.int32) - y[place]) > limit.single
        found |= np.abs(_sums(x, y, *place, limit.reach)) > limit.mean
    cells = rows[found] // CELL * diffmap.tiles.shape[1] + columns[found] // CELL
    return np.bincount(cells, minlength=len(diffmap.tiles.area)).astype(np.int32)


def _pixels(
    mask: NDArray[np.uint8], at: NDArray[np.intp], across: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of the different pixels of some cells."""
    height, width = mask.shape
    step = np.arange(CELL)
    rows = np.minimum((at // across * CELL)[:, None] + step, height - 1)
    columns = np.minimum((at % across * CELL)[:, None] + step, width - 1)
    cells, down, right = np.nonzero(mask[rows[:, :, None], columns[:, None, :]])
    flat = np.unique(rows[cells, down] * width + columns[cells, right])
    return flat // width, flat % width


def _sums(
    x: NDArray[Any], y: NDArray[Any], rows: NDArray[np.intp], columns: NDArray[np.intp], reach: int
) -> NDArray[np.int64]:
    """Return (pixels,) sums of the difference over squares round some pixels."""
    step = np.arange(-reach, reach + 1)
    down = np.clip(rows[:, None] + step, 0, x.shape[0] - 1)[:, :, None]
    right = np.clip(columns[:, None] + step, 0, x.shape[1] - 1)[:, None, :]
    out: NDArray[np.int64] = x[down, right].sum((1, 2), dtype=np.int64) - y[down, right].sum(
        (1, 2), dtype=np.int64
    )
    return out


def _around(cells: NDArray[Any]) -> NDArray[np.int32]:
    """Return the sum over every cell and its eight neighbours."""
    padded = np.zeros((cells.shape[0] + 2, cells.shape[1] + 2), np.int32)
    padded[1:-1, 1:-1] = cells
    down = padded[:-2] + padded[1:-1] + padded[2:]
    out: NDArray[np.int32] = down[:, :-2] + down[:, 1:-1] + down[:, 2:]
    return out
