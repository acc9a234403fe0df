"""A user's array as a frame, at no cost where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.errors import SettingsError
from rtdiff.records import Correction, Frame, Picture, Plane

Take = Callable[[tuple[int, ...], Any], NDArray[Any]]
Split = Callable[[NDArray[np.uint8], tuple[Plane, Plane, Plane]], None]
_DEPTHS = {(1 << bits) - 1 for bits in range(9, 17)}


def frame_from_array(
    array: NDArray[Any],
    *,
    data_range: int | None = None,
    index: int = 0,
    time_ns: int = 0,
    source: str = "array",
    take: Take | None = None,
    split: Split | None = None,
) -> Frame:
    """Return a frame of an array.

    The frame looks at the array's own memory (gray: its plane; colour: its picture); whoever
    writes to the array later takes `Frame.copy` first.

    Parameters
    ----------
    array : ndarray
        uint8, uint16 or bool (0 and 255); (H, W) or (H, W, 1) gray, (H, W, 3) BGR, (H, W, 4) BGRA.
    data_range : int, optional
        Largest code value; needed for uint16: 1023 for 10 bit, 4095 for 12, 65535 for 16.
    index, time_ns : int
        Number and time (nanoseconds) of the frame in its source.
    source : str
        Name of the source.
    take : callable, optional
        Gives a contiguous array of a shape and dtype for each of Y, Cb, Cr of a BGR array, such as a
        pool's; without it they are allocated.
    split : callable, optional
        Fills those three from an 8-bit BGR array, bit for bit as `bgr_to_planes` does, but quicker: an
        engine's.

    Raises
    ------
    SettingsError
        For anything else, saying what was expected.
    """
    samples = checked(array, source)
    largest = checked_range(samples, data_range, source)
    corrections: tuple[Correction, ...] = ()
    planes: tuple[Plane, ...]
    if samples.ndim == 3 and samples.shape[2] == 4:
        if largest not in (255, 65535):
            raise SettingsError(
                f"{source}: alpha needs data_range 255 or 65535, not {largest}; scale the array"
            )
        planes, corrections = planes_of_bgra(samples)
    else:
        planes = planes_of(samples, split, take, largest)
    return Frame(
        planes=planes,
        data_range=largest,
        color_range="full",
        matrix="bt601",
        time_ns=time_ns,
        index=index,
        source=source,
        bgr=partial(to_picture, samples, largest),
        corrections=corrections,
    )


def planes_of(
    samples: NDArray[Any], split: Split | None = None, take: Take | None = None, data_range: int | None = None
) -> tuple[Plane, ...]:
    """Return the planes of (H, W) or (H, W, 3) BGR samples; see `frame_from_array`."""
    if samples.ndim == 2:
        return (samples,)
    from rtdiff.sources.colour import bgr_to_planes

    size, kind = samples.shape[:2], samples.dtype
    quick = split if kind == np.uint8 else None
    make = take or np.empty
    out = (make(size, kind), make(size, kind), make(size, kind)) if take or quick else None
    if quick is None or out is None:
        return bgr_to_planes(samples, out, data_range)
    quick(samples, out)
    return out


def planes_of_bgra(
    bgra: NDArray[Any], premultiplied: bool = False
) -> tuple[tuple[Plane, ...], tuple[Correction, ...]]:
    """Return planes and corrections of a picture with alpha.

    Opaque everywhere: three planes, nothing corrected. Otherwise six: Y, Cb, Cr over white,
    then over black. Nothing else of the picture's size is made.

    Parameters
    ----------
    bgra : ndarray
        (H, W, 4) uint8 or uint16 of full depth.
    premultiplied : bool
        Whether B, G, R have been multiplied by alpha already.
    """
    from rtdiff.sources.colour import BAND_BYTES, bands, bgr_to_planes, is_opaque, over_white_and_black

    if is_opaque(bgra):
        return bgr_to_planes(bgra), ()
    size, kind = bgra.shape[:2], bgra.dtype
    planes = tuple(np.empty(size, kind) for _ in range(6))
    for rows in bands(bgra):
        band, parts = bgra[rows], [plane[rows] for plane in planes]
        white, black = (band, band) if is_opaque(band) else over_white_and_black(band, premultiplied)
        bgr_to_planes(white, (parts[0], parts[1], parts[2]), room=BAND_BYTES)
        if black is white:
            for part, same in zip(parts[3:], parts[:3], strict=True):
                part[:] = same
        else:
            bgr_to_planes(black, (parts[3], parts[4], parts[5]), room=BAND_BYTES)
    return planes, (Correction("alpha", "both", "RGBA", "RGB", "over white and over black"),)


def to_picture(samples: NDArray[Any], data_range: int, premultiplied: bool = False) -> Picture:
    """Return (H, W), (H, W, 3) or (H, W, 4) samples as (H, W, 3) uint8 BGR, scaled to 0..255 and rounded.

    What is transparent is shown over white.
    """
    import cv2

    if samples.ndim == 3 and samples.shape[2] == 4:
        from rtdiff.sources.colour import bands, over_white_and_black

        made = np.empty((*samples.shape[:2], 3), np.uint8)
        for rows in bands(samples):
            made[rows] = to_picture(over_white_and_black(samples[rows], premultiplied)[0], data_range)
        return made
    if samples.dtype != np.uint8:
        samples = cv2.convertScaleAbs(samples, alpha=255 / data_range)
    if samples.ndim == 2:
        samples = cv2.cvtColor(samples, cv2.COLOR_GRAY2BGR)
    return samples


def checked(array: Any, source: str) -> NDArray[Any]:
    """Return `array` as (H, W) or (H, W, 3 or 4) uint8 or uint16 with contiguous samples.

    Raises
    ------
    SettingsError
        It is no picture; the error begins with `source`.
    """
    if not isinstance(array, np.ndarray):
        raise SettingsError(
            f"{source}: a {type(array).__name__} is not a picture; give a path or a uint8 or uint16 array"
        )
    if array.dtype == np.bool_:
        array = array.view(np.uint8) * np.uint8(255)
    if array.dtype.kind != "u" or array.dtype.itemsize > 2:
        raise SettingsError(
            f"{source}: samples are {array.dtype}, not uint8 or uint16; scale and convert them"
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise SettingsError(
            f"{source}: shape {array.shape} is not a picture; give (H, W), (H, W, 3) BGR or (H, W, 4) BGRA"
        )
    if array.size == 0:
        raise SettingsError(f"{source}: shape {array.shape} holds no pixel; give a picture of at least 1x1")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return array if _is_plain(array) else np.ascontiguousarray(array)


def _is_plain(array: NDArray[Any]) -> bool:
    """Whether the samples of each row follow each other; the rows themselves may be strided."""
    expected = array.itemsize
    for length, stride in zip(array.shape[:0:-1], array.strides[:0:-1], strict=True):
        if stride != expected and length > 1:
            return False
        expected *= length
    return array.shape[0] == 1 or array.strides[0] >= expected


def checked_range(samples: NDArray[Any], data_range: int | None, source: str) -> int:
    """Return the largest code value of samples from `checked`.

    Raises
    ------
    SettingsError
        It was not given and cannot be told, or does not fit; the error begins with `source`.
    """
    if samples.dtype == np.uint8:
        if data_range not in (None, 255):
            raise SettingsError(f"{source}: data_range {data_range} does not fit uint8 samples; leave it out")
        return 255
    if data_range is None:
        raise SettingsError(
            f"{source}: uint16 samples do not say their depth; give data_range=1023, 4095 or 65535"
        )
    if data_range not in _DEPTHS:
        raise SettingsError(
            f"{source}: data_range {data_range} is no depth; give 1023 (10 bit), 4095 or 65535"
        )
    if data_range < 65535 and (largest := int(samples.max())) > data_range:
        raise SettingsError(
            f"{source}: a sample is {largest}, above data_range {data_range}; give the true depth"
        )
    return int(data_range)
