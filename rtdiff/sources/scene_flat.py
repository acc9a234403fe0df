"""The scene ``flat``: one gray, and little to see."""

from __future__ import annotations

from rtdiff.sources.scene import Brush, Change, box
from rtdiff.sources.scene_objects import add

BALL, PERSON = 660.0, 320.0  # where a ball's and a person's picture begin, units


def changes(brush: Brush) -> list[Change]:
    """Return what may change in a picture of this width."""
    x = brush.width / 2
    return [
        Change("box", "dark box", (x - 460, 300, x - 240, 480)),
        Change("box", "dark box", (x + 240, 240, x + 460, 420)),
        Change("small", "key", (x - 55, 560, x + 55, 620)),
    ]


def draw(brush: Brush, change: Change | None) -> None:
    """Draw nothing but one thing that is otherwise."""
    brush.fill(box(-9, -9, brush.width + 9, brush.height + 9), "#808080")
    if change is not None:
        add(brush, change)
