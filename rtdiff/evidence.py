"""What the blocks of two stills say about how the one was made from the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff import light
from rtdiff.classes import dataclass
from rtdiff.light import Light
from rtdiff.noise import FLOOR, another, compression_noise, still_noise, textured
from rtdiff.records import Noise

MOVED = 0.02  # what a shift by one pixel leaves of a block's variance in smooth pictures
SHIFTED = 0.5  # share of textured blocks that differ when the whole picture is shifted
TOUCHED = 0.1  # share of textured blocks with any difference, from which compression may be why
SLIGHTLY, SLIGHT = 0.003, 3.0  # or that share of all blocks, with differences of so many levels
ALIKE = 0.85  # share of textured blocks that are equal where both were made by the same renderer


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one pair; shares are of the blocks with texture."""

    noise: Noise
    """How much the pair differs by nature."""
    light: Light
    """The change of light on whose line most blocks lie."""
    equal: float
    """Share of blocks that are equal to within a level, 0..1."""
    same_renderer: bool
    """Whether hardly any block differs at all: what does differ was not drawn anew by chance."""
    unlike: bool
    """Whether most blocks differ, as when the picture is shifted."""
    touched: bool
    """Whether compression may have been at work."""
    compressed: tuple[float, ...]
    """What it did to the worst blocks, levels by plane; () if it was not."""


def weighed(sums: list[NDArray[np.int64]], data_range: int, quarters: NDArray[np.intp]) -> Evidence:
    """Return what block sums say; parameters as of `light.fit`, blocks of all planes in the same places."""
    lit = light.fit(sums, data_range, [quarters] * len(sums))
    left = light.residual(sums[0], lit.gains[0])
    spread, found, enough = textured(sums[0], data_range)
    unit = data_range / 255
    squares = np.max([plane[:, 1] for plane in sums], axis=0)
    level = 64 * unit * unit
    slight = (squares > 0) & (squares <= SLIGHT * SLIGHT * level)
    differs = float((squares[found] > 0).mean()) if found.any() else 0.0
    other = another(sums[0], data_range)
    noise = Noise(FLOOR, FLOOR, exact=True) if other else still_noise(sums, data_range, left, found)
    return Evidence(
        noise=noise,
        light=lit,
        equal=float((squares[found] <= level).mean()) if found.any() else 1.0,
        same_renderer=enough and 1 - differs >= ALIKE,
        unlike=shifted(left, (spread * unit) ** 2, found, unit),
        touched=enough and bool(differs >= TOUCHED or slight.mean() >= SLIGHTLY),
        compressed=compression_noise(sums, data_range, found) if enough and not other else (),
    )


def shifted(
    left: NDArray[np.float64], texture: NDArray[np.float64], found: NDArray[np.bool_], unit: float
) -> bool:
    """Return whether most blocks with texture differ, as when the whole picture is shifted.

    Parameters
    ----------
    left : (blocks,) float64
        Variance of d, a change of light taken away; code values squared.
    texture : (blocks,) float64
        Variance of the reference.
    found : (blocks,) bool
        Which have texture.
    unit : float
        Code values of a level of 0..255.
    """
    changed = left > np.maximum(MOVED * texture, 4 * unit * unit)
    return bool(found.any() and changed[found].mean() >= SHIFTED)
