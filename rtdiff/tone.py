"""How the brightness of the whole picture changed: a line or a rising curve, found by votes of cells.

Cells that show the same scene in another light lie on one curve of (reference, test); what shows
something else lies anywhere. The curve is the path through stretches of brightness that most cells
vote for, found by dynamic programming, and refined by what lies on it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass

STRETCHES = 20  # of brightness, with as many cells each
FAR = 110  # levels: largest change that is looked for; gamma 1.4 with offset 20 changes by 60
STEP = 2  # levels of a vote
SLOPES = -0.75, 2.0  # of the change against brightness; gamma 0.7 rises by 1.85 at level 10
BEND = 0.004  # votes that a level of change between stretches costs, of all of a stretch
WIDE, NARROW = 8.0, 4.0  # levels: reach of a cell's weight, first and last
FEWEST = 6.0  # cells on the curve that make a stretch count
SHARE = 0.15  # of the cells of a stretch, likewise
STRAIGHT = 0.6  # levels: a curve no farther from a line is one
RANGE = 16.0  # levels between the darkest and the brightest stretch from which a gain can be told
STATES = 2 * FAR // STEP + 1


@dataclass(frozen=True, slots=True, eq=False)
class Tone:
    """A rising curve of brightness, levels of 0..255."""

    at: NDArray[np.float64]
    """(knots,) brightness of the reference, rising, from 0 to 255."""
    to: NDArray[np.float64]
    """(knots,) that of the test."""
    gain: float
    """Of the line nearest to it."""
    offset: float
    """Likewise, levels."""

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the curve at some brightnesses."""
        if len(self.at) == 2:
            return np.float32(self.gain) * x + np.float32(self.offset)
        return np.interp(x, self.at, self.to).astype(np.float32)


def line(gain: float, offset: float) -> Tone:
    """Return a straight one."""
    return Tone(np.array([0.0, 255.0]), np.array([offset, 255 * gain + offset]), gain, offset)


