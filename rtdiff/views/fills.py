"""What a panel shows beneath its boxes: a picture, both, their difference, or how strong it is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Picture
from rtdiff.views.layouts import SizeHW
from rtdiff.views.palette import Palette

HEAT_GAIN = 4  # a difference of 64 levels is as hot as a place with no structure in common
MOST_GAIN = 32.0
MAPS = {"inferno": cv2.COLORMAP_INFERNO, "cividis": cv2.COLORMAP_CIVIDIS}


def place(view: Picture, picture: Picture | None, palette: Palette) -> None:
    """Copy a picture to the top left of `view`; ground where it does not reach."""
    height, width = (0, 0) if picture is None else picture.shape[:2]
    if picture is not None:
        view[:height, :width] = picture
    view[height:] = palette.ground
    view[:height, width:] = palette.ground


def split(view: Picture, reference: Picture | None, test: Picture, palette: Palette) -> None:
    """Show the left half of the reference, the right half of the test."""
    place(view, test, palette)
    middle = view.shape[1] // 2
    place(view[:, :middle], None if reference is None else reference[:, :middle], palette)


def gain_for(reference: Picture, test: Picture) -> float:
    """Return what makes their difference visible, 1 to 32: 9 in 10 different samples stay below white."""
    height, width = (min(sides) for sides in zip(reference.shape[:2], test.shape[:2], strict=True))
    apart = cv2.absdiff(reference[:height, :width], test[:height, :width])
    counts = np.bincount(apart.ravel(), minlength=256)
    counts[0] = 0
    if not counts.any():
        return 1.0
    usual = int(np.searchsorted(np.cumsum(counts), 0.9 * counts.sum()))
    return max(1.0, min(MOST_GAIN, round(2 * 255 / usual) / 2))


class Workshop:
    """Makes difference and heat in buffers that are used again.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the panel, pixels.
    """

    def __init__(self, shape: SizeHW) -> None:
        self._apart: Picture = np.empty((*shape, 3), np.uint8)
        self._bright: Picture = np.empty((*shape, 3), np.uint8)
        self._planes = [np.empty(shape, np.uint8) for _ in range(2)]

    def difference(self, view: Picture, reference: Picture, test: Picture, gain: float) -> None:
        """Show the absolute difference, amplified, on black.

        Blue alone is too dark to be seen (its share of luminance is 7 %): half of what is shown is the
        largest of the three, in gray.
        """
        largest = self._largest(reference, test)
        cv2.cvtColor(largest, cv2.COLOR_GRAY2BGR, dst=self._bright)
        cv2.addWeighted(self._apart, gain / 2, self._bright, gain / 2, 0, dst=view)

    def heat(
        self, view: Picture, reference: Picture, test: Picture, ssim: NDArray[np.floating] | None, name: str
    ) -> None:
        """Show how strongly every place differs, as a colour of the map `name`.

        The strength is 1 - SSIM or four times the difference, whichever is more, of at most 1: SSIM
        alone is blind to colour, a difference alone to fine structure.
        """
        strength = self._largest(reference, test)
        cv2.convertScaleAbs(strength, dst=strength, alpha=HEAT_GAIN)
        if ssim is not None:
            weak = self._planes[1][: ssim.shape[0], : ssim.shape[1]]
            cv2.convertScaleAbs(ssim, dst=weak, alpha=-255, beta=255)
            there = strength[: ssim.shape[0], : ssim.shape[1]]
            cv2.max(there, weak, dst=there)
        coloured(strength, name, view)

    def _largest(self, reference: Picture, test: Picture) -> NDArray[np.uint8]:
        """The largest difference of the three samples; all of it where only one of the two reaches."""
        apart = self._apart
        if reference.shape == test.shape == apart.shape:
            cv2.absdiff(reference, test, dst=apart)
        else:
            apart[:] = 255
            height, width = (min(sides) for sides in zip(reference.shape[:2], test.shape[:2], strict=True))
            both = np.s_[:height, :width]
            apart[both] = cv2.absdiff(reference[both], test[both])
            reach = max(reference.shape[0], test.shape[0]), max(reference.shape[1], test.shape[1])
            apart[reach[0] :] = 0
            apart[:, reach[1] :] = 0
        first, second = self._planes
        cv2.extractChannel(apart, 0, dst=first)
        for channel in (1, 2):
            cv2.extractChannel(apart, channel, dst=second)
            cv2.max(first, second, dst=first)
        return first


def coloured(strength: NDArray[np.uint8], name: str, view: Picture) -> None:
    """Paint 0..255 (H, W) in the colours of the map `name` into `view`."""
    if name == "gray":
        cv2.cvtColor(strength, cv2.COLOR_GRAY2BGR, dst=view)
    else:
        cv2.applyColorMap(strength, MAPS[name], dst=view)
