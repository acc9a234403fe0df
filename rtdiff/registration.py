"""Edges that lie a pixel or so elsewhere, in every part of a picture otherwise: scans, prints, boards.

No shift of the whole picture explains them. Every part is therefore followed by itself, by whole
pixels; what then differs is explained where each picture's value lies within what the other one
holds within `reach` pixels, and the reach is the least one from which on a further pixel explains
hardly more: jitter ends there, a thing does not. What is left is looked for once more, with its own
surroundings alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.records import Correction, DiffMap, Frame, Plane

FAR = 4  # how far a part is looked for, pixels; local registration that is farther out is a failed one
CELL = 8  # side of what is followed by itself, pixels
PART = 13  # cells across that tell where the middle one went: larger than a thing, or it is followed away
REACHES = 1, 2, 3  # pixels: what is not followed, half a pixel, rough edges, up to ink that spreads
SLOWS = 1.4  # a further pixel of reach that takes away less than this factor takes from things only
RINGS_FAR = 7  # pixels: what is round an edge in JPEG's blocks of 8, and nearer when a picture was sharpened
RINGS = 0.2  # of the contrast there; 0.18 in JPEGs of 90
FEWEST = 8  # pixels of one thing that are left: fewer are the tip of an edge's roughness
AROUND = 10  # pixels around a thing that it is looked for with, and by which its place is known
JITTER = 0.3  # of the cells that differed, how many still do when followed: what moved as a whole is a shift
VARIED = 0.1  # of them, how many went elsewhere than most: else it is one shift, or none
LOST = 0.3  # of them, how many went as far as is looked at most: they went farther, or are not there
MISFIT = 0.5  # of the pixels on edges, how many may still differ
EXPLAINED = 0.6  # of the cells that differed, how many the reach must explain
BOTH = 0.1  # of what differs, how much is lighter, and darker: of bolder letters all is darker
EDGE = 24.0  # levels between neighbours: what moves shows there
EDGES = 64  # cells with edges to judge by
TEXTURE = 0.75  # of a cell, from which it is filled with texture: within the reach that holds every value
MOVED = 0.33  # of the cells with edges, how many must differ where edges are rough
WAYS = 0.005  # of the cells with edges, how many must have gone left, right, up and down where they are smooth
NEAR, FITS, AFFINE = 0.75, 5, 0.5  # pixels to a fit of the whole field; fits; share of what moved that is near
LEAST = 64  # smallest side that is looked at, pixels
BAND = 256  # rows at a time

Field = NDArray[np.int8]
"""(rows, columns, 2) int8: how far to the right and down every cell went, pixels."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What is left of a comparison when the parts of the test picture were followed."""

    mask: NDArray[np.uint8]
    """(H, W) uint8, 255 where different."""
    told: Correction
    """What was done, for the result."""
    shift: tuple[int, int] | None
    """How far the picture as a whole is shifted to the right and down, pixels; None: not."""


def suspected(diffmap: DiffMap, unlike: bool) -> bool:
    """Return whether a picture has enough edges, and most blocks (`unlike`) or many of the edges differ."""
    if min(diffmap.mask.shape) < LEAST or not diffmap.tiles.area.any():
        return False
    filled = _filled(_edges(diffmap.reference.frame), diffmap.tiles.shape)
    return np.count_nonzero(filled) >= EDGES and (unlike or _rough(diffmap, filled))


def followed(reference: Frame, test: Frame) -> tuple[Field, Frame]:
    """Return where every cell of the reference is in the test picture, and that picture brought back.

    Parameters
    ----------
    reference, test : Frame
        Of one size, depth and number of planes, no chroma subsampled.
    """
    field = _field(reference.luma, test.luma)
    return field, replace(test, planes=tuple(_gathered(plane, field) for plane in test.planes))


