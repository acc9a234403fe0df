"""Order statistics without NumPy's own, which sort everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def quantile(values: NDArray[np.float32], share: float) -> float:
    """Return the value that so large a share is at most; of a few values, the lower one."""
    at = int(share * (len(values) - 1))
    return float(np.partition(values, at)[at])
