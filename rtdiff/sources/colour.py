"""Between B, G, R for people and Y, Cb, Cr for engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rtdiff.coding import KR_KB, levels
from rtdiff.records import Picture, Plane

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
"""(H, W, 3) BGR."""
Triple = tuple[Plane, Plane, Plane]

_SCRATCH_BYTES = 64 * 1024  # the most that one frame of a stream may allocate
BAND_BYTES = 512 * 1024
"""Room for a picture that is converted once: a quarter to a half quicker."""


def bgr_to_planes(
    bgr: Pixels, out: Triple | None = None, data_range: int | None = None, room: int | None = None
) -> Triple:
    """Return Y, Cb, Cr (BT.601, full range, 4:4:4) of a BGR picture.

    Y equals ``cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)`` bit for bit, which is
    ``(3735*b + 19235*g + 9798*r + 2**14) >> 15``. Cb and Cr are those of ``COLOR_BGR2YCrCb``:
    within one level of the rounded ITU-T T.871 value at 8 bit (20 of 65535 at 16 bit), and
    exactly the middle for gray.

    Parameters
    ----------
    bgr : ndarray
        (H, W, 3) uint8 or uint16; of (H, W, 4) the fourth is not looked at.
    out : tuple of ndarray, optional
        Three contiguous (H, W) arrays of the same dtype to write to; then nothing over `room`
        is allocated (for rows up to 21,000 samples).
    data_range : int, optional
        Largest code value, 2**bits - 1; without it that of the dtype. Gray has Cb and Cr of half of it,
        rounded up.
    room : int, optional
        Bytes to work in, 64 KiB with `out`, 512 KiB without.

    Returns
    -------
    tuple of ndarray
        Y, Cb, Cr, each (H, W), of the dtype of `bgr`.
    """
    height, width = bgr.shape[:2]
    y, cb, cr = out or tuple(np.empty((height, width), bgr.dtype) for _ in range(3))
    most = room or (_SCRATCH_BYTES if out else BAND_BYTES)
    rows = min(height, max(1, most // (3 * width * bgr.itemsize)))
    scratch = np.empty((rows, width, 3), bgr.dtype)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        band, ycc, luma = bgr[top:bottom], scratch[: bottom - top], y[top:bottom]
        cv2.cvtColor(band, cv2.COLOR_BGR2YCrCb, dst=ycc)
        # One pass for three planes is a third quicker than one for each of two; its Y is written over.
        cv2.split(ycc, [luma, cr[top:bottom], cb[top:bottom]])
        cv2.cvtColor(band, cv2.COLOR_BGR2GRAY, dst=luma)
    if data_range is not None and data_range < (largest := int(np.iinfo(bgr.dtype).max)):
        lift = (largest - data_range) // 2  # OpenCV's middle is that of the dtype
        for chroma in (cb, cr):
            np.clip(chroma, lift, lift + data_range, out=chroma)
            np.subtract(chroma, lift, out=chroma)
    return y, cb, cr


def planes_to_bgr(
    planes: tuple[Plane, ...], data_range: int, color_range: str = "full", matrix: str = "bt601"
) -> Picture:
    """Return planes as (H, W, 3) uint8 BGR, for people to look at.

    Parameters
    ----------
    planes : tuple of ndarray
        Luma (H, W) alone, or luma and two chroma planes of the same or a smaller size (more
        planes are not looked at); uint8 or uint16.
    data_range : int
        Largest code value.
    color_range : {'full', 'limited'}
        Whether black..white is 0..data_range or 16..235 (scaled by depth).
    matrix : {'bt601', 'bt709', 'bt2020'}
        How the planes were made (ITU-R BT.601, BT.709, BT.2020 non-constant luminance).
    """
    black, white, middle, swing = levels(data_range, color_range)
    gain = 255 / (white - black)
    luma = planes[0]
    picture: Picture
    if len(planes) < 3:
        if gain != 1:
            luma = cv2.addWeighted(luma, gain, luma, 0, -gain * black, dtype=cv2.CV_8U)
        picture = cv2.cvtColor(luma, cv2.COLOR_GRAY2BGR)
        return picture
    size_wh = (luma.shape[1], luma.shape[0])
    cb, cr = (p if p.shape == luma.shape else cv2.resize(p, size_wh) for p in planes[1:3])
    kr, kb = KR_KB[matrix]
    kg = 1 - kr - kb
    to_red, to_blue = (2 * (1 - k) * 255 / swing for k in (kr, kb))
    from_cr, from_cb = -to_red * kr / kg, -to_blue * kb / kg
    lift = -gain * black
    red = cv2.addWeighted(luma, gain, cr, to_red, lift - to_red * middle, dtype=cv2.CV_8U)
    blue = cv2.addWeighted(luma, gain, cb, to_blue, lift - to_blue * middle, dtype=cv2.CV_8U)
    tint = cv2.addWeighted(cb, from_cb, cr, from_cr, lift - (from_cb + from_cr) * middle, dtype=cv2.CV_32F)
    green = cv2.addWeighted(luma, gain, tint, 1, 0, dtype=cv2.CV_8U)
    picture = cv2.merge((blue, green, red))
    return picture


def bands(pixels: NDArray[Any]) -> Iterator[slice]:
    """Yield the rows of `pixels` in bands that stay in a core's cache."""
    rows = max(1, BAND_BYTES // max(1, pixels[:1].nbytes))
    for top in range(0, pixels.shape[0], rows):
        yield slice(top, min(top + rows, pixels.shape[0]))


def is_opaque(bgra: NDArray[Any]) -> bool:
    """Whether alpha of (H, W, 4) is the largest value everywhere; ends at the first band where it is not."""
    top = np.iinfo(bgra.dtype).max
    return all(cv2.extractChannel(bgra[rows], 3).min() == top for rows in bands(bgra))


def over_white_and_black(bgra: NDArray[Any], premultiplied: bool = False) -> tuple[Pixels, Pixels]:
    """Return a picture with transparency composited over white and over black, each (H, W, 3) BGR.

    Each sample is the nearest integer of ``c*a/m`` over black, and ``c*a/m + m - a`` over white,
    where ``m`` is the largest code value (a half cannot occur, `m` is odd).

    Parameters
    ----------
    bgra : ndarray
        (H, W, 4), uint8 or uint16.
    premultiplied : bool
        Whether B, G, R have been multiplied by alpha already.
    """
    top = np.iinfo(bgra.dtype).max
    bgr = cv2.cvtColor(bgra, cv2.COLOR_BGRA2BGR)
    three = cv2.cvtColor(cv2.extractChannel(bgra, 3), cv2.COLOR_GRAY2BGR)
    black = bgr if premultiplied else _multiply(bgr, three, top)
    return cv2.add(black, cv2.bitwise_not(three)), black


def _multiply(bgr: Pixels, alpha: Pixels, top: int) -> Pixels:
    if top == 255:
        product: Pixels = cv2.multiply(bgr, alpha, scale=1 / 255)
        return product
    # 65535 * 65535 + 32767 still fits in 32 bits; float32, which OpenCV would use, does not hold it.
    wide = bgr.astype(np.uint32)
    wide *= alpha
    wide += top // 2
    # The quotient of a number below 2**32 by 65535, without a division: (n + 1 + (n >> 16)) >> 16.
    wide += (wide >> 16) + 1
    return (wide >> 16).astype(np.uint16)
