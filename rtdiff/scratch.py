"""Memory for arrays of changing sizes that are needed for a moment, used again and again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Scratch:
    """Gives arrays by name; one is undefined once its name is asked for again. For one thread."""

    def __init__(self) -> None:
        self._memory: dict[str, NDArray[np.uint8]] = {}

    def take(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return an array of undefined contents, C-contiguous."""
        kind = np.dtype(dtype)
        size = math.prod(shape) * kind.itemsize
        memory = self._memory.get(name)
        if memory is None or memory.size < size:
            memory = self._memory[name] = np.empty(size + size // 4, np.uint8)
        return memory[:size].view(kind).reshape(shape)
