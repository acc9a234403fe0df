"""Edges that lie a pixel or so elsewhere, in every part of a picture otherwise: scans, prints, boards.

No shift of the whole picture explains them. Every part is followed by itself; the roughness of edges
that is left is no difference, as antialiasing is none. That is only done where the edges bear it out:
they differ almost everywhere and fit when followed, in varying directions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.grid import CELL
from rtdiff.jitter import AROUND, BAND, reached, things
from rtdiff.parts import FAR, Followed, as_a_whole, many_ways
from rtdiff.records import Correction, DiffMap

LEAST = 64  # smallest side that is looked at, pixels
EDGE = 24.0  # levels between neighbours: what moves shows there
EDGES = 64  # cells with edges to judge by
TEXTURE = 0.75  # of a cell, from which it is texture: within a pixel or two that holds every value
SOME = 0.15  # of the cells with edges, how many must differ
MOVED = 0.33  # and where edges are rough; 0.43 to 0.9 in boards
BOTH = 0.05  # of what differs at edges, how much is lighter, and darker; 0 of bolder letters, 0.12 in boards
ROUGH = 0.3  # of the cells that moved, how many still differ: of a part that moved as it was, none
VARIED = 0.1  # of them, how many went elsewhere than most: else it is one shift, or none
LOST = 0.3  # of them, how many went as far as is looked at: those went farther, or are not there
MISFIT = 0.5  # of the pixels on edges, how many may differ when followed; below 0.33 in boards
EXPLAINED = 0.6  # of the cells that moved, how many the reach must explain; the rest may be things

Cells = NDArray[np.float32]
"""(cells,) shares of cells of the tile summary."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What is left of a comparison when the parts of the test picture were followed."""

    mask: NDArray[np.uint8]
    """(H, W) uint8, 255 where different."""
    told: Correction
    """What was done, for the result."""
    shift: tuple[int, int] | None
    """How far the whole picture moved to the right and down, pixels; None: it did not."""
    margin: int
    """How much farther than its different pixels a thing may reach, pixels."""


def suspected(diffmap: DiffMap, unlike: bool) -> bool:
    """Return whether a picture has enough edges, and most blocks (`unlike`) or some edges differ."""
    if min(diffmap.mask.shape) < LEAST or not diffmap.tiles.area.any():
        return False
    edges = _edges(diffmap)
    filled = _filled(edges, diffmap.tiles.shape)
    if np.count_nonzero(filled) < EDGES or not (unlike or _differ(diffmap, filled) >= SOME):
        return False
    return _both_ways(diffmap, edges)


def registered(before: DiffMap, after: DiffMap, parts: Followed, limit: float) -> Registered | None:
    """Return what is left; None where it is not the moved parts that explain most differences.

    Parameters
    ----------
    before, after : DiffMap
        Of the two pictures as they are, and with the test picture brought back.
    parts : Followed
        How it was brought back.
    limit : float
        Differences up to this are none, code values.
    """
    edges, shape, moves = _edges(before), before.tiles.shape, parts.field.reshape(-1, 2)
    filled = _filled(edges, shape)
    cells = (before.tiles.area > 0) | ((filled > 0) & moves.any(axis=1))
    rough = (after.tiles.area > 0)[cells].mean() >= ROUGH and _differ(before, filled) >= MOVED
    misfit = np.count_nonzero(after.mask & edges) > MISFIT * np.count_nonzero(edges)
    if misfit or not (rough or many_ways(parts.field, filled > 0)) or not _near(moves[cells], parts):
        return None
    frames = before.reference.frame, before.test.frame, after.test.frame
    reach, left = reached(frames, after.mask, limit)
    if ((_filled(left, shape) > 0) & cells).sum() > (1 - EXPLAINED) * cells.sum():
        return None
    whole, farthest = as_a_whole(parts.field, filled > 0), np.abs(moves[cells]).max(axis=0).tolist()
    detail = (
        f"parts up to so far off were followed; edges within {reach} px are equal, boxes {AROUND} px larger"
    )
    return Registered(
        mask=things(frames[:2], parts.around, left, after.mask, reach, limit),
        told=Correction("shift", "test", farthest, [0, 0], detail),
        shift=whole,
        margin=AROUND,
    )


def _near(moves: NDArray[np.int8], parts: Followed) -> bool:
    """Return whether cells went to several places, and few as far as is looked at."""
    _, counts = np.unique(moves, axis=0, return_counts=True)
    lost = (np.abs(moves - parts.around).max(axis=1) == FAR).mean()
    return bool(1 - counts.max() / counts.sum() >= VARIED and lost <= LOST)


def _edges(diffmap: DiffMap) -> NDArray[np.uint8]:
    """Return (H, W) 255 where neighbours in a zone of the reference are farther apart than `EDGE`."""
    import cv2

    frame = diffmap.reference.frame
    luma, least = frame.luma, EDGE * frame.data_range / 255
    out = np.empty(luma.shape, np.uint8)
    for top in range(0, len(luma), BAND):
        rows = luma[max(top - 1, 0) : top + BAND + 1]
        steps = cv2.morphologyEx(rows, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        out[top : top + BAND] = cv2.compare(steps, least, cv2.CMP_GT)[min(top, 1) :][:BAND]
    if diffmap.labels is not None:
        out *= diffmap.labels != 0
    return out


def _filled(mask: NDArray[np.uint8], shape: tuple[int, int]) -> Cells:
    """Return which share of every cell is set."""
    import cv2

    (height, width), (rows, columns) = mask.shape, shape
    edge = cv2.BORDER_REPLICATE
    whole = cv2.copyMakeBorder(mask, 0, rows * CELL - height, 0, columns * CELL - width, edge)
    means = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    shares: Cells = means.ravel() / np.float32(255)
    return shares


def _differ(diffmap: DiffMap, filled: Cells) -> float:
    """Return how many of the cells with edges, not with texture, differ."""
    moved = (diffmap.tiles.area > 0)[(filled > 0) & (filled <= TEXTURE)]
    return float(moved.mean()) if len(moved) >= EDGES else 0.0


def _both_ways(diffmap: DiffMap, edges: NDArray[np.uint8]) -> bool:
    """Return whether at edges some became lighter and some darker."""
    import cv2

    x, y = diffmap.reference.frame.luma, diffmap.test.frame.luma
    least = EDGE / 2 * diffmap.reference.frame.data_range / 255
    counts = [0, 0]
    for top in range(0, len(x), BAND):
        part = slice(top, top + BAND)
        for k, (less, more) in enumerate(((x[part], y[part]), (y[part], x[part]))):
            far = cv2.compare(cv2.subtract(more, less), least, cv2.CMP_GT)  # saturates at 0
            counts[k] += cv2.countNonZero(far & edges[part])
    return min(counts) >= BOTH * sum(counts)
