"""Tiles that belong together: what is nearer than the merge distance is one region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff.engines.rule import TILE
from rtdiff.records import Tiles


def reach(merge: int) -> int:
    """Return how many tiles away something nearer than `merge` pixels can be."""
    return max(1, -(-merge // TILE))


def group(tiles: Tiles, merge: int) -> tuple[NDArray[np.int32], Tiles]:
    """Join tiles whose different pixels are less than `merge` pixels apart.

    Two tiles are as far apart as the exact extents of their pixels, along the axis on which they
    are farther; touching ones are always joined.

    Parameters
    ----------
    tiles : Tiles
        The summary of a mask.
    merge : int
        Pixels; 0 joins only what touches.

    Returns
    -------
    labels : (tiles,) int32
        Number of each tile's component, -1 where nothing is different; numbered by first tile.
    components : Tiles
        The same fields for whole components; shape (1, number of them).
    """
    at = np.flatnonzero(tiles.area)
    order = np.full(len(tiles.area), -1, dtype=np.int32)
    order[at] = np.arange(len(at), dtype=np.int32)
    root = np.arange(len(at), dtype=np.int32)
    edges = _edges(tiles, at, order, merge)
    while True:
        low = np.minimum(root[edges[0]], root[edges[1]])
        after = root.copy()
        for side in edges:
            np.minimum.at(after, root[side], low)
            np.minimum.at(after, side, low)
        after = after[after]
        if np.array_equal(after, root):
            break
        root = after
    _, number = np.unique(root, return_inverse=True)
    labels = np.full(len(tiles.area), -1, dtype=np.int32)
    labels[at] = number
    return labels, _reduce(tiles, at, number, int(number.max()) + 1 if len(at) else 0)


def _edges(
    tiles: Tiles, at: NDArray[np.intp], order: NDArray[np.int32], merge: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return pairs of indices into `at` that are near enough."""
    rows, columns = tiles.shape
    y, x = np.divmod(at, columns)
    far = reach(merge)
    found = []
    for dy in range(far + 1):
        for dx in range(-far if dy else 1, far + 1):
            inside = np.flatnonzero((y + dy < rows) & (x + dx >= 0) & (x + dx < columns))
            a = at[inside]
            b = a + dy * columns + dx
            gap_x = np.maximum(tiles.x0[b] - tiles.x1[a], tiles.x0[a] - tiles.x1[b])
            gap_y = tiles.y0[b] - tiles.y1[a]
            near = (tiles.area[b] > 0) & (np.maximum(gap_x, gap_y) < max(merge, 1))
            found.append((inside[near].astype(np.int32), order[b[near]]))
    return np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])


def _reduce(tiles: Tiles, at: NDArray[np.intp], number: NDArray[np.intp], count: int) -> Tiles:
    """Return the summary of components from that of their tiles."""
    area = np.bincount(number, weights=tiles.area[at], minlength=count).astype(np.int32)
    low = [np.full(count, np.iinfo(np.int32).max, dtype=np.int32) for _ in range(2)]
    high = [np.zeros(count, dtype=np.int32) for _ in range(3)]
    ssim = np.full(count, 2, dtype=np.float32)
    for out, values in zip(low, (tiles.x0, tiles.y0), strict=True):
        np.minimum.at(out, number, values[at])
    for out, values in zip(high, (tiles.x1, tiles.y1, tiles.max_diff), strict=True):
        np.maximum.at(out, number, values[at])
    np.minimum.at(ssim, number, tiles.min_ssim[at])
    return Tiles((1, count), area, low[0], low[1], high[0], high[1], high[2], ssim)
