"""How colours changed with the light: lines through most cells, by weighted least squares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

REACHES = 24.0, 12.0, 6.0, 3.0, 3.0  # levels: how far from it a cell still weighs, round by round


def fit(
    given: NDArray[np.float32],
    change: NDArray[np.float32],
    weight: NDArray[np.float32],
    prior: tuple[float, ...],
) -> tuple[NDArray[np.float64], float]:
    """Return factors of `given` that explain `change` in most cells, and the share that they explain.

    Parameters
    ----------
    given : (factors, cells) float32
        What it may depend on, levels.
    change : (cells,) float32
        Levels.
    weight : (cells,) float32
        0..1.
    prior : tuple of float
        By factor: the mean square that stands for its being 0.
    """
    total = max(float(weight.sum()), 1e-6)
    factors, now = np.zeros(len(given)), weight
    for reach in REACHES:
        rest = (change - combined(given, factors)) / np.float32(reach)
        now = weight * np.maximum(1 - rest * rest, 0) ** 2
        heavy = given * now
        matrix = np.einsum("ic,jc->ij", heavy, given).astype(np.float64) + np.diag(prior) * total
        factors = np.linalg.solve(matrix, (heavy * change).sum(axis=1).astype(np.float64))
    return factors, float(now.sum()) / total


def combined(given: NDArray[np.float32], factors: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the sum of `given` by `factors`, (cells,); BLAS would wake threads for it."""
    out: NDArray[np.float32] = np.einsum("ic,i->c", given, factors.astype(np.float32))
    return out
