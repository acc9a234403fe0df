"""A change of light in fixed point: what finds light hands it to engines, which all say the same of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.records import Correction

SHIFT = 6  # bits behind the point of a lit code value: with 14 of the gain, 8-bit planes fit 32 bits
ONE = 14  # bits behind the point of gains, slopes and shares


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """A change of light, as `Engine.relit` applies it."""

    luma: NDArray[np.int32]
    """(data_range + 1,) lit luma above black of every code value, times 2**SHIFT, unclipped."""
    black: int
    """Luma of black, times 2**SHIFT: gains of nodes leave it as it is."""
    mix: tuple[int, int]
    """What a level of Cb and of Cr adds to luma, times 2**ONE."""
    chroma: tuple[tuple[NDArray[np.int32], NDArray[np.int32]], ...]
    """Of Cb and of Cr, by code value of luma: slope times 2**ONE, tint times 2**SHIFT."""
    nodes: NDArray[np.int32] | None
    """(2, rows, columns) gain times 2**ONE, offset times 2**SHIFT, every `step` luma pixels from 0
    to beyond the last one; None: 1 and 0 everywhere."""
    step: int
    """Luma pixels between nodes, a power of two."""
    told: Correction
    """What the result says of it."""
