"""What the sums of 8x8 blocks that engines make say of spreads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE = 64  # samples in a block


def variance(total: NDArray[Any], squares: NDArray[Any]) -> NDArray[np.float64]:
    """Return (blocks,) variances of samples, code values squared, from their sums and sums of squares."""
    found: NDArray[np.float64] = np.maximum(SIZE * squares - total * total, 0) / (SIZE * (SIZE - 1))
    return found
