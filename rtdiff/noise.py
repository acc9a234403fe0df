"""How much a pair of pictures differs by nature: sensor noise, compression.

The spread of the difference inside small blocks is the noise, where nothing has changed. It is
taken where three quarters of the blocks are below, so that a textured, compressed part counts,
but no more than twice the median, so that a change of up to half the picture does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff.blocks import SIZE, variance
from rtdiff.records import Noise

FLOOR = 1.0  # levels of 0..255: rounding alone; lossless pairs are judged by threshold * FLOOR
CEILING = 12.0  # sensor noise of sigma 8 in both pictures; what is above is no noise
EQUAL = 0.6  # levels: what rounding makes of two equal blocks, a gain taken away
TEXTURED = 8.0, 2.0  # levels: blocks with more spread are ones that noise would have touched
EXACT = 0.1  # share of textured blocks that are equal in a pair without noise; 0.02 in JPEGs of 90
COMPRESSED = 0.7  # levels: what compression changes the middle one of textured blocks by, at least
WORST = 0.98  # of the textured blocks, which one is called the worst: the rest may be a change
OTHER = 0.6  # of a block's variance: what differs by more shows something else
LOST, STILL = (
    0.1,
    0.02,
)  # of a texture's variance, what is left of one that is gone; share of flat, equal blocks
ENOUGH = 16  # textured blocks to judge by


def pair_noise(sums: list[NDArray[np.int64]], data_range: int) -> Noise:
    """Return the noise of luma and of chroma of one pair.

    Parameters
    ----------
    sums : list of (blocks, 5) int64
        For every plane, luma first: sums of d, d * d, x, x * x and x * d over 8x8 blocks.
    data_range : int
        Largest code value.

    Returns
    -------
    Noise
        Levels of 0..255 of the difference (not of one picture), `FLOOR` to `CEILING`.
    """
    levels = [_spread(plane) * 255 / data_range for plane in sums]
    luma, *chroma = (min(max(level, FLOOR), CEILING) for level in levels)
    return Noise(luma, max(chroma, default=FLOOR))


def still_noise(
    sums: list[NDArray[np.int64]], data_range: int, left: NDArray[np.float64], found: NDArray[np.bool_]
) -> Noise:
    """As `pair_noise`, for two stills, which may have no noise at all.

    Noise and compression spare no texture: where some textured blocks are equal, they are all as
    they were made, and whatever differs was made different.

    Parameters
    ----------
    left : (blocks,) float64
        Variance of d in luma's blocks, a change of light taken away; code values squared.
    found : (blocks,) bool
        Which blocks have texture, as `textured` says.
    """
    equal = np.sqrt(left) * 255 / data_range < EQUAL
    if not len(left) or equal[found].mean() >= EXACT:
        return Noise(FLOOR, FLOOR, exact=True)
    return pair_noise(sums, data_range)


def another(plane: NDArray[np.int64], data_range: int) -> bool:
    """Return whether most textured blocks show something else: noise and compression keep texture.

    Of JPEGs of quality 60 the middle block's difference has a third of its texture's variance, of
    another texture as much or more. So it is of noise alone; but noise spares no flat block, takes no
    texture away and is not above `CEILING`.

    Parameters
    ----------
    plane : (blocks, 5) int64
        As for `pair_noise`, of luma.
    """
    d, dd, x, xx, xd = (plane[:, k].astype(np.float64) for k in range(5))
    y, yy = x - d, xx - 2 * xd + dd
    varied_x, varied_y, varied_d = (SIZE * s - m * m for s, m in ((xx, x), (yy, y), (dd, d)))
    most, least = np.maximum(varied_x, varied_y), np.minimum(varied_x, varied_y)
    found = most > SIZE * (SIZE - 1) * (TEXTURED[-1] * data_range / 255) ** 2
    if found.sum() < ENOUGH or _quantile(varied_d[found] / most[found], 0.5) <= OTHER:
        return False
    still = int((~found & (dd == 0)).sum())
    lost = _quantile(least[found] / most[found], 0.5) < LOST
    strong = _quantile(varied_d[found], 0.5) > SIZE * (SIZE - 1) * (CEILING * data_range / 255) ** 2
    return lost or strong or still >= max(STILL * len(d), 4)


def compression_noise(
    sums: list[NDArray[np.int64]], data_range: int, found: NDArray[np.bool_]
) -> tuple[float, ...]:
    """Return how far compression changed the worst textured blocks, levels by plane; () if it did not.

    Compression touches nearly every block with texture; where it does not, it did not happen. What
    it does to the worst is bounded by its coarsest step, and does not grow with what is there.

    Parameters
    ----------
    found : (blocks,) bool
        Which blocks have texture.
    """
    spreads = []
    for plane in sums:
        d, dd = plane[found, 0].astype(np.float64), plane[found, 1].astype(np.float64)
        spread = np.sqrt(variance(d, dd)) * 255 / data_range
        spreads.append(spread)
    if _quantile(spreads[0], 0.5) < COMPRESSED:
        return ()
    return tuple(float(np.clip(_quantile(s, WORST), FLOOR, CEILING)) for s in spreads)


def textured(
    plane: NDArray[np.int64], data_range: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], bool]:
    """Return the spread of blocks, levels of 0..255, which of them have texture, and whether enough have.

    Where too few have, all are said to.
    """
    x, xx = (plane[:, k].astype(np.float64) for k in (2, 3))
    spread = np.sqrt(variance(x, xx)) * 255 / data_range
    for limit in TEXTURED:
        if (found := spread > limit).sum() >= ENOUGH:
            return spread, found, True
    return spread, np.ones(len(x), np.bool_), False


def _spread(sums: NDArray[np.int64]) -> float:
    """Return a robust standard deviation of d, in code values."""
    count = len(sums)
    if count == 0:
        return 0.0
    found = variance(sums[:, 0], sums[:, 1])
    half, most = count // 2, (3 * count) // 4
    found.partition((half, most))
    return float(np.sqrt(min(found[most], 4 * found[half])))


def _quantile(values: NDArray[np.float64], share: float) -> float:
    """Return the same as NumPy's, which imports masked arrays for it: 10 ms of every start."""
    ordered, at = np.sort(values), share * (len(values) - 1)
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (at - low))
