"""`ssim-gaussian`: SSIM with the window of Wang et al. 2004, 11x11, sigma 1.5.

With ``d = x - y`` and G the weighted mean under the window::

    A = G(xy) - G(x) G(y)      population covariance
    V = G(dd) - G(d) ** 2      variance of d
    m = G(x) G(y)

    SSIM = (2m + C1) (2A + C2) / ((2m + G(d)**2 + C1) (2A + V + C2))

the same form as in `rule`: with d = 0 both fractions are exactly 1, whatever was rounded. It is
what scikit-image makes of ``gaussian_weights=True, sigma=1.5, use_sample_covariance=False``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.engines.plan import Plan
from rtdiff.engines.rule import K1, K2
from rtdiff.records import Measured, Prepared
from rtdiff.spread import spread

if TYPE_CHECKING:
    from rtdiff.engines.engine import Engine

NAME = "ssim-gaussian"
SIDE = 11  # scikit-image's: cut off at 3.5 sigma
SIGMA = 1.5  # Wang et al. 2004, pixels


def side_for(shape: tuple[int, int]) -> int:
    """Return the side of the window: 11, or the largest odd one that fits the picture."""
    side = min(SIDE, *shape)
    return side if side % 2 else side - 1


def taps(side: int) -> NDArray[np.float64]:
    """Return the (side,) weights of one axis; their sum is 1."""
    at = np.arange(side) - side // 2
    weights = np.exp(-0.5 * (at / SIGMA) ** 2)
    out: NDArray[np.float64] = weights / weights.sum()
    return out


def constants(data_range: int) -> tuple[float, float]:
    """Return SSIM's (C1, C2)."""
    return (K1 * peak(data_range)) ** 2, (K2 * peak(data_range)) ** 2


def peak(data_range: int) -> int:
    """Return what 255 of 8 bits is: deeper video shifts it up (1020, as in VMAF), 16-bit pictures stretch it.

    So a film has the same value at 8 bit and shifted up to 10 bit. To get the same from
    scikit-image, give it this as ``data_range``.
    """
    return data_range if data_range in (255, 65535) else 255 * (data_range + 1) // 256


def measure(engine: Engine, reference: Prepared, test: Prepared, plan: Plan) -> Measured:
    """Return the metric of one pair: of luma, over the zones and the valid area."""
    if NAME not in plan.memory:
        plan.memory[NAME] = Plan(plan.shape, plan.labels, side_for(plan.shape))
    wide: Plan = plan.memory[NAME]
    by_label, mean = wide.means(engine.gaussian_sums(reference, test, wide))
    return Measured(mean, by_label, wide.window, SIDE)


def run_sums(engine: Engine, reference: Prepared, test: Prepared, plan: Plan) -> NDArray[np.float64]:
    """Return (runs,) sums of the map over the valid part of every run, a band of rows at a time."""
    height, width = plan.shape
    out = np.zeros(len(plan.runs))
    first, end = plan.valid.T

    def fill(start: int) -> None:
        rows = start, min(start + engine.band, height)
        runs = slice(*plan.row_start[list(rows)])
        x, y = (plan.padded(p.planes[0][:, :width], rows, engine.xp) for p in (reference, test))
        if not (x != y).any():
            out[runs] = end[runs] - first[runs]
            return
        ssim = engine.host(ssim_rows(x, y, taps(plan.window), reference.frame.data_range))
        plan.add_sums(ssim, rows, out)

    spread(fill, range(0, height, engine.band), engine.threads)
    return out


def ssim_rows(x: Any, y: Any, weights: NDArray[np.float64], data_range: int) -> Any:
    """Return the SSIM of the pixels inside of two arrays that have the window's border round them."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    d = x - y
    mx, md, a, v = (smooth(values, weights) for values in (x, d, x * y, d * d))
    m, e = mx * (mx - md), md * md
    a = 2.0 * (a - m)
    m *= 2.0
    v -= e
    c1, c2 = constants(data_range)
    return ((m + c1) * (a + c2)) / ((m + e + c1) * (a + v + c2))


def smooth(a: Any, weights: NDArray[np.float64]) -> Any:
    """Return weighted means along both axes; the border of the window's radius is used up."""
    r = len(weights) // 2
    for axis in (0, 1):
        length = a.shape[axis] - 2 * r
        parts = [a[k : k + length] if axis == 0 else a[:, k : k + length] for k in range(2 * r + 1)]
        total = parts[r] * float(weights[r])
        for k in range(r):
            total += (parts[k] + parts[2 * r - k]) * float(weights[k])
        a = total
    return a
