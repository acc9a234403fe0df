"""From a picture's bytes to its samples: OpenCV, told and corrected by what the header says."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.errors import SourceError
from rtdiff.records import Correction
from rtdiff.sources.header import MAX_PIXELS, Damaged, Header

_BAND = 1 << 18  # samples converted at a time where the conversion needs room


def pixels_of(
    data: bytes, header: Header, name: str, number: int
) -> tuple[NDArray[Any], tuple[Correction, ...]]:
    """Return frame `number` of a picture as (H, W), (H, W, 3) BGR or (H, W, 4) BGRA, oriented.

    Samples are uint8 or uint16 and fill the range of their dtype; the corrections say what had to
    be done for that.

    Raises
    ------
    SourceError
        The data are damaged, or samples are of a kind that cannot be compared.
    """
    pixels, corrections = _samples(_decoded(data, header, name, number), header, name)
    return _oriented(pixels, header), corrections


def _cv2() -> Any:
    """Import OpenCV with its pixel cap set and its own messages silenced; ours say the same in one line."""
    if "cv2" not in sys.modules:
        os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MAX_PIXELS))
    import cv2

    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


def _decoded(data: bytes, header: Header, name: str, number: int) -> NDArray[Any]:
    cv2 = _cv2()
    try:
        pixels = _frame_of(data, header, number)
    except Damaged as error:
        raise SourceError(f"{name}: the {header.kind} file {error}") from None
    except cv2.error as error:
        if "CV_IO_MAX_IMAGE" in str(error):
            raise SourceError(
                f"{name}: more pixels than OpenCV was started with; set OPENCV_IO_MAX_IMAGE_PIXELS"
            ) from None
        raise SourceError(f"{name}: {_damaged(header)}") from None
    except MemoryError:
        raise SourceError(f"{name}: not enough memory to decode it; scale it down first") from None
    if pixels is None or pixels.size == 0:
        raise SourceError(f"{name}: {_damaged(header)}")
    return pixels


def _damaged(header: Header) -> str:
    return f"the {header.kind} file is damaged, cut short or of a rare variant; make it again"


def _frame_of(data: bytes, header: Header, number: int) -> NDArray[Any] | None:
    if header.parts:
        from rtdiff.sources.animation import composed, single

        number -= not header.frame_first
        if number > 0 or (number == 0 and header.parts[0].box != (0, 0, *header.size_wh)):
            return composed(data, header, number, _whole_piece)
        if header.kind == "GIF":
            return _still(single(data, header, header.parts[0]), header)
    if number <= 0:
        return _still(data, header)
    cv2 = _cv2()
    coded = np.frombuffer(data, np.uint8)
    if header.kind == "TIFF":
        found, frames = cv2.imdecodemulti(coded, cv2.IMREAD_UNCHANGED, range=(number, number + 1))
    else:
        found, animation = cv2.imdecodeanimation(coded, number, 1)
        frames = animation.frames
    return frames[0] if found and len(frames) else None


def _still(data: bytes, header: Header) -> NDArray[Any] | None:
    cv2 = _cv2()
    if header.spans and header.spans[0][1] < len(data):
        view = memoryview(data)
        data = b"".join(view[start:end] for start, end in header.spans)
    how = cv2.IMREAD_COLOR if header.bgr else cv2.IMREAD_UNCHANGED
    pixels: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    return pixels


def _whole_piece(data: bytes) -> NDArray[Any]:
    cv2 = _cv2()
    pixels: NDArray[Any] | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise Damaged("has a frame that is damaged or cut short")
    return pixels


def _samples(pixels: NDArray[Any], header: Header, name: str) -> tuple[NDArray[Any], tuple[Correction, ...]]:
    """Return uint8 or uint16 samples, and what had to be done for that."""
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if header.transparent is not None and pixels.ndim == 2:
        alpha = np.full_like(pixels, np.iinfo(pixels.dtype).max)
        alpha[pixels == header.transparent] = 0
        return _cv2().merge((pixels, pixels, pixels, alpha)), ()
    if pixels.dtype in (np.uint8, np.uint16) and not header.signed:
        if pixels.dtype == np.uint8 and header.bits > 8:
            told = Correction("depth", "both", header.bits, 8, "warning: the finest bits were not read")
            return pixels, (told,)
        stretched, corrections = _stretched(pixels, header.largest)
        return _cv2().bitwise_not(stretched) if header.inverted else stretched, corrections
    if pixels.dtype.kind != "f":
        kind = "signed integers" if header.signed else str(pixels.dtype)
        raise SourceError(f"{name}: samples are {kind}; convert them to 8 or 16 bit")
    if not np.isfinite(pixels).all():
        raise SourceError(f"{name}: some samples are NaN or infinite; replace them first")
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or high > 1:
        raise SourceError(f"{name}: float samples reach from {low:g} to {high:g}; scale them to 0..1")
    told = Correction("depth", "both", str(pixels.dtype), "uint16", "0..1 became 0..65535")
    scaled = np.empty(pixels.shape, np.uint16)
    for rows in _bands(pixels):
        scaled[rows] = np.rint(pixels[rows].astype(np.float64) * 65535)
    return scaled, (told,)


def _stretched(pixels: NDArray[Any], largest: int) -> tuple[NDArray[Any], tuple[Correction, ...]]:
    """Return samples of 0..largest as samples of the whole range of their dtype, rounded; in place."""
    top = int(np.iinfo(pixels.dtype).max)
    if not 0 < largest < top:
        return pixels, ()
    table = np.rint(np.arange(top + 1).clip(max=largest) * (top / largest)).astype(pixels.dtype)
    for rows in _bands(pixels):
        pixels[rows] = table[pixels[rows]]
    return pixels, (Correction("depth", "both", largest, top, "scaled to the whole range"),)


def _bands(pixels: NDArray[Any]) -> list[slice]:
    rows = max(1, _BAND // max(1, pixels[0].size))
    return [slice(top, top + rows) for top in range(0, len(pixels), rows)]


def _oriented(pixels: NDArray[Any], header: Header) -> NDArray[Any]:
    """Turn and mirror as EXIF says; OpenCV 5 has done so already for TIFF, and for nothing else."""
    cv2 = _cv2()
    way = header.orientation if header.kind != "TIFF" else 1
    turned: NDArray[Any] = pixels
    if way in (5, 7):
        turned = cv2.transpose(turned)
    if way in (6, 8):
        turned = cv2.rotate(turned, cv2.ROTATE_90_CLOCKWISE if way == 6 else cv2.ROTATE_90_COUNTERCLOCKWISE)
    if way in (2, 3, 4, 7):
        turned = cv2.flip(turned, {2: 1, 3: -1, 4: 0, 7: -1}[way])
    return turned
