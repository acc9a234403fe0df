"""The grid of cells that a picture is told of: 8x8 pixels of luma, and what covers them in other planes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CELL = 8  # side, pixels of luma


def steps(luma: tuple[int, ...], plane: tuple[int, ...]) -> tuple[int, int]:
    """Return how many pixels of luma down and right a sample of a plane spans."""
    return -(-luma[0] // plane[0]), -(-luma[1] // plane[1])


def sides(luma: tuple[int, ...], plane: tuple[int, ...]) -> tuple[int, int]:
    """Return height and width, samples, of a plane's cells: those that cover 8x8 pixels of luma."""
    down, right = steps(luma, plane)
    return max(CELL // down, 1), max(CELL // right, 1)


def lattice(plane: tuple[int, ...], side: tuple[int, int]) -> tuple[int, int]:
    """Return rows and columns of cells."""
    return -(-plane[0] // side[0]), -(-plane[1] // side[1])


def counts(luma: tuple[int, ...], plane: tuple[int, ...]) -> NDArray[np.int32]:
    """Return (rows, columns) how many samples of a plane cells hold: the last ones may hold fewer."""
    down, right = (
        np.minimum(np.arange(0, n, side) + side, n) - np.arange(0, n, side)
        for n, side in zip(plane, sides(luma, plane), strict=True)
    )
    return (down[:, None] * right).astype(np.int32)


def rect_cells(rect: tuple[int, int, int, int]) -> tuple[slice, slice]:
    """Return the rows and columns of cells that a rectangle (left, top, right, bottom) touches."""
    return slice(rect[1] // CELL, -(-rect[3] // CELL)), slice(rect[0] // CELL, -(-rect[2] // CELL))
