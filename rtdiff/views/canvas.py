"""A picture to draw into, again and again, with the room that drawing needs."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Picture
from rtdiff.views.fills import BAND, Workshop, bands, place, split
from rtdiff.views.layouts import Panel, SizeHW, arrange
from rtdiff.views.palette import BLACK, Palette

TINTED = ("overlay", "side", "stack")
"""Layouts that colour different pixels; the others show the pictures as they are."""
HATCH = 8  # pixels from one stripe of a hatched tint to the next; BAND is a multiple of it


class Canvas:
    """What is drawn into; nothing of the size of a picture is allocated after it was made.

    Attributes
    ----------
    picture : ndarray
        (H, W, 3) uint8, BGR; what was drawn last.
    panels : list of Panel
        Places on it.
    """

    def __init__(
        self, layout: str, reference_hw: SizeHW, test_hw: SizeHW, palette: Palette | None = None
    ) -> None:
        self.palette = palette or Palette()
        self.key = (layout, tuple(reference_hw), tuple(test_hw))
        shape, self.panels = arrange(layout, reference_hw, test_hw)
        self.picture: Picture = np.full((*shape, 3), self.palette.ground, np.uint8)
        width = self.panels[0].width
        self._workshop = Workshop(width) if layout in ("diff", "heat") else None
        if layout in TINTED:
            self._tint = _tint_of(width, self.palette)
            self._mixed: Picture = np.empty_like(self._tint)

    @property
    def layout(self) -> str:
        """Its layout."""
        return self.key[0]

    def fits(self, layout: str, reference_hw: SizeHW, test_hw: SizeHW) -> bool:
        """Whether pictures of these sizes can be drawn into it."""
        return self.key == (layout, tuple(reference_hw), tuple(test_hw))

    def view(self, panel: Panel) -> Picture:
        """Return the part of the picture that a panel covers."""
        return self.picture[panel.top : panel.top + panel.height, panel.left : panel.left + panel.width]

    def fill(
        self,
        panel: Panel,
        reference: Picture | None,
        test: Picture,
        *,
        ssim: NDArray[np.floating] | None,
        gain: float,
        first: bool,
    ) -> None:
        """Show in `panel` what it is for; without a reference, what needs one is left empty."""
        view, content = self.view(panel), panel.content
        if content == "split":
            split(view, reference, test, self.palette)
        elif content in ("diff", "heat"):
            if reference is None or self._workshop is None:
                place(view, None, self.palette)
            elif content == "diff":
                self._workshop.difference(view, reference, test, gain)
            else:
                self._workshop.heat(view, reference, test, ssim, self.palette.heat)
        else:
            shows_reference = content == "reference" or (content == "blink" and first)
            place(view, reference if shows_reference else test, self.palette)

    def tint(self, view: Picture, mask: NDArray[np.uint8], strength: float) -> None:
        """Colour `view` where `mask` is set, only within the rectangle that holds the mask."""
        left, top, width, height = cv2.boundingRect(mask)
        if width == 0 or self.layout not in TINTED:
            return
        columns = slice(left, left + width)
        for rows in bands(top + height):
            if rows.stop <= top:
                continue
            here = view[rows, columns]
            mixed, tint = self._mixed[: len(here), columns], self._tint[: len(here), columns]
            cv2.addWeighted(here, 1 - strength, tint, strength, 0, dst=mixed)
            cv2.copyTo(mixed, mask[rows, columns], here)


def _tint_of(width: int, palette: Palette) -> Picture:
    """What is laid over a band of rows; every band begins with the same stripe."""
    tint: Picture = np.full((BAND, width, 3), palette.tint, np.uint8)
    if palette.dashed:
        rows, columns = np.ogrid[:BAND, :width]
        tint[(rows + columns) % HATCH < HATCH // 2] = BLACK
    return tint
