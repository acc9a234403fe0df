"""How much a pair of pictures differs by nature: sensor noise, compression.

The spread of the difference inside small blocks is the noise, where nothing has changed. It is
taken where three quarters of the blocks are below, so that a textured, compressed part counts,
but no more than twice the median, so that a change of up to half the picture does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FLOOR = 1.0  # levels of 0..255: rounding alone; lossless pairs are judged by threshold * FLOOR
CEILING = 12.0  # sensor noise of sigma 8 in both pictures; what is above is no noise
_SIZE = 64  # samples in a block


def pair_noise(sums: list[NDArray[np.int64]], data_range: int) -> tuple[float, float]:
    """Return the noise of luma and of chroma of one pair.

    Parameters
    ----------
    sums : list of (blocks, 2) int64
        For every plane, luma first: sums of d and of d * d over 8x8 blocks.
    data_range : int
        Largest code value.

    Returns
    -------
    tuple of float
        Levels of 0..255 of the difference (not of one picture), `FLOOR` to `CEILING`.
    """
    levels = [_spread(plane) * 255 / data_range for plane in sums]
    luma, *chroma = (min(max(level, FLOOR), CEILING) for level in levels)
    return luma, max(chroma, default=FLOOR)


def _spread(sums: NDArray[np.int64]) -> float:
    """Return a robust standard deviation of d, in code values."""
    count = len(sums)
    if count == 0:
        return 0.0
    variance = (_SIZE * sums[:, 1] - sums[:, 0] ** 2) / (_SIZE * (_SIZE - 1))
    half, most = count // 2, (3 * count) // 4
    variance.partition((half, most))
    return float(np.sqrt(min(variance[most], 4 * variance[half])))
