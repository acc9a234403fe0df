# mypy: ignore-errors
# Numba infers the types of these functions; annotations would say nothing it reads.
"""Loops that look at single pixels of a mask, for `rtdiff.sift`, which says what is counted."""

from __future__ import annotations

import numpy as np

from rtdiff.engines.numba_kernels import jit

CELL = 8
SEEN, FAR = 255, 254  # of a pixel of the mask: different; different, and beyond


@jit(inner=False)
def mark(at, across, mask, x, y, shape, steps, single, mean, reach):
    """Set pixels of some cells to FAR whose difference, or its mean round them, is beyond a limit.

    `single` is of abs(d), `mean` of the sum over a square; both are integers that must be exceeded.
    """
    height, width = mask.shape
    rows, columns = shape
    down, right = steps
    for k in range(len(at)):
        top, left = at[k] // across * CELL, at[k] % across * CELL
        for i in range(top, min(top + CELL, height)):
            for j in range(left, min(left + CELL, width)):
                if mask[i, j] != SEEN:
                    continue
                r, c = i // down, j // right
                far = abs(np.int64(x[r, c]) - np.int64(y[r, c])) > single
                if not far:
                    total = np.int64(0)
                    for m in range(r - reach, r + reach + 1):
                        p = min(max(m, 0), rows - 1)
                        for n in range(c - reach, c + reach + 1):
                            q = min(max(n, 0), columns - 1)
                            total += np.int64(x[p, q]) - np.int64(y[p, q])
                    far = abs(total) > mean
                if far:
                    mask[i, j] = FAR


@jit(inner=False)
def count(at, across, mask, seeds):
    """Count the pixels of cells that are FAR, and set them back."""
    height, width = mask.shape
    for k in range(len(at)):
        top, left = at[k] // across * CELL, at[k] % across * CELL
        found = 0
        for i in range(top, min(top + CELL, height)):
            for j in range(left, min(left + CELL, width)):
                if mask[i, j] == FAR:
                    mask[i, j] = SEEN
                    found += 1
        seeds[at[k]] = found


@jit(inner=False)
def clear(at, across, mask):
    """Empty the mask of some cells."""
    height, width = mask.shape
    for k in range(len(at)):
        top, left = at[k] // across * CELL, at[k] % across * CELL
        for i in range(top, min(top + CELL, height)):
            for j in range(left, min(left + CELL, width)):
                mask[i, j] = 0
