# mypy: ignore-errors
# Numba infers the types of these functions; annotations would say nothing it reads.
"""The Numba engine's loop over a mask that another room made: its tile summary."""

from __future__ import annotations

import numpy as np

from rtdiff.engines.numba_kernels import jit

TILE = 8


@jit(inner=False)
def retile(begin, stop, mask, where, ssim, x, y, colours, steps, tiles, lows):
    """Fill rows of cells of (6, cells) `tiles` and (cells,) `lows` with a mask's summary; see `tiles`.

    Only cells in which `where`, (rows, columns), is not 0 are looked at.
    """
    height, width = mask.shape
    columns = (width + TILE - 1) // TILE
    tinted = colours.shape[1]
    for k in range(begin * columns, stop * columns):
        tiles[0, k] = 0
    for row in range(begin * TILE, min(stop * TILE, height)):
        for cell in range(columns):
            if not where[row // TILE, cell]:
                continue
            first, end = cell * TILE, min(cell * TILE + TILE, width)
            count, left, right, most, low = 0, width, 0, 0, np.float32(2)
            for i in range(first, end):
                if mask[row, i]:
                    d = abs(np.int32(x[row, i]) - np.int32(y[row, i]))
                    if tinted:
                        d = max(d, np.int32(colours[row // steps[0], i // steps[1]]))
                    count += 1
                    left, right = min(left, i), i + 1
                    most, low = max(most, d), min(low, ssim[row, i])
            if count == 0:
                continue
            k = (row // TILE) * columns + cell
            if tiles[0, k] == 0:
                tiles[1, k], tiles[2, k] = width, row
                tiles[3, k], tiles[5, k] = 0, 0
                lows[k] = 2.0
            tiles[0, k] += count
            tiles[1, k] = min(tiles[1, k], left)
            tiles[3, k] = max(tiles[3, k], right)
            tiles[4, k] = row + 1
            tiles[5, k] = max(tiles[5, k], most)
            lows[k] = min(lows[k], low)
