"""What a panel shows beneath its boxes: a picture, both, their difference, or how strong it is."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Picture
from rtdiff.views.palette import Palette

HEAT_GAIN = 4  # a difference of 64 levels is as hot as a place with no structure in common
MOST_GAIN = 32.0
BAND = 64  # rows
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
    counts = np.zeros(256)
    for rows in bands(min(len(reference), len(test))):
        wide = min(reference.shape[1], test.shape[1])
        apart = cv2.absdiff(reference[rows, :wide], test[rows, :wide])
        counts += cv2.calcHist([apart.reshape(-1)], [0], None, [256], [0, 256]).ravel()
    counts[0] = 0
    if not counts.any():
        return 1.0
    usual = int(np.searchsorted(np.cumsum(counts), 0.9 * counts.sum()))
    return max(1.0, min(MOST_GAIN, round(2 * 255 / usual) / 2))


def bands(height: int) -> Iterator[slice]:
    """Yield the rows of a picture, `BAND` at a time: what is made of them stays in the cache."""
    for top in range(0, height, BAND):
        yield slice(top, min(top + BAND, height))


class Workshop:
    """Makes difference and heat, a band of rows at a time, in buffers that are used again.

    Parameters
    ----------
    width : int
        Of the panel, pixels.
    """

    def __init__(self, width: int) -> None:
        self._apart: Picture = np.empty((BAND, width, 3), np.uint8)
        self._bright: Picture = np.empty((BAND, width, 3), np.uint8)
        self._planes = [np.empty((BAND, width), np.uint8) for _ in range(2)]

    def difference(self, view: Picture, reference: Picture, test: Picture, gain: float) -> None:
        """Show the absolute difference, amplified, on black.

        Blue alone is too dark to be seen (its share of luminance is 7 %): half of what is shown is the
        largest of the three, in gray.
        """
        for rows in bands(len(view)):
            apart, largest = self._difference_of(view[rows], reference[rows], test[rows])
            bright = self._bright[: len(apart)]
            cv2.cvtColor(largest, cv2.COLOR_GRAY2BGR, dst=bright)
            cv2.addWeighted(apart, gain / 2, bright, gain / 2, 0, dst=view[rows])

    def heat(
        self, view: Picture, reference: Picture, test: Picture, ssim: NDArray[np.floating] | None, name: str
    ) -> None:
        """Show how strongly every place differs, as a colour of the map `name`.

        The strength is 1 - SSIM or four times the difference, whichever is more, of at most 1: SSIM
        alone is blind to colour, a difference alone to fine structure.
        """
        for rows in bands(len(view)):
            _, strength = self._difference_of(view[rows], reference[rows], test[rows])
            cv2.convertScaleAbs(strength, dst=strength, alpha=HEAT_GAIN)
            if ssim is not None and len(here := ssim[rows]):
                reach = np.s_[: here.shape[0], : here.shape[1]]
                weak = self._planes[1][reach]
                cv2.convertScaleAbs(here, dst=weak, alpha=-255, beta=255)
                cv2.max(strength[reach], weak, dst=strength[reach])
            coloured(strength, name, view[rows])

    def _difference_of(
        self, view: Picture, reference: Picture, test: Picture
    ) -> tuple[Picture, NDArray[np.uint8]]:
        """The difference of a band, and the largest of its three samples.

        All of it where only one of the two pictures reaches, nothing where none does.
        """
        apart = self._apart[: len(view)]
        if reference.shape == test.shape == view.shape:
            cv2.absdiff(reference, test, dst=apart)
        else:
            apart[:] = 0
            for picture in (reference, test):
                apart[: picture.shape[0], : picture.shape[1]] = 255
            height, width = (min(sides) for sides in zip(reference.shape[:2], test.shape[:2], strict=True))
            if height and width:
                both = np.s_[:height, :width]
                apart[both] = cv2.absdiff(reference[both], test[both])
        largest, other = (plane[: len(view)] for plane in self._planes)
        cv2.extractChannel(apart, 0, dst=largest)
        for channel in (1, 2):
            cv2.extractChannel(apart, channel, dst=other)
            cv2.max(largest, other, dst=largest)
        return apart, largest


def coloured(strength: NDArray[np.uint8], name: str, view: Picture) -> None:
    """Paint 0..255 (H, W) in the colours of the map `name` into `view`."""
    cv2.applyColorMap(strength, _colours(name), dst=view)


@functools.cache
def _colours(name: str) -> Picture:
    """The 256 colours of a map, (256, 1, 3): OpenCV would make them anew at every call."""
    levels = np.arange(256, dtype=np.uint8)[:, None]
    made: Picture = (
        cv2.cvtColor(levels, cv2.COLOR_GRAY2BGR) if name == "gray" else cv2.applyColorMap(levels, MAPS[name])
    )
    return made
