"""Rows of things that stand on a board of a synthetic scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rtdiff.sources.scene import Brush, Change, Points, oval


@dataclass(frozen=True, slots=True)
class Ware:
    """One thing to stand somewhere."""

    label: str
    """What it is, for people."""
    width: float
    """Units."""
    height: float
    """Units."""
    draw: Callable[[Brush, float, float], None]
    """Draws it with its left side and its foot at (x, y), units."""


def row(wares: list[Ware], left: float, right: float, space: float) -> list[tuple[float, Ware]]:
    """Return `wares` with their x, evenly from `left` to `right`; the first again where there is room."""
    chosen: list[Ware] = []
    used = 0.0
    while used + wares[len(chosen) % len(wares)].width + space <= right - left:
        chosen.append(wares[len(chosen) % len(wares)])
        used += chosen[-1].width + space
    space = (right - left - sum(w.width for w in chosen)) / max(len(chosen), 1)
    placed, x = [], left + space / 2
    for ware in chosen:
        placed.append((x, ware))
        x += ware.width + space
    return placed


def around(x: float, y: float, ware: Ware) -> tuple[float, float, float, float]:
    """Return all that `ware` covers when it stands at (x, y), its shadow included."""
    return x - 60, y - ware.height - 36, x + ware.width + 72, y + 30


def stand(brush: Brush, wares: list[tuple[float, Ware]], y: float, change: Change | None) -> None:
    """Draw what stands on one board, without what is missing."""
    for x, ware in wares:
        rect = around(x, y, ware)
        missing = change is not None and change.kind == "missing" and change.rect == rect
        if brush.sees(*rect) and not missing:
            ware.draw(brush, x, y)


def foot(brush: Brush, x: float, y: float, width: float) -> None:
    """Darken where something `width` wide stands."""
    brush.shadow(oval(x + width * 0.56, y + 1, width * 0.56, 5), 0.6, 5)


def cast(brush: Brush, points: Points, alpha: float = 0.35) -> None:
    """Let a shape throw its shadow on the wall behind it."""
    brush.shadow([(x + 13, y + 7) for x, y in points], alpha, 9)
