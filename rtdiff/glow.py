"""Light that changed in a part of the picture: a smooth field of gain or of offset.

Blocks of cells say how their light changed. A smooth surface starts as no change at all and takes in
what lies near it, so that it grows from the rim of a lamp's light inwards, going on as it rises. An
object has an edge: its first block is as far from the surface as its last, and stays out of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass

BLOCKS = 64  # at most so many across: light is smooth in relation to the picture
SPANS = 8  # of the splines, across the longer side
MOST = 99  # splines in all: LAPACK wakes threads for a matrix of 100 x 100
STIFF = 0.02  # of bending against one block, so that a single one bends nothing
NEAR = 6.0  # levels: what lies farther from the surface is none of it
AGREE = 4.0  # levels: cells of a block that say the same
BEYOND = 1.3  # times the most that a block says: as far as the surface may rise where none says anything
ISLANDS = 0.005  # of all that blocks weigh: less bends nothing
ON = 0.25  # of its weight: what a block that lies on the surface has left of it
ROUNDS = 24
SETTLED = 0.2  # levels: a round that changes less is the last
BOWL = 0.6  # of what is left without one: a bowl that leaves more is none
LEAST = 0.7  # levels: a smaller change is none
DARK = 24.0  # levels above black: a gain is told by what is brighter


@dataclass(frozen=True, slots=True, eq=False)
class Glow:
    """The field at nodes."""

    change: NDArray[np.float64]
    """(rows, columns) of nodes: by which share luma above black and chroma rise, or by which levels luma."""
    multiplies: bool
    """Which of the two."""
    most: float
    """Largest change by it where cells are, levels."""

    @property
    def gain(self) -> NDArray[np.float64]:
        """(rows, columns), by which luma above black and chroma are multiplied."""
        return self.change + 1 if self.multiplies else np.ones_like(self.change)

    @property
    def offset(self) -> NDArray[np.float64]:
        """(rows, columns) levels that are added to luma."""
        return np.zeros_like(self.change) if self.multiplies else self.change


class Grid:
    """Blocks, nodes and splines for pictures of one shape.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of cells.

    Attributes
    ----------
    side : int
        Cells along a block, a power of two; nodes are at the corners of blocks.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape, self.side = shape, 1
        while max(shape) > BLOCKS * self.side:
            self.side *= 2
        self.blocks = -(-shape[0] // self.side), -(-shape[1] // self.side)
        most, spans = SPANS, [MOST, MOST]
        while (spans[0] + 3) * (spans[1] + 3) > MOST:
            spans = [max(1, round(most * n / max(self.blocks))) for n in self.blocks]
            most -= 1
        pairs = list(zip(self.blocks, spans, strict=True))
        centres = [_splines((np.arange(n) + 0.5) / n, s) for n, s in pairs]
        nodes = [_splines(np.arange(n + 1) / n, s) for n, s in pairs]
        self._centres, self._nodes = centres, nodes
        self._pairs = [(b[:, :, None] * b[:, None, :]).reshape(len(b), -1) for b in centres]
        ends = [np.linspace(-1, 1, n) for n in self.blocks]
        v, u = (a.ravel() for a in np.meshgrid(*ends, indexing="ij"))
        self._bowl = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v])
        bend = [_bending(s + 3) for s in spans]
        one = [np.eye(s + 3) for s in spans]
        twist = [np.diff(e, axis=0).T @ np.diff(e, axis=0) for e in one]
        self._stiff = np.kron(bend[0], one[1]) + np.kron(one[0], bend[1]) + np.kron(*twist) / 4
        self._lower, self._upper = zip(*(_between(n, self.side) for n in shape), strict=True)

    def at_cells(self, nodes: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return a field of nodes at the centres of cells."""
        (top, left), (down, right) = self._lower, self._upper
        rows = nodes[top] * (1 - down)[:, None] + nodes[top + 1] * down[:, None]
        field: NDArray[np.float32] = (rows[:, left] * (1 - right) + rows[:, left + 1] * right).astype(
            np.float32
        )
        return field

    def at_blocks(self, nodes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (blocks,) a field of nodes at the centres of blocks."""
        mean = nodes[:-1, :-1] + nodes[:-1, 1:] + nodes[1:, :-1] + nodes[1:, 1:]
        return mean.ravel() / 4

    def of_blocks(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (blocks, cells) what is given by cells; 0 beyond the edge."""
        (rows, columns), side = self.blocks, self.side
        whole = np.zeros((rows * side, columns * side), np.float32)
        whole[: self.shape[0], : self.shape[1]] = cells
        return whole.reshape(rows, side, columns, side).swapaxes(1, 2).reshape(rows * columns, side * side)

    def surface(
        self,
        told: NDArray[np.float64],
        scale: NDArray[np.float64],
        bright: NDArray[np.float64],
        start: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Grow a smooth surface; return it at blocks and nodes, and what blocks weigh in it.

        Parameters
        ----------
        told : (blocks,) float64
            What blocks say.
        scale : (blocks,) float64
            How far to believe them, 0..1.
        bright : (blocks,) float64
            Levels that 1 of it changes the picture by.
        start : (blocks,) float64
            What it grows from.
        """
        level = start
        down, right = self._centres
        weight, factors = scale, np.zeros((down.shape[1], right.shape[1]))
        for _ in range(ROUNDS):
            rest = (told - level) * bright / NEAR
            weight = scale * np.maximum(1 - rest * rest, 0) ** 2
            matrix = self._products(weight) + STIFF * self._stiff
            matrix.flat[:: len(matrix) + 1] += 1e-6
            target = down.T @ (weight * told).reshape(self.blocks) @ right
            factors = np.linalg.solve(matrix, target.ravel()).reshape(factors.shape)
            before, level = level, (down @ factors @ right.T).ravel()
            if np.abs((level - before) * bright).max() < SETTLED:
                break
        sure = weight > 0.2 * scale.max()
        low, high = (min(told[sure].min(), 0.0), max(told[sure].max(), 0.0)) if sure.any() else (0.0, 0.0)
        low, high = BEYOND * low, BEYOND * high
        nodes = self._nodes[0] @ factors @ self._nodes[1].T
        return np.clip(level, low, high), np.clip(nodes, low, high), weight

    def mainland(self, weight: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which blocks are joined to most of the surface by blocks on it, or that say nothing.

        An object of one colour may look lit, but nothing leads up to it: its edge is a wall.
        """
        import cv2

        on = weight > ON * scale
        mute = scale < 0.1 * scale.max()
        passable = (on | mute).reshape(self.blocks).astype(np.uint8)
        count, labels = cv2.connectedComponents(passable, connectivity=4)
        sizes = np.bincount(labels.ravel(), weights=on & ~mute, minlength=count)
        sizes[0] = 0
        main: NDArray[np.bool_] = (labels.ravel() == int(sizes.argmax())) | (labels.ravel() == 0)
        return main

    def _products(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weighted products of all splines (the array form of Currie, Durban and Eilers 2006)."""
        (m, n), (a, b) = (b.shape[1] for b in self._centres), self._pairs
        rows = a.T @ weight.reshape(self.blocks)
        four = np.stack([row @ b for row in rows]).reshape(m, m, n, n)  # in parts: BLAS takes no threads
        return np.ascontiguousarray(four.transpose(0, 2, 1, 3)).reshape(m * n, m * n)

    def bowl(
        self, told: NDArray[np.float64], scale: NDArray[np.float64], bright: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the bowl or slope that most blocks lie on; 0 unless it holds clearly more of them."""
        level = np.zeros(len(told))
        start = np.minimum(np.abs(told * bright), NEAR)
        for reach in (60.0, 30.0, 15.0, NEAR, NEAR):
            rest = (told - level) * bright / reach
            heavy = self._bowl * (scale * np.maximum(1 - rest * rest, 0) ** 2)
            matrix = np.einsum("ib,jb->ij", heavy, self._bowl)
            matrix.flat[::7] += 1e-3
            level = np.einsum("ib,i->b", self._bowl, np.linalg.solve(matrix, (heavy * told).sum(axis=1)))
        left = np.minimum(np.abs((told - level) * bright), NEAR)
        return level if (scale * left).sum() < BOWL * (scale * start).sum() else np.zeros(len(told))


def fit(
    lit: NDArray[np.float32],
    rest: NDArray[np.float32],
    usable: NDArray[np.bool_],
    grid: Grid,
    before: Glow | None = None,
) -> Glow | None:
    """Return the smooth field that explains what one light for all leaves; None: there is none.

    Parameters
    ----------
    lit : (rows, columns) float32
        Luma above black of cells in the light of the whole picture, levels of 0..255.
    rest : (rows, columns) float32
        What the test has more.
    usable : (rows, columns) bool
        Which cells may be looked at.
    before : Glow, optional
        Where to begin; the field found is of its kind.
    """
    value, change, use = (grid.of_blocks(a.astype(np.float32)) for a in (lit, rest, usable))
    best, kept = None, 0.0
    for multiplies in (True, False) if before is None else (before.multiplies,):
        per = np.maximum(value, 0) if multiplies else np.ones_like(value)
        told, trust, bright = _said(per, change, use, multiplies)
        if trust.max(initial=0) <= 0:
            continue
        scale = trust * (bright / bright.max()) ** 2
        start = grid.bowl(told, scale, bright) if before is None else grid.at_blocks(before.change)
        level, nodes, weight = grid.surface(told, scale, bright, start)
        main = grid.mainland(weight, scale)
        if (weight * ~main).sum() > ISLANDS * weight.sum():
            scale = scale * main
            level, nodes, weight = grid.surface(told, scale, bright, start)
        away, left = np.abs(told * bright), np.abs((told - level) * bright)
        better, worse = (trust * (left < away - 0.5)).sum(), (trust * (left > away + 0.5)).sum()
        remains = np.abs(change - level[:, None].astype(np.float32) * per)
        won = float((use * (np.minimum(np.abs(change), NEAR) - np.minimum(remains, NEAR))).sum())
        most = float(np.abs(level * bright)[weight > 0].max(initial=0.0))
        if most >= LEAST and better >= max(3.0, 0.01 * len(told), 8 * worse) and won > kept:
            best, kept = Glow(nodes, multiplies, most), won
    return best


def _said(
    per: NDArray[np.float32], change: NDArray[np.float32], use: NDArray[np.float32], multiplies: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return what blocks say, how far to trust them, and the levels that 1 of it is there."""
    count = use.sum(axis=1)
    ordered = np.sort(np.where(use > 0, change / np.maximum(per, DARK if multiplies else 1), np.inf), axis=1)
    half = np.minimum(count.astype(np.intp) // 2, ordered.shape[1] - 1)
    told = np.where(count > 0, ordered[np.arange(len(ordered)), half], 0).astype(np.float32)
    weight = use
    for _ in range(3):
        away = (change - told[:, None] * per) / AGREE
        weight = use * np.maximum(1 - away * away, 0) ** 2
        told = (weight * per * change).sum(axis=1) / np.maximum((weight * per * per).sum(axis=1), 1e-3)
    bright = np.sqrt((use * per * per).sum(axis=1) / np.maximum(count, 1))
    agree = weight.sum(axis=1) / np.maximum(count, 1)
    full = use.shape[1]
    trust = np.where((agree > 0.4) & (count >= full / 4), agree * count / full, 0)
    return told.astype(np.float64), trust.astype(np.float64), np.maximum(bright, 1.0).astype(np.float64)


def _splines(at: NDArray[np.float64], spans: int) -> NDArray[np.float64]:
    """Return (points, spans + 3) uniform cubic B-splines at points of 0..1."""
    t = at * spans
    first = np.minimum(t.astype(np.intp), spans - 1)
    u = t - first
    parts = (1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3
    out = np.zeros((len(at), spans + 3))
    for k, part in enumerate(parts):
        out[np.arange(len(at)), first + k] = part / 6
    return out


def _bending(count: int) -> NDArray[np.float64]:
    """Return the square of second differences (Eilers and Marx 1996)."""
    second = np.diff(np.eye(count), n=2, axis=0)
    square: NDArray[np.float64] = second.T @ second
    return square


def _between(cells: int, side: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return after which node the centres of cells lie, and how far from it to the next."""
    at = (np.arange(cells) + 0.5) / side
    first = at.astype(np.intp)
    return first, at - first
