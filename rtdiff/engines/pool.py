"""Arrays that are used again once nobody else holds them."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


def _references(arrays: list[NDArray[Any]], index: int) -> int:
    return sys.getrefcount(arrays[index])


# what an array has that only the list holds: differs between versions of CPython
_UNUSED = _references([np.empty(0)], 0)


class Pool:
    """Hands out arrays; one comes back by itself when its last holder, or view, has gone."""

    def __init__(self) -> None:
        self._arrays: list[NDArray[Any]] = []

    def take(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return an array of undefined contents, C-contiguous."""
        for index in range(len(self._arrays)):
            array = self._arrays[index]
            fits = array.shape == shape and array.dtype == dtype
            del array
            if fits and _references(self._arrays, index) == _UNUSED:
                return self._arrays[index]
        self._arrays.append(np.empty(shape, dtype))
        return self._arrays[-1]
