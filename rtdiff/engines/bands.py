"""What an engine lends to loops that run over bands of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from numpy.typing import NDArray


class Bands(NamedTuple):
    """What an engine lends."""

    take: Callable[[tuple[int, ...], Any], NDArray[Any]]
    """Shape, dtype -> an array of undefined contents, used again once nobody holds it."""
    run: Callable[[int, Callable[[int, int, int], None]], None]
    """Runs a job (number of the band, first row, end row) for every band of so many rows."""
    most: int
    """How many bands there are at most."""
