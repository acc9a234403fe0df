"""What decides 'different', in integers, so that every engine decides the same.

With n samples in a window, sums over it of x (reference) and y (test), and ``d = x - y``::

    A = n * sum(xy) - sum(x) * sum(y)             n * (n - 1) times the covariance
    V = n * sum(dd) - (sum(x) - sum(y)) ** 2      n * (n - 1) times the variance of d
    m = sum(x) * sum(y)

    SSIM = (2m + c1) (2A + c2) / ((2m + (sum(x) - sum(y))**2 + c1) (2A + V + c2))

which is Wang et al. 2004 with both fractions multiplied by n * n and n * (n - 1); the sums are
exact integers, so a thing with itself is exactly 1. A pixel is different when, in units of the
noise of this pair (t = threshold * noise),

    luma or chroma differs    d * d > t * t + cov / 4      what both textures share hides a quarter
    or the structure does     V > 2A + n (n - 1) (C2 + t * t / 4)   and   abs(d) > t / 2

The second line is SSIM's structure term under 1/2 with the noise added to its constant; the last
part keeps the halo of the window out of the mask. Both are comparisons of integers.
"""

from __future__ import annotations

from math import floor

from rtdiff.classes import dataclass
from rtdiff.grid import CELL
from rtdiff.records import Noise

K1, K2 = 0.01, 0.03  # Wang et al. 2004
WINDOW = 7  # scikit-image's default
TILE = CELL  # of the tile summary; two pixels of a cell are nearer than --merge


@dataclass(frozen=True, slots=True)
class Limits:
    """The integers that a pixel is compared with; see the module's text."""

    luma: int
    """4 n (n - 1) t * t of luma."""
    chroma: int
    """The same of chroma."""
    structure: int
    """n (n - 1) (C2 + t * t / 4)."""
    luma_gate: int
    """Largest abs(d) of luma that is never different, code values."""
    chroma_gate: int
    """Largest abs(d) of chroma that is never different, code values."""
    texture: int
    """1: shared texture hides differences; 0 (``strict``, a pair without noise): it does not."""


def constants(data_range: int, n: int) -> tuple[float, float]:
    """Return SSIM's (c1, c2), scaled for sums over n samples."""
    return n * n * (K1 * data_range) ** 2, n * max(n - 1, 1) * (K2 * data_range) ** 2


def limits(threshold: float, strict: bool, noise: Noise, data_range: int, n: int) -> Limits:
    """Return the integer limits for one pair.

    Parameters
    ----------
    threshold : float
        In units of the noise.
    strict : bool
        Every sample that differs is different; threshold and noise do not matter.
    noise : Noise
        Of luma and of chroma; in a pair without any, shared texture hides nothing.
    data_range : int
        Largest code value.
    n : int
        Samples in a window.
    """
    scale = n * max(n - 1, 1)
    c2 = (K2 * data_range) ** 2
    if strict:
        return Limits(0, 0, floor(scale * c2), 0, 0, 0)
    # a difference is never above data_range: a larger limit says no more, and overflows 32 bits
    luma, chroma = (min(threshold * level * data_range / 255, data_range) for level in noise[:2])
    return Limits(
        luma=floor(4 * scale * luma * luma),
        chroma=floor(4 * scale * chroma * chroma),
        structure=floor(scale * (c2 + luma * luma / 4)),
        luma_gate=floor(luma / 2),
        chroma_gate=floor(chroma / 2),
        texture=int(not noise.exact),
    )


def window_for(height: int, width: int) -> int:
    """Return the side of the SSIM window: 7, or the largest odd one that fits the picture."""
    side = min(WINDOW, height, width)
    return side if side % 2 else side - 1
