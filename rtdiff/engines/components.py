"""Tiles that belong together: what is nearer than the merge distance is one region."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rtdiff.engines.rule import TILE
from rtdiff.records import Tiles

NEAR = 3 * TILE  # pixels: up to this merge distance, looking at all neighbours is the quicker way

Indices = NDArray[np.intp]


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
    root = np.arange(len(at), dtype=np.intp)
    for pairs in (_by_neighbours if merge <= NEAR else _by_rows)(tiles, at, merge):
        root = _joined(root, *pairs)
        if not root.any():  # all are one
            break
    _, number = np.unique(root, return_inverse=True)
    labels = np.full(len(tiles.area), -1, dtype=np.int32)
    labels[at] = number
    return labels, _reduce(tiles, at, number, int(number.max()) + 1 if len(at) else 0)


def _joined(root: Indices, one: Indices, other: Indices) -> Indices:
    """Return every tile's root, the least index of its component, after some pairs were joined."""
    apart = root[one] != root[other]
    one, other = one[apart], other[apart]
    while True:
        first, second = root[one], root[other]
        low = np.minimum(first, second)
        after = root.copy()
        for side in (first, second):
            np.minimum.at(after, side, low)
        after = after[after]
        if np.array_equal(after, root):
            return root
        root = after


def _by_neighbours(tiles: Tiles, at: Indices, merge: int) -> Iterator[tuple[Indices, Indices]]:
    """Yield pairs of indices into `at` that are near enough: every tile with those around it."""
    rows, columns = tiles.shape
    order = np.full(len(tiles.area), -1, dtype=np.intp)
    order[at] = np.arange(len(at))
    y, x = np.divmod(at, columns)
    far = reach(merge)
    for dy in range(far + 1):
        for dx in range(-far if dy else 1, far + 1):
            inside = np.flatnonzero((y + dy < rows) & (x + dx >= 0) & (x + dx < columns))
            a = at[inside]
            b = a + dy * columns + dx
            gap_x = np.maximum(tiles.x0[b] - tiles.x1[a], tiles.x0[a] - tiles.x1[b])
            gap_y = np.maximum(tiles.y0[b] - tiles.y1[a], tiles.y0[a] - tiles.y1[b])
            near = (tiles.area[b] > 0) & (np.maximum(gap_x, gap_y) < max(merge, 1))
            yield inside[near], order[b[near]]


def _by_rows(tiles: Tiles, at: Indices, merge: int) -> Iterator[tuple[Indices, Indices]]:
    """Yield pairs that make the same components: their number grows with the reach, not with its square.

    Tiles of a row that follow each other nearer than `merge` are a run. Of another row a tile
    reaches parts of three runs at most: it is joined with the first and the last tile in reach, and
    with the first one behind the first run.
    """
    rows, columns = tiles.shape
    y, wide = at // columns, columns * TILE + 1
    x0, x1, y0, y1 = (edge[at].astype(np.intp) for edge in (tiles.x0, tiles.x1, tiles.y0, tiles.y1))
    begins, ends = y * wide + x0, y * wide + x1  # ascending
    follows = (y[1:] == y[:-1]) & (x0[1:] - x1[:-1] < merge)
    before = np.flatnonzero(follows)
    yield before, before + 1
    starts = np.append(np.flatnonzero(~follows) + 1, len(at))
    behind = starts[np.searchsorted(starts, np.arange(len(at)), side="right")]
    top, bottom = y0 - y * TILE, y1 - y * TILE
    for dy in range(1, min(reach(merge), rows - 1) + 1):
        row = (y + dy) * wide
        first = np.searchsorted(ends, row + np.maximum(x0 - merge, 0), side="right")
        last = np.searchsorted(begins, row + np.minimum(x1 + merge, wide - 1)) - 1
        for edge in range(1, TILE + 1):  # of whose bottom it is, what is near is the same
            here = np.flatnonzero((first <= last) & (bottom == edge))
            near = np.flatnonzero(top < merge - dy * TILE + edge)
            low = np.searchsorted(near, first[here])
            high = np.searchsorted(near, last[here], side="right") - 1
            some = low <= high
            here, low, high = here[some], low[some], high[some]
            if len(here):
                middle = np.minimum(np.searchsorted(near, behind[near[low]]), high)
                for place in (low, middle, high):
                    yield here, near[place]


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
