"""Which found box is which true one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

XYXY = tuple[int, int, int, int]
"""Left, top, right, bottom; half-open, pixels."""

MOSTLY = 0.5  # share of a found box inside one that does not count, from which it does not count either


class TrueBox(NamedTuple):
    """One true region."""

    xyxy: XYXY
    """Where it is."""
    counts: bool = True
    """False: whether it is found does not matter (a crowd, a speck)."""


class Matched(NamedTuple):
    """What became of every box."""

    right: tuple[tuple[int, int], ...]
    """Numbers of a true and a found box that belong together."""
    false: tuple[int, ...]
    """Found boxes that fit no true one."""
    missed: tuple[int, ...]
    """True boxes that nothing found fits."""


def match(true: Sequence[TrueBox], found: Sequence[XYXY], iou: float) -> Matched:
    """Match greedily, one to one: the pair that fits best first, while it fits better than `iou`.

    Neither a second box on one true region nor one box over two of them counts twice. A found box
    that fits, or lies mostly inside, a region that does not count is left out. Ties go to the earlier
    true box, then to the earlier found one.

    Parameters
    ----------
    true : sequence of TrueBox
        The truth.
    found : sequence of tuple
        What was found.
    iou : float
        Intersection over union above which (not at which) two boxes may belong together.
    """
    some = [n for n, box in enumerate(true) if box.counts]
    fits = overlaps([true[n].xyxy for n in some], found)
    right: list[tuple[int, int]] = []
    rows, columns = np.nonzero(fits > iou)
    taken: tuple[set[int], set[int]] = set(), set()
    for at in np.argsort(-fits[rows, columns], kind="stable"):
        row, column = int(rows[at]), int(columns[at])
        if row not in taken[0] and column not in taken[1]:
            taken[0].add(row)
            taken[1].add(column)
            right.append((some[row], column))
    left = [n for n in range(len(found)) if n not in taken[1]]
    ignored = [box.xyxy for box in true if not box.counts]
    if left and ignored:
        spare = [found[n] for n in left]
        free = np.any((overlaps(ignored, spare) > iou) | (inside(ignored, spare) > MOSTLY), axis=0)
        left = [n for n, away in zip(left, free.tolist(), strict=True) if not away]
    missed = tuple(n for row, n in enumerate(some) if row not in taken[0])
    return Matched(tuple(right), tuple(left), missed)


def overlaps(a: Sequence[XYXY], b: Sequence[XYXY]) -> NDArray[np.float64]:
    """Return intersection over union of every box of `a` with every one of `b`, (len(a), len(b))."""
    both, area_a, area_b = _shared(a, b)
    return both / np.maximum(area_a[:, None] + area_b[None] - both, 1e-9)


def inside(a: Sequence[XYXY], b: Sequence[XYXY]) -> NDArray[np.float64]:
    """Return which share of every box of `b` lies in every one of `a`, (len(a), len(b))."""
    both, _, area_b = _shared(a, b)
    return both / np.maximum(area_b[None], 1e-9)


def _shared(a: Sequence[XYXY], b: Sequence[XYXY]) -> tuple[NDArray[np.float64], ...]:
    one = np.asarray(a, np.float64).reshape(-1, 4)
    two = np.asarray(b, np.float64).reshape(-1, 4)
    low = np.maximum(one[:, None, :2], two[None, :, :2])
    high = np.minimum(one[:, None, 2:], two[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    return both, np.prod(one[:, 2:] - one[:, :2], axis=1), np.prod(two[:, 2:] - two[:, :2], axis=1)
