"""Which picture goes where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rtdiff.errors import SettingsError

Content = Literal["reference", "test", "split", "blink", "diff", "heat"]
Layout = Literal["overlay", "split", "side", "stack", "blink", "diff", "heat"]
SINGLE: dict[str, Content] = {
    "overlay": "test",
    "split": "split",
    "blink": "blink",
    "diff": "diff",
    "heat": "heat",
}
"""Layouts of one panel, and what it shows."""
LAYOUTS: tuple[Layout, ...] = ("overlay", "split", "side", "stack", "blink", "diff", "heat")
SizeHW = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Panel:
    """A place on the canvas."""

    content: Content
    """What it shows: one of the pictures, or what is made of both."""
    left: int
    """Pixels from the left edge of the canvas."""
    top: int
    """Pixels from its top edge."""
    width: int
    """Pixels; boxes may lie anywhere in it."""
    height: int
    """Pixels."""


def arrange(layout: str, reference_hw: SizeHW, test_hw: SizeHW) -> tuple[SizeHW, list[Panel]]:
    """Return height and width of the canvas, and its panels.

    Pictures keep their size and share their top left corner; where one is smaller, a panel holds ground.

    Parameters
    ----------
    layout : str
        ``overlay`` shows the test picture, ``split`` the left half of the reference and the right half of
        the test, ``side`` the reference left of the test, ``stack`` above it, ``blink`` the one after the
        other, ``diff`` their amplified difference, ``heat`` how strongly every place differs.
    reference_hw, test_hw : tuple of int
        Height and width, pixels.

    Raises
    ------
    SettingsError
        When there is no such layout.
    """
    if layout not in LAYOUTS:
        raise SettingsError(f"layout {layout!r}: not one that can be drawn; choose from {', '.join(LAYOUTS)}")
    height, width = max(reference_hw[0], test_hw[0]), max(reference_hw[1], test_hw[1])
    if layout in SINGLE:
        return (height, width), [Panel(SINGLE[layout], 0, 0, width, height)]
    gap = gutter(height, width)
    right, down = (width + gap, 0) if layout == "side" else (0, height + gap)
    panels = [Panel("reference", 0, 0, width, height), Panel("test", right, down, width, height)]
    return (height + down, width + right), panels


def gutter(height: int, width: int) -> int:
    """Return the space between two panels, pixels; even, so that video keeps its chroma apart."""
    return max(2, 2 * round(min(height, width) / 200))
