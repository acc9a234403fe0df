# mypy: ignore-errors
# Numba infers the types of these functions; annotations would say nothing it reads.
"""The Numba engine's loop over a mask that another room made: its tile summary."""

from __future__ import annotations

from rtdiff.engines.numba_kernels import jit

TILE = 8


@jit(inner=False)
def retile(mask, ssim, x, y, colours, steps, tiles, lows):
    """Fill `tiles` (6, cells) and `lows` (cells,) with the summary of a mask, as `tiles.summarise`."""
    height, width = mask.shape
    columns = (width + TILE - 1) // TILE
    tinted = colours.shape[1]
    for k in range(len(lows)):
        tiles[0, k] = 0
    for row in range(height):
        for cell in range(columns):
            first, end = cell * TILE, min(cell * TILE + TILE, width)
            any_set = 0
            for i in range(first, end):
                any_set |= mask[row, i]
            if not any_set:
                continue
            k = (row // TILE) * columns + cell
            if tiles[0, k] == 0:
                tiles[1, k], tiles[2, k] = width, row
                tiles[3, k], tiles[5, k] = 0, 0
                lows[k] = 2.0
            tiles[4, k] = row + 1
            for i in range(first, end):
                if mask[row, i]:
                    d = abs(int(x[row, i]) - int(y[row, i]))
                    if tinted:
                        d = max(d, int(colours[row // steps[0], i // steps[1]]))
                    tiles[0, k] += 1
                    tiles[1, k] = min(tiles[1, k], i)
                    tiles[3, k] = max(tiles[3, k], i + 1)
                    tiles[5, k] = max(tiles[5, k], d)
                    lows[k] = min(lows[k], ssim[row, i])
