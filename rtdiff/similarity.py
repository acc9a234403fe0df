"""The similarity (shift, rotation, zoom) that most of many small displacements agree on.

Points and displacements are complex numbers, x + iy: a similarity moves the point z by t + k * z,
where k = zoom * exp(i * angle) - 1. Points are told from the picture's middle and in units of half
its diagonal, so that k is what the movement adds at the corners, pixels.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

TUKEY = 4.685  # of the biweight, standard deviations: 95 % efficient on normal errors
ROUNDS = 8  # of reweighting, at most
SETTLED = 0.002  # pixels: it is over when nothing changes more
TRIALS = 96  # pairs of points that are tried: with 30 % right ones, all are wrong once in 8000
TOGETHER = 12  # trials at a time: 12 x 256 complex numbers are 48 KiB
MOST = 0.6  # share of the displacements that agree near a guess with which no vote is held
SMALL = 4.0  # standard deviations below which rotation and zoom are none
CORNERS = 0.1  # pixels at the corners below which rotation and zoom are none


class Fit(NamedTuple):
    """What the displacements agree on."""

    shift: complex
    """Of the middle, pixels."""
    turn: complex
    """What rotation and zoom add at half the diagonal, pixels."""
    agree: NDArray[np.bool_]
    """(points,) which of them say so."""
    size: float
    """How far the middle one of those points moves, pixels."""
    sigma: float
    """Standard deviation of what the middle one of them says, pixels."""


@cache
def _chances() -> NDArray[np.float64]:
    """Return (2, TRIALS, 4) numbers from 0 to 1, the same every time."""
    return np.random.default_rng(0).random((2, TRIALS, 4))


def _pairs(points: NDArray[np.complex128]) -> NDArray[np.intp]:
    """Return (2, TRIALS) indices of points far from each other: the farthest of four pairs each."""
    first, second = (_chances() * len(points)).astype(np.intp)
    best = np.abs(points[first] - points[second]).argmax(axis=1)
    each = np.arange(TRIALS)
    return np.stack([first[each, best], second[each, best]])


def vote(
    points: NDArray[np.complex128], moves: NDArray[np.complex128], limit: float, most: float
) -> tuple[complex, complex]:
    """Return shift and turn that the most displacements agree on within `limit` pixels.

    Parameters
    ----------
    points, moves : array of complex
        (n,) places, in half diagonals from the middle, and how far each moved, pixels.
    limit : float
        Farthest from the similarity that a displacement agrees with it, pixels.
    most : float
        Largest rotation and zoom that are believed, pixels at half the diagonal.
    """
    first, second = _pairs(points)
    best, least = (0j, 0j), np.inf
    for k in range(0, TRIALS, TOGETHER):
        i, j = first[k : k + TOGETHER], second[k : k + TOGETHER]
        apart = points[j] - points[i]
        turn = np.divide(moves[j] - moves[i], apart, out=np.zeros_like(apart), where=apart != 0)
        turn[np.abs(turn) > most] = 0  # then it is a trial of a shift alone
        shift = moves[i] - turn * points[i]
        misses = np.abs(moves - shift[:, None] - turn[:, None] * points)
        costs = np.minimum(misses, limit, out=misses).sum(axis=1)
        at = int(costs.argmin())
        if costs[at] < least:
            best, least = (complex(shift[at]), complex(turn[at])), costs[at]
    return best


def agreed(
    points: NDArray[np.complex128],
    moves: NDArray[np.complex128],
    sigmas: NDArray[np.float64],
    near: tuple[complex, complex],
    limit: float,
    most: float,
) -> Fit:
    """Return what the most displacements agree on: near a guess if most do, else by a vote."""
    off = moves - near[0] - near[1] * points
    start = near[0] + complex(_middle(off.real), _middle(off.imag)), near[1]
    found = fit(points, moves, sigmas, start, limit)
    if found.agree.mean() >= MOST:
        return found
    other = fit(points, moves, sigmas, vote(points, moves, limit, most), limit)
    return other if other.agree.sum() > found.agree.sum() else found


def fit(
    points: NDArray[np.complex128],
    moves: NDArray[np.complex128],
    sigmas: NDArray[np.float64],
    start: tuple[complex, complex],
    limit: float,
) -> Fit:
    """Return the similarity near `start` that the displacements agree on, by Tukey's biweight.

    Parameters
    ----------
    points, moves : array of complex
        As of `vote`.
    sigmas : array of float
        (n,) standard deviation of every displacement, pixels.
    start : tuple of complex
        Shift and turn to begin with.
    limit : float
        Farthest from it that a displacement is heard, pixels.
    """
    shift, turn = start
    inverse = 1 / sigmas**2
    reach = np.minimum(TUKEY * sigmas, limit)
    weights = inverse
    for _ in range(ROUNDS):
        far = np.abs(moves - shift - turn * points) / reach
        weights = inverse * np.square(np.maximum(1 - far * far, 0))
        if not weights.any():
            return Fit(shift, turn, far < 1, 0.0, np.inf)
        before = shift, turn
        shift, turn, spread = _weighted(points, moves, weights)
        if abs(shift - before[0]) + abs(turn - before[1]) < SETTLED:
            break
    error = _error(points, moves, weights, shift, turn, spread)
    if abs(turn) < max(CORNERS, SMALL * error):
        total = weights.sum()
        shift, turn = complex((weights * moves).sum() / total), 0j
    agree = np.abs(moves - shift - turn * points) < reach
    if not agree.any():
        return Fit(shift, turn, agree, 0.0, np.inf)
    size = _middle(np.abs(shift + turn * points[agree]))
    return Fit(shift, turn, agree, size, _middle(sigmas[agree]))


def _middle(values: NDArray[np.float64]) -> float:
    """Return the median, or the upper of two."""
    half = len(values) // 2
    return float(np.partition(values, half)[half])


def _weighted(
    points: NDArray[np.complex128], moves: NDArray[np.complex128], weights: NDArray[np.float64]
) -> tuple[complex, complex, float]:
    """Return shift and turn of least weighted squares, and the weighted spread of the points."""
    total = weights.sum()
    middle, mean = (weights * points).sum() / total, (weights * moves).sum() / total
    apart = points - middle
    spread = float((weights * (apart * apart.conj()).real).sum())
    if spread <= 1e-6 * total:
        return complex(mean), 0j, 0.0
    turn = complex((weights * apart.conj() * (moves - mean)).sum() / spread)
    return complex(mean - turn * middle), turn, spread


def _error(
    points: NDArray[np.complex128],
    moves: NDArray[np.complex128],
    weights: NDArray[np.float64],
    shift: complex,
    turn: complex,
    spread: float,
) -> float:
    """Return the standard deviation that goes with a sum of weights, pixels."""
    if spread == 0:
        return np.inf
    off = np.abs(moves - shift - turn * points)
    variance = float((weights * off * off).sum() / weights.sum())
    count = max(float(weights.sum() ** 2 / (weights * weights).sum()), 1.0)
    share = spread / float(weights.sum())
    return float(np.sqrt(variance / count / min(share, 1.0)))