class Stretches:
    """Cells of a reference by their brightness.

    Parameters
    ----------
    x : (cells,) float32
        Means of the reference, levels of 0..255.

    Attributes
    ----------
    where : (cells,) int
        In which stretch a cell is, 0..STRETCHES - 1; all are of about one size.
    at : (STRETCHES,) float64
        Their middles, rising.
    """

    def __init__(self, x: NDArray[np.float32]) -> None:
        order = np.argsort(x, kind="stable")
        self.where = np.empty(len(x), np.intp)
        self.where[order] = np.arange(len(x)) * STRETCHES // max(len(x), 1)
        counts = np.bincount(self.where, minlength=STRETCHES)
        known = np.flatnonzero(counts)
        middles = np.bincount(self.where, weights=x, minlength=STRETCHES)[known] / counts[known]
        # rising, also where much is of one brightness
        self.at = np.interp(np.arange(STRETCHES), known, middles) + np.arange(STRETCHES) * 1e-3
        self.first = np.clip(np.searchsorted(self.at, x, side="right") - 1, 0, STRETCHES - 2)
        low, high = self.at[self.first], self.at[self.first + 1]
        self.share = np.clip((x - low) / (high - low), 0, 1).astype(np.float32)
        self.costs = [_costs(apart) for apart in np.diff(self.at)]

    def between(self, knots: NDArray[np.float64], chosen: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return knots interpolated at some cells."""
        first, share, knot = self.first[chosen], self.share[chosen], knots.astype(np.float32)
        values: NDArray[np.float32] = knot[first] * (1 - share) + knot[first + 1] * share
        return values

    def fit(self, change: NDArray[np.float32], chosen: NDArray[np.intp]) -> Tone:
        """Return the curve on which most cells lie.

        Parameters
        ----------
        change : (n,) float32
            What the test has more than the reference, levels.
        chosen : (n,) int
            Of which cells.
        """
        where = self.where[chosen]
        counts = np.bincount(where, minlength=STRETCHES)
        known = np.flatnonzero(counts >= FEWEST)
        if not len(known):
            return line(1.0, 0.0)
        knots = np.interp(np.arange(STRETCHES), known, self._path(change, where, counts, known))
        weight = np.zeros(STRETCHES)
        for reach in (WIDE, WIDE, NARROW, NARROW, NARROW):
            rest = change - self.between(knots, chosen)
            weight, drift = weighed(rest, reach, where)
            knots = knots + drift
        good = (weight >= FEWEST / 2) & (weight >= SHARE * counts)
        return _simplest(self.at[good], (self.at + knots)[good], weight[good])

    def _path(
        self,
        change: NDArray[np.float32],
        where: NDArray[np.intp],
        counts: NDArray[np.intp],
        known: NDArray[np.intp],
    ) -> NDArray[np.float64]:
        """Return the change at every known stretch that gets most votes along a path."""
        vote = np.clip(np.rint((change + FAR) / STEP), 0, STATES - 1).astype(np.intp)
        cast = np.bincount(where * STATES + vote, minlength=STRETCHES * STATES).reshape(STRETCHES, STATES)
        votes = (cast[known] / counts[known, None]).astype(np.float32)
        votes[:, 0] = votes[:, -1] = 0
        votes[:, 1:-1] = votes[:, 1:-1] + (votes[:, :-2] + votes[:, 2:]) / 2
        every = np.arange(STATES)
        score, back = votes[0] - np.float32(BEND / 4) * np.abs(every * STEP - FAR), []
        for k in range(1, len(known)):
            low, high = known[k - 1], known[k]
            cost = self.costs[low] if high == low + 1 else _costs(self.at[high] - self.at[low])
            reached = score - cost
            best = reached.argmax(axis=1)
            back.append(best)
            score = reached[every, best] + votes[k]
        path = [int(score.argmax())]
        for before in reversed(back):
            path.append(int(before[path[-1]]))
        return np.array(path[::-1]) * float(STEP) - FAR


def _costs(apart: float) -> NDArray[np.float32]:
    """Return what going from a state (column) to one (row) of a stretch so many levels on costs, votes."""
    moved = (np.arange(STATES)[:, None] - np.arange(STATES)) * STEP
    sane = (moved >= SLOPES[0] * apart - STEP) & (moved <= SLOPES[1] * apart + STEP)
    return np.where(sane, BEND * np.abs(moved), np.inf).astype(np.float32)


def weighed(
    rest: NDArray[np.float32], reach: float, where: NDArray[np.intp], groups: int = STRETCHES
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many cells of every group are near 0, and the mean of those."""
    near = np.maximum(1 - (rest / np.float32(reach)) ** 2, 0) ** 2
    weight = np.bincount(where, weights=near, minlength=groups).astype(np.float64)
    return weight, np.bincount(where, weights=near * rest, minlength=groups) / np.maximum(weight, 1e-3)


def _simplest(at: NDArray[np.float64], to: NDArray[np.float64], weight: NDArray[np.float64]) -> Tone:
    """Return a line if that is as good, else the curve through the knots."""
    if not len(at):
        return line(1.0, 0.0)
    if at[-1] - at[0] < RANGE:
        return line(1.0, float(np.average(to - at, weights=weight)))
    gain, offset, rest, w = 1.0, 0.0, to, weight
    for _ in range(4):
        total = w.sum()
        x, y = (w * at).sum() / total, (w * to).sum() / total
        gain = float((w * (at - x) * (to - y)).sum() / max((w * (at - x) ** 2).sum(), 1e-6))
        offset = float(y - gain * x)
        rest = to - gain * at - offset
        w = weight / (1 + (rest / STRAIGHT) ** 2)
    far = np.abs(rest) > STRAIGHT
    if weight[far].sum() <= 0.1 * weight.sum() or len(at) < 4:
        return line(gain, offset)
    return _curve(at, np.maximum.accumulate(to), gain, offset)


def _curve(at: NDArray[np.float64], to: NDArray[np.float64], gain: float, offset: float) -> Tone:
    """Return the rising curve through knots, prolonged to black and white as it ends."""
    ends = []
    for first, second, end in ((0, 2, 0.0), (-1, -3, 255.0)):
        slope = (to[second] - to[first]) / max(abs(at[second] - at[first]), 1e-3)
        slope = float(np.clip(abs(slope), 0.3, 2.5))
        ends.append(to[first] + slope * (end - at[first]))
    at = np.concatenate([[min(0.0, at[0] - 1e-3)], at, [max(255.0, at[-1] + 1e-3)]])
    return Tone(at, np.concatenate([ends[:1], to, ends[1:]]), gain, offset)
