"""The tile summary of a mask: by bands of rows, so that nothing of a picture's size is made for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.engines import components
from rtdiff.engines.rule import TILE
from rtdiff.records import DiffMap, Tiles

BAND = 64  # rows at a time: 1080p int32 temporaries of a band stay in a 1 MiB cache; a multiple of TILE

Rows = tuple[int, int]
"""First row and end row."""


def masked(diffmap: DiffMap, mask: NDArray[np.uint8]) -> DiffMap:
    """Return the same comparison with another mask, (H, W) uint8, which lies within its own."""
    pairs = tuple(zip(diffmap.reference.frame.planes, diffmap.test.frame.planes, strict=True))
    found = {}
    for top in range(0, mask.shape[0], BAND):
        rows = top, min(top + BAND, mask.shape[0])
        flat = np.flatnonzero(mask[slice(*rows)] != 0)  # 20 times as fast as nonzero
        if len(flat):
            worst = plane_difference(*pairs[0], mask.shape, rows, np)
            for x, y in pairs[1:]:
                worst = np.maximum(worst, plane_difference(x, y, mask.shape, rows, np))
            found[top] = summarise(flat, diffmap.ssim_rows(rows), worst)
    tiles = joined(mask.shape, found)
    return replace(diffmap, tiles=tiles, mask=mask, group=lambda merge: components.group(tiles, merge))


def plane_difference(x: Any, y: Any, shape: tuple[int, ...], rows: Rows, xp: Any) -> Any:
    """Return abs(x - y), int32, of a possibly subsampled plane at the luma pixels of some rows."""
    step_y, step_x = (-(-a // b) for a, b in zip(shape, x.shape, strict=True))
    part = slice(rows[0] // step_y, -(-rows[1] // step_y))
    d = xp.abs(x[part].astype(np.int32) - y[part])
    if (step_y, step_x) == (1, 1):
        return d
    first = rows[0] - part.start * step_y
    return d.repeat(step_y, 0).repeat(step_x, 1)[first : first + rows[1] - rows[0], : shape[1]]


def summarise(flat: NDArray[np.intp], ssim: NDArray[Any], worst: NDArray[Any]) -> Tiles:
    """Return the summary of a band of rows.

    Parameters
    ----------
    flat : (pixels,) int
        Different pixels, flat indices into the band.
    ssim, worst : (rows, W)
        SSIM, and the largest difference of a sample.
    """
    height, width = ssim.shape
    shape = -(-height // TILE), -(-width // TILE)
    size = shape[0] * shape[1]
    ys, xs = np.divmod(flat.astype(np.int32), np.int32(width))
    cell = (ys // TILE) * shape[1] + xs // TILE
    area = np.bincount(cell, minlength=size).astype(np.int32)
    x0, y0 = (np.full(size, np.iinfo(np.int32).max, dtype=np.int32) for _ in range(2))
    x1, y1, high = (np.zeros(size, dtype=np.int32) for _ in range(3))
    lowest = np.full(size, 2.0, dtype=np.float32)
    np.minimum.at(x0, cell, xs)
    np.minimum.at(y0, cell, ys)
    np.maximum.at(x1, cell, xs + 1)
    np.maximum.at(y1, cell, ys + 1)
    np.maximum.at(high, cell, worst.ravel()[flat].astype(np.int32))
    np.minimum.at(lowest, cell, ssim.ravel()[flat].astype(np.float32))
    return Tiles(shape, area, x0, y0, x1, y1, high, lowest)


def joined(shape: tuple[int, ...], found: Mapping[int, Tiles]) -> Tiles:
    """Return the summary of a picture from those of bands, by their first rows, multiples of `TILE`."""
    rows, columns = -(-shape[0] // TILE), -(-shape[1] // TILE)
    area, x0, y0, x1, y1, high = (np.zeros(rows * columns, np.int32) for _ in range(6))
    lowest = np.full(rows * columns, 2.0, dtype=np.float32)
    whole = Tiles((rows, columns), area, x0, y0, x1, y1, high, lowest)
    for top, part in found.items():
        here = slice(top // TILE * columns, top // TILE * columns + len(part.area))
        for name in ("area", "x0", "x1", "max_diff", "min_ssim"):
            getattr(whole, name)[here] = getattr(part, name)
        for name in ("y0", "y1"):
            getattr(whole, name)[here] = getattr(part, name) + np.int32(top) * (part.area > 0)
    return whole
