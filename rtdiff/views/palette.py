"""Colours that the colour-blind tell apart (Okabe & Ito 2008), and that differ in lightness too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rtdiff.errors import SettingsError

Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""

BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
GRAY: Colour = (48, 44, 42)
VERMILLION: Colour = (0, 94, 213)
ORANGE: Colour = (0, 159, 230)
YELLOW: Colour = (66, 228, 240)
GREEN: Colour = (115, 158, 0)
BLUE: Colour = (178, 114, 0)
SKY: Colour = (233, 180, 86)


@dataclass(frozen=True, slots=True)
class Palette:
    """What is painted in which colour."""

    box: Colour = VERMILLION
    """Outline of a different region; it has a white and a black line beside it."""
    tint: Colour = ORANGE
    """Laid over different pixels."""
    same: Colour = GREEN
    """The mark of 'same', a disc with a check."""
    different: Colour = VERMILLION
    """The mark of 'different', a square with a cross."""
    alarm: Colour = YELLOW
    """Plate of an alarm; its text is black."""
    ground: Colour = GRAY
    """Where there is no picture."""
    heat: Literal["inferno", "cividis", "gray"] = "inferno"
    """Colour map of the heat; all are perceptually uniform, safe for the colour-blind, and dark where
    nothing differs."""
    dashed: bool = False
    """Outlines are dashed and the tint is hatched, so that both are seen without any colour."""


PALETTES = {
    "vivid": Palette(),
    "cool": Palette(box=SKY, tint=BLUE, different=BLUE, alarm=SKY, heat="cividis"),
    "mono": Palette(
        box=WHITE,
        tint=WHITE,
        same=BLACK,
        different=BLACK,
        alarm=WHITE,
        ground=(44, 44, 44),
        heat="gray",
        dashed=True,
    ),
}
"""By the name that ``--palette`` takes: ``vivid`` for most pictures, ``cool`` for red and orange ones,
``mono`` for print and for eyes that see no colour."""


def palette_of(name: str) -> Palette:
    """Return the palette called `name`.

    Raises
    ------
    SettingsError
        When there is no such palette.
    """
    if name not in PALETTES:
        raise SettingsError(f"palette {name!r}: not one of ours; choose from {', '.join(PALETTES)}")
    return PALETTES[name]
