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
WIDE, NARROW = 8.0, 3.0  # levels: reach of a cell's weight, first and last
FEWEST = 6.0  # cells on the curve that make a stretch count
SHARE = 0.15  # of the cells of a stretch, likewise
STRAIGHT = 0.6  # levels: a curve no farther from a line is one
RANGE = 16.0  # levels between the darkest and the brightest stretch from which a gain can be told


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


def stretches(x: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return in which stretch of brightness every cell is, 0..STRETCHES - 1, all of about one size."""
    order = np.argsort(x, kind="stable")
    out = np.empty(len(x), np.intp)
    out[order] = np.arange(len(x)) * STRETCHES // max(len(x), 1)
    return out


def fit(x: NDArray[np.float32], y: NDArray[np.float32], where: NDArray[np.intp]) -> Tone:
    """Return the curve on which most cells lie.

    Parameters
    ----------
    x, y : (cells,) float32
        Means of cells of the reference and of the test, levels of 0..255.
    where : (cells,) int
        Their `stretches`.
    """
    counts = np.bincount(where, minlength=STRETCHES)
    there = counts >= FEWEST
    if not there.any():
        return line(1.0, 0.0)
    change = y - x
    middle = np.bincount(where, weights=x, minlength=STRETCHES) / np.maximum(counts, 1)
    known = np.flatnonzero(there)
    knots = np.interp(np.arange(STRETCHES), known, _path(change, where, counts, middle, known))
    at = np.maximum.accumulate(np.interp(np.arange(STRETCHES), known, middle[known]))
    at += np.arange(STRETCHES) * 1e-3  # rising, also where much is of one brightness
    weight = np.zeros(STRETCHES)
    for reach in (WIDE, WIDE / 2, NARROW, NARROW):
        rest = change - np.interp(x, at, knots)
        w = np.maximum(1 - (rest / reach) ** 2, 0) ** 2
        weight = np.bincount(where, weights=w, minlength=STRETCHES).astype(np.float64)
        knots = knots + np.bincount(where, weights=w * rest, minlength=STRETCHES) / np.maximum(weight, 1e-3)
    good = (weight >= FEWEST / 2) & (weight >= SHARE * counts)
    return _simplest(at[good], (at + knots)[good], weight[good])


def _path(
    change: NDArray[np.float32],
    where: NDArray[np.intp],
    counts: NDArray[np.intp],
    middle: NDArray[np.float64],
    known: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return the change at every known stretch that gets most votes along a path."""
    states = 2 * FAR // STEP + 1
    vote = np.clip(np.rint((change + FAR) / STEP), 0, states - 1).astype(np.intp)
    cast = np.bincount(where * states + vote, minlength=STRETCHES * states).reshape(STRETCHES, states)
    votes = cast[known] / counts[known, None]
    votes[:, 0] = votes[:, -1] = 0
    votes[:, 1:-1] = votes[:, 1:-1] + (votes[:, :-2] + votes[:, 2:]) / 2
    at = np.arange(states)
    moved = (at[:, None] - at) * STEP  # from state of the column to that of the row
    cost = BEND * np.abs(moved)
    score, back = votes[0] - BEND * np.abs(at * STEP - FAR) / 4, []
    for k in range(1, len(known)):
        apart = middle[known[k]] - middle[known[k - 1]]
        low, high = SLOPES[0] * apart - STEP, SLOPES[1] * apart + STEP
        reached = np.where((moved >= low) & (moved <= high), score - cost, -np.inf)
        back.append(reached.argmax(axis=1))
        score = reached.max(axis=1) + votes[k]
    state = int(score.argmax())
    path = [state]
    for before in reversed(back):
        state = int(before[state])
        path.append(state)
    return np.array(path[::-1]) * float(STEP) - FAR


def _simplest(at: NDArray[np.float64], to: NDArray[np.float64], weight: NDArray[np.float64]) -> Tone:
    """Return a line if that is as good, else the curve through the knots."""
    if not len(at):
        return line(1.0, 0.0)
    if at[-1] - at[0] < RANGE:
        return line(1.0, float(np.average(to - at, weights=weight)))
    gain, offset = 1.0, 0.0
    w = weight
    for _ in range(4):
        x, y = np.average(at, weights=w), np.average(to, weights=w)
        spread = float(np.average((at - x) ** 2, weights=w))
        gain = float(np.average((at - x) * (to - y), weights=w)) / max(spread, 1e-6)
        offset = float(y - gain * x)
        rest = to - gain * at - offset
        w = weight / (1 + (rest / STRAIGHT) ** 2)
    far = np.abs(rest) > STRAIGHT
    if weight[far].sum() <= 0.1 * weight.sum() or len(at) < 4:
        return line(gain, offset)
    return _curve(at, to, gain, offset)


def _curve(at: NDArray[np.float64], to: NDArray[np.float64], gain: float, offset: float) -> Tone:
    """Return the rising curve through knots, prolonged to black and white as it ends."""
    rest = to - gain * at - offset
    rest[1:-1] = (rest[:-2] + 2 * rest[1:-1] + rest[2:]) / 4
    to = np.maximum.accumulate(gain * at + offset + rest)
    ends = []
    for first, second, end in ((0, 2, 0.0), (-1, -3, 255.0)):
        slope = (to[second] - to[first]) / max(abs(at[second] - at[first]), 1e-3)
        slope = float(np.clip(abs(slope), 0.3, 2.5))
        ends.append(to[first] + slope * (end - at[first]))
    at = np.concatenate([[min(0.0, at[0] - 1e-3)], at, [max(255.0, at[-1] + 1e-3)]])
    return Tone(at, np.concatenate([ends[:1], to, ends[1:]]), gain, offset)
