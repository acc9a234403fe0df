"""Where every part of a picture went: a field of whole pixels, by matching blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.grid import CELL
from rtdiff.records import Frame, Plane

FAR = 4  # how far from the rest a part is looked for, pixels; what is farther out was not registered
WHOLE = 8  # how far the whole picture is looked for, pixels
ROWS = 128  # rows of it that are looked at
PART = 13  # cells across that tell where the middle one went: larger than a thing, or it is followed away
WAYS = 0.01  # of the cells with edges, how many must have gone that way for three of left, right, up, down
CELLS = 8  # and at least so many of them
NEAR = 0.75  # pixels to a field of the whole picture: rounding, and a little
FITS = 5  # of such a field, each to what was near the one before
AFFINE = (
    0.5  # of the cells that moved, how many such a field may explain where they went many ways by themselves
)
TURNED = 0.9  # and from how many on it is why they did

Field = NDArray[np.int8]
"""(rows, columns, 2) int8: how far to the right and down every cell went, pixels."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The parts of a test picture, followed from the reference."""

    field: Field
    """How far every cell went."""
    around: tuple[int, int]
    """How far the whole picture is off to the right and down, pixels; cells are within `FAR` of it."""
    frame: Frame
    """The test picture with every cell brought back."""


def followed(reference: Frame, test: Frame) -> Followed:
    """Return where every cell of the reference is in the test picture.

    Parameters
    ----------
    reference, test : Frame
        Of one size, depth and number of planes, no chroma subsampled.
    """
    x, y = (_filled_up(frame.luma) for frame in (reference, test))
    around = _as_one(x, y)
    field = _field(x, y, around)
    back = replace(test, planes=tuple(_gathered(plane, field) for plane in test.planes))
    return Followed(field, around, back)


def many_ways(field: Field, cells: NDArray[np.bool_]) -> bool:
    """Return whether cells went many ways, and not as those of a turned or larger picture do.

    Parameters
    ----------
    field : (rows, columns, 2) int8
        From `followed`.
    cells : (rows * columns,) bool
        Which ones count.
    """
    moves = field.reshape(-1, 2)[cells].astype(np.float64)
    ways = [np.count_nonzero(sign * moves[:, k] > 0) for k in (0, 1) for sign in (-1, 1)]
    if sorted(ways)[1] < max(WAYS * len(moves), CELLS):
        return False
    return _affine(field, cells) <= AFFINE


def as_a_whole(field: Field, cells: NDArray[np.bool_]) -> tuple[int, int] | None:
    """Return how far the whole picture went to the right and down, pixels; None: it did not go as one.

    Of a turned or larger picture that is what most of what moved did; parameters as of `many_ways`.
    """
    moves = field.reshape(-1, 2)[cells]
    across, down = np.sort(moves, axis=0)[len(moves) // 2].tolist()
    if (across, down) != (0, 0):
        return across, down
    moved = moves[moves.any(axis=1)]
    if not len(moved) or _affine(field, cells) < TURNED:
        return None
    ways, counts = np.unique(moved, axis=0, return_counts=True)
    across, down = ways[counts.argmax()].tolist()
    return across, down


def _affine(field: Field, cells: NDArray[np.bool_]) -> float:
    """Return of how many of the cells that moved it is why that the picture is turned, sheared or larger."""
    moves = field.reshape(-1, 2)[cells].astype(np.float64)
    at = np.indices(field.shape[:2]).reshape(2, -1).T[cells]
    places = np.column_stack([at, np.ones(len(at))])
    near = np.ones(len(at), np.bool_)
    for _ in range(FITS):
        plane = np.linalg.lstsq(places[near], moves[near], rcond=None)[0]
        near = (np.abs(places @ plane - moves) <= NEAR).all(axis=1)
    return float(near[moves.any(axis=1)].mean())


def _filled_up(plane: Plane) -> NDArray[Any]:
    """Return a plane of whole cells."""
    import cv2

    height, width = plane.shape
    edge = cv2.BORDER_REPLICATE
    return np.asarray(cv2.copyMakeBorder(plane, 0, -height % CELL, 0, -width % CELL, edge))


def _as_one(x: Plane, y: Plane) -> tuple[int, int]:
    """Return how far y is off as a whole, to the right and down; of some rows, the nearest of equals."""
    import cv2

    rows = slice(WHOLE, len(x) - WHOLE, max(1, len(x) // ROWS))
    ours = np.ascontiguousarray(x[rows])
    wide = cv2.copyMakeBorder(y, 0, 0, WHOLE, WHOLE, cv2.BORDER_REPLICATE)
    apart: dict[tuple[int, int], float] = {}
    for dx, dy in _steps(WHOLE):
        theirs = wide[rows.start + dy : rows.stop + dy : rows.step, WHOLE + dx : WHOLE + dx + x.shape[1]]
        apart[dx, dy] = cv2.norm(ours, theirs, cv2.NORM_L1)
    return min(apart, key=lambda step: apart[step])


def _field(x: Plane, y: Plane, around: tuple[int, int]) -> Field:
    """Return for every cell of x where its part is most alike in y; the nearest of equals."""
    import cv2

    height, width = x.shape
    rows, columns = height // CELL, width // CELL
    far = FAR + max(abs(step) for step in around)
    wide = cv2.copyMakeBorder(y, far, far, far, far, cv2.BORDER_REPLICATE)
    apart = np.empty_like(x)
    best = np.full((rows, columns), np.inf, np.float32)
    field = np.zeros((rows, columns, 2), np.int8)
    for dx, dy in ((around[0] + dx, around[1] + dy) for dx, dy in _steps(FAR)):
        moved = wide[far + dy : far + dy + height, far + dx : far + dx + width]
        cv2.absdiff(x, moved, dst=apart)
        means = cv2.resize(apart, (columns, rows), interpolation=cv2.INTER_AREA)
        costs = cv2.boxFilter(means, cv2.CV_32F, (PART, PART), borderType=cv2.BORDER_REPLICATE)
        nearer = costs < best
        best[nearer] = costs[nearer]
        field[nearer] = dx, dy
    return field


def _steps(far: int) -> list[tuple[int, int]]:
    """Return all steps to the right and down of up to `far`, the nearest first."""
    steps = [(dx, dy) for dy in range(-far, far + 1) for dx in range(-far, far + 1)]
    return sorted(steps, key=lambda step: step[0] ** 2 + step[1] ** 2)


def _gathered(plane: Plane, field: Field) -> Plane:
    """Return a plane with every cell taken from where it went."""
    height, width = plane.shape
    out = np.empty_like(plane, order="C")
    columns = np.arange(width)
    for row, moves in enumerate(field):
        top = row * CELL
        dx, dy = moves.astype(np.intp).repeat(CELL, axis=0)[:width].T
        rows = np.arange(top, min(top + CELL, height))[:, None]
        out[top : top + CELL] = plane[np.clip(rows + dy, 0, height - 1), np.clip(columns + dx, 0, width - 1)]
    return out