def registered(before: DiffMap, after: DiffMap, field: Field, limit: float) -> Registered | None:
    """Return what is left; None where following the parts is not what explains most of the differences.

    Parameters
    ----------
    before, after : DiffMap
        Of the two pictures as they are, and with the test picture as `followed` made it.
    field : (rows, columns, 2) int8
        From `followed`.
    limit : float
        Differences up to this are none, code values.
    """
    edges, shape = _edges(before.reference.frame), before.tiles.shape
    filled, moves = _filled(edges, shape), field.reshape(-1, 2)
    cells = (before.tiles.area > 0) | ((filled > 0) & moves.any(axis=1))
    _, counts = np.unique(moves[cells], axis=0, return_counts=True)
    rough = (after.tiles.area > 0)[cells].mean() >= JITTER and _rough(before, filled)
    fits = (
        (rough or _everywhere(field, filled > 0))
        and 1 - counts.max() / counts.sum() >= VARIED
        and (np.abs(moves[cells]).max(axis=1) == FAR).mean() <= LOST
        and np.count_nonzero(after.mask[edges != 0]) <= MISFIT * np.count_nonzero(edges)
    )
    frames = before.reference.frame, before.test.frame, after.test.frame
    reach, left = _reached(frames, after.mask, limit)
    if not fits or ((_filled(left, shape) > 0) & cells).sum() > (1 - EXPLAINED) * cells.sum():
        return None
    things = _things(left, frames[:2], reach, limit)
    moved = int(np.abs(field).max())
    detail = f"every part followed by itself; edges up to {reach} px off are equal, boxes reach {AROUND} px farther"
    middle = tuple(int(np.sort(field[..., k], axis=None)[field[..., k].size // 2]) for k in (0, 1))
    return Registered(
        mask=_grown(things, after.mask, reach),
        told=Correction("shift", "test", f"parts up to {moved} px off", f"within {reach} px", detail),
        shift=(middle[0], middle[1]) if any(middle) else None,
    )


def _field(x: Plane, y: Plane) -> Field:
    """Return for every cell of x where its part is most alike in y; the nearest of equals."""
    import cv2

    height, width = x.shape
    shape = -(-height // CELL), -(-width // CELL)
    wide = cv2.copyMakeBorder(y, FAR, FAR, FAR, FAR, cv2.BORDER_REPLICATE)
    apart = np.empty_like(x)
    best = np.full(shape, np.inf, np.float32)
    field = np.zeros((*shape, 2), np.int8)
    steps = [(dx, dy) for dy in range(-FAR, FAR + 1) for dx in range(-FAR, FAR + 1)]
    for dx, dy in sorted(steps, key=lambda step: step[0] ** 2 + step[1] ** 2):
        moved = wide[FAR + dy : FAR + dy + height, FAR + dx : FAR + dx + width]
        cv2.absdiff(x, moved, dst=apart)
        means = cv2.resize(apart, shape[::-1], interpolation=cv2.INTER_AREA)
        costs = cv2.boxFilter(means, cv2.CV_32F, (PART, PART), borderType=cv2.BORDER_REPLICATE)
        nearer = costs < best
        best[nearer] = costs[nearer]
        field[nearer] = dx, dy
    return field


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


def _rough(diffmap: DiffMap, filled: NDArray[np.float32]) -> bool:
    """Return whether many edges differ, some by what is lighter and some by what is darker."""
    moved = (diffmap.tiles.area > 0)[(filled > 0) & (filled <= TEXTURE)]
    return bool(len(moved) >= EDGES and moved.mean() >= MOVED and _both_ways(diffmap))


def _everywhere(field: Field, cells: NDArray[np.bool_]) -> bool:
    """Return whether some edges went each way, and as no turned, sheared or larger picture's go."""
    rows, columns = field.shape[:2]
    moves = field.reshape(-1, 2)[cells].astype(np.float64)
    ways = [float((sign * moves[:, k] > 0).mean()) for k in (0, 1) for sign in (-1, 1)]
    if min(ways) < WAYS:
        return False
    at = np.indices((rows, columns)).reshape(2, -1).T[cells]
    places = np.column_stack([at, np.ones(len(at))])
    near = np.ones(len(at), np.bool_)
    for _ in range(FITS):
        lines = np.linalg.lstsq(places[near], moves[near], rcond=None)[0]
        near = (np.abs(places @ lines - moves) <= NEAR).all(axis=1)
    return bool(near[moves.any(axis=1)].mean() <= AFFINE)


def _edges(frame: Frame) -> NDArray[np.uint8]:
    """Return (H, W) 255 where neighbours are farther apart than `EDGE`."""
    import cv2

    luma, least = frame.luma, EDGE * frame.data_range / 255
    out = np.empty(luma.shape, np.uint8)
    for top in range(0, len(luma), BAND):
        rows = luma[max(top - 1, 0) : top + BAND + 1]
        steps = cv2.morphologyEx(rows, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        out[top : top + BAND] = cv2.compare(steps, least, cv2.CMP_GT)[min(top, 1) :][:BAND]
    return out


def _both_ways(diffmap: DiffMap) -> bool:
    """Return whether of what differs some is lighter and some is darker."""
    x, y = diffmap.reference.frame.luma, diffmap.test.frame.luma
    lighter = total = 0
    for top in range(0, len(x), BAND):
        part = slice(top, top + BAND)
        found = diffmap.mask[part] != 0
        lighter += int(np.count_nonzero((x[part] < y[part]) & found))
        total += int(np.count_nonzero(found))
    return BOTH * total <= lighter <= (1 - BOTH) * total


def _reached(
    frames: tuple[Frame, Frame, Frame], mask: NDArray[np.uint8], limit: float
) -> tuple[int, NDArray[np.uint8]]:
    """Return the reach of the jitter, and the mask without what it explains."""
    lefts = []
    for reach in (*REACHES, REACHES[-1] + 1):
        left = _unexplained(frames, mask, limit, reach)
        if lefts and np.count_nonzero(lefts[-1]) < SLOWS * np.count_nonzero(left):
            break
        lefts.append(left)
    kept = lefts[: len(REACHES)]
    return REACHES[len(kept) - 1], kept[-1]


def _unexplained(
    frames: tuple[Frame, Frame, Frame], mask: NDArray[np.uint8], limit: float, reach: int
) -> NDArray[np.uint8]:
    """Return `mask` where a value is none that the other picture holds within `reach` pixels.

    Parameters
    ----------
    frames : tuple of Frame
        Reference, test, and the test brought back.
    """
    left = np.zeros_like(mask)
    for top in range(0, len(mask), BAND):
        above = max(top - RINGS_FAR, 0)
        rows, inner = slice(above, top + BAND + RINGS_FAR), slice(top - above, top - above + BAND)
        if mask[top : top + BAND].any():
            planes = zip(*(frame.planes for frame in frames), strict=True)
            parts = [(x[rows], z[rows], _slack(x[rows], y[rows], limit)) for x, y, z in planes]
            outside = _outside(parts, reach)
            left[top : top + BAND] = outside[inner] & mask[top : top + BAND]
    return left


def _slack(x: Plane, y: Plane, limit: float) -> Plane:
    """Return by how much a value may lie outside, code values: the limit, or what rings at edges."""
    import cv2

    far = np.ones((2 * RINGS_FAR + 1, 2 * RINGS_FAR + 1), np.uint8)
    contrast = cv2.subtract(cv2.dilate(cv2.max(x, y), far), cv2.erode(cv2.min(x, y), far))
    slack: Plane = np.maximum(cv2.multiply(contrast, RINGS), x.dtype.type(limit))
    return slack


def _outside(parts: list[tuple[Plane, Plane, Plane]], reach: int) -> NDArray[np.uint8]:
    """Return 255 where a value of some plane lies outside of what is near in the other picture.

    Parameters
    ----------
    parts : list of tuple
        A plane of the one, of the other, and the slack.
    """
    import cv2

    near = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    found: Any = 0
    for x, y, slack in parts:
        for one, other in ((x, y), (y, x)):
            found |= cv2.compare(cv2.subtract(cv2.erode(other, near), slack), one, cv2.CMP_GT)
            found |= cv2.compare(cv2.subtract(one, slack), cv2.dilate(other, near), cv2.CMP_GT)
    return np.asarray(found)


def _things(
    left: NDArray[np.uint8], pair: tuple[Frame, Frame], reach: int, limit: float
) -> NDArray[np.uint8]:
    """Return what is left where a thing is: not a few pixels, nor where its surroundings are found.

    At the border something else may have come in.

    Parameters
    ----------
    pair : tuple of Frame
        The two pictures as they are.
    """
    import cv2

    inner = np.zeros_like(left)
    inner[FAR:-FAR, FAR:-FAR] = left[FAR:-FAR, FAR:-FAR]
    near = cv2.dilate(inner, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(near)
    out = np.zeros_like(left)
    for k in range(1, count):
        x, y, across, down = (int(v) for v in stats[k, :4])
        box = slice(y, y + down), slice(x, x + across)
        here = np.where(labels[box] == k, inner[box], np.uint8(0))
        if np.count_nonzero(here) >= FEWEST and _stays(pair, (x, y, x + across, y + down), reach, limit):
            out[box] |= here
    return out


def _stays(pair: tuple[Frame, Frame], xyxy: tuple[int, int, int, int], reach: int, limit: float) -> bool:
    """Return whether something is left of a thing, too, where its surroundings are most alike."""
    import cv2

    height, width = pair[0].luma.shape
    (left, top), (right, bottom) = (max(v - AROUND, 0) for v in xyxy[:2]), (v + AROUND for v in xyxy[2:])
    right, bottom = min(right, width), min(bottom, height)
    rows = np.clip(np.arange(top - FAR, bottom + FAR), 0, height - 1)[:, None]
    columns = np.clip(np.arange(left - FAR, right + FAR), 0, width - 1)
    parts = [plane[top:bottom, left:right] for plane in pair[0].planes]
    fields = [plane[rows, columns] for plane in pair[1].planes]
    scores = cv2.matchTemplate(fields[0].astype(np.float32), parts[0].astype(np.float32), cv2.TM_SQDIFF)
    _, _, (dx, dy), _ = cv2.minMaxLoc(scores)
    moved = [field[dy : dy + bottom - top, dx : dx + right - left] for field in fields]
    slacks = [_slack(part, here, limit) for part, here in zip(parts, moved, strict=True)]
    return np.count_nonzero(_outside(list(zip(parts, moved, slacks, strict=True)), reach)) >= FEWEST


def _grown(things: NDArray[np.uint8], mask: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """Return the things with what the reach took from their edges."""
    import cv2

    for _ in range(reach if things.any() else 0):
        things = cv2.dilate(things, np.ones((3, 3), np.uint8)) & mask
    return things


def _filled(mask: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return (cells,) which share of the cells of the tile summary is set."""
    import cv2

    (height, width), (rows, columns) = mask.shape, shape
    whole = cv2.copyMakeBorder(mask, 0, rows * CELL - height, 0, columns * CELL - width, cv2.BORDER_REPLICATE)
    means = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
    return means.ravel() / np.float32(255)
