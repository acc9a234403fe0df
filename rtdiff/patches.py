"""Flat changes: a patch that became a little lighter, darker or another colour, all of it alike.

One pixel of it is nothing that anybody sees, and below the threshold; a patch of it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Frame

SIDE = 7  # of what must have changed alike, pixels: SSIM's window
LEVELS = 3.0  # of 0..255: two roundings, and a decoder's third, are no change
ALIKE = 1.0  # standard deviation of the change, levels; of sensor noise and re-drawn edges it is more
BAND = 256  # rows at a time


def flat_changes(reference: Frame, test: Frame) -> NDArray[np.uint8] | None:
    """Return (H, W) uint8, 255 where a patch changed by about the same all over; None: nowhere.

    Parameters
    ----------
    reference, test : Frame
        Of one size, depth and number of planes, no chroma subsampled.
    """
    import cv2

    height, width = reference.luma.shape
    unit, reach = reference.data_range / 255, SIDE // 2
    found: NDArray[np.uint8] | None = None
    if min(height, width) < SIDE:
        return None
    for x, y in zip(reference.planes, test.planes, strict=True):
        for top in range(0, height, BAND):
            above, below = max(top - reach, 0), min(top + BAND + reach, height)
            hits = cv2.compare(cv2.absdiff(x[above:below], y[above:below]), LEVELS * unit, cv2.CMP_GE)
            left, first, across, down = cv2.boundingRect(hits)
            if min(across, down) < SIDE:
                continue
            rows = slice(above + first, above + first + down)
            here = rows, slice(left, left + across)
            d = cv2.subtract(x[here], y[here], dtype=cv2.CV_32F)
            mean = cv2.blur(d, (SIDE, SIDE), borderType=cv2.BORDER_REFLECT)
            square = cv2.sqrBoxFilter(d, cv2.CV_32F, (SIDE, SIDE), borderType=cv2.BORDER_REFLECT)
            alike = (np.abs(mean) >= LEVELS * unit) & (square - mean * mean <= (ALIKE * unit) ** 2)
            patch = cv2.dilate(alike.view(np.uint8), np.ones((SIDE, SIDE), np.uint8))
            patch &= (np.abs(d) >= LEVELS * unit).view(np.uint8)
            if found is None:
                found = np.zeros((height, width), np.uint8)
            found[here] |= patch * np.uint8(255)
    return found if found is not None and found.any() else None
