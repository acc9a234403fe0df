"""Colours and surfaces for synthetic scenes, in integers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
FINE = 1024  # steps from one side of a shape to the other, as paints count them


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paint is asked for its colours; ``x`` and ``u`` are (1, w), ``y`` and ``v`` (h, 1)."""

    u: Ints
    """Across the shape, 0..1024 from its left to its right side."""
    v: Ints
    """Down the shape, 0..1024 from its top to its bottom."""
    x: Ints
    """From the left of the picture, quarters of a unit."""
    y: Ints
    """From its top, quarters of a unit."""


Paint = str | Callable[[Place], NDArray[np.uint16]]
"""A colour ``#rrggbb``, or what makes colours (h, w, 3) BGR, 0..255, for a place."""


@lru_cache(maxsize=512)
def bgr(colour: str) -> tuple[int, int, int]:
    """Return ``#rrggbb`` as (blue, green, red), 0..255."""
    return int(colour[5:7], 16), int(colour[3:5], 16), int(colour[1:3], 16)


def mix(colour: str, other: str, percent: int) -> str:
    """Return `colour` with `percent` of it, 0..100, replaced by `other`."""
    pairs = zip(reversed(bgr(colour)), reversed(bgr(other)), strict=True)
    return "#" + "".join(f"{(a * (100 - percent) + b * percent + 50) // 100:02x}" for a, b in pairs)


@lru_cache(maxsize=512)
def ramp(*stops: tuple[int, str]) -> NDArray[np.uint16]:
    """Return (1025, 3) BGR: colours between `stops`, (position 0..1024, colour) in order."""
    table = np.empty((FINE + 1, 3), np.uint16)
    for (start, first), (end, last) in pairwise(stops):
        step = np.arange(end - start + 1)[:, None]
        a, b = np.array(bgr(first)), np.array(bgr(last))
        table[start : end + 1] = (a * (end - start - step) + b * step) // (end - start)
    return table


def _pick(table: NDArray[np.uint16], at: Ints) -> NDArray[np.uint16]:
    return np.asarray(table[at], np.uint16)


@lru_cache(maxsize=512)
def down(*colours: str) -> Paint:
    """Return a paint that goes evenly from the first of `colours` at the top to the last."""
    table = ramp(*((FINE * i // (len(colours) - 1), c) for i, c in enumerate(colours)))
    return lambda place: _pick(table, place.v)


@lru_cache(maxsize=512)
def cylinder(colour: str) -> Paint:
    """Return a paint for something upright and round, lit from the upper left."""
    dark, light = mix(colour, "#000000", 58), mix(colour, "#ffffff", 30)
    edge = mix(colour, "#000000", 45)
    table = ramp((0, dark), (190, colour), (320, light), (470, colour), (860, dark), (FINE, edge))
    return lambda place: _pick(table, place.u)


@lru_cache(maxsize=512)
def globe(colour: str) -> Paint:
    """Return a paint for a ball, lit from the upper left."""
    light = mix(colour, "#ffffff", 72)
    table = ramp(
        (0, light), (110, mix(colour, "#ffffff", 25)), (300, colour), (FINE, mix(colour, "#000000", 72))
    )

    def paint(place: Place) -> NDArray[np.uint16]:
        far = (place.u - 370) ** 2 + (place.v - 330) ** 2
        return _pick(table, np.minimum(far // 640, FINE))

    return paint


@lru_cache(maxsize=512)
def rough(seed: str, length: int, step: int) -> Ints:
    """Return (length,) integers -128..128 that wander smoothly, with a knot every `step`."""
    dice = random.Random(seed)
    knots = np.array([int(dice.random() * 257) - 128 for _ in range(length // step + 2)], np.int32)
    at = np.arange(length)
    before, part = at // step, at % step
    return (knots[before] * (step - part) + knots[before + 1] * part) // step


@lru_cache(maxsize=512)
def wood(colour: str, seed: str, upright: bool = False) -> Paint:
    """Return a paint with grain, along x or, `upright`, along y."""
    bend = rough(seed + "bend", 4096, 260) // 4 + rough(seed + "knot", 4096, 70) // 12
    grain = (rough(seed + "ring", 4096, 26) + rough(seed + "line", 4096, 5)) // 8
    tint = np.array(bgr(colour), np.int32)

    def paint(place: Place) -> NDArray[np.uint16]:
        along, over = (place.y, place.x) if upright else (place.x, place.y)
        shade = 256 + grain[(over + bend[along % 4096]) % 4096]
        return np.asarray(np.minimum(tint * shade[..., None] >> 8, 255), np.uint16)

    return paint


@lru_cache(maxsize=512)
def speckled(colour: str, other: str, seed: str, size: int) -> Paint:
    """Return a paint of cells of `size` quarter units, each somewhere between two colours."""
    cells = np.frombuffer(random.Random(seed).randbytes(64 * 64), np.uint8).reshape(64, 64)
    table = ramp((0, colour), (FINE, other))
    return lambda place: _pick(table, cells[place.y // size % 64, place.x // size % 64].astype(np.int32) * 4)
