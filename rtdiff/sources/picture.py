"""Still pictures: header first, then decoded from memory, oriented, and told what was done."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.errors import SettingsError, SourceError, redact
from rtdiff.records import Correction, Frame
from rtdiff.sources.arrays import planes_of_bgra, to_picture
from rtdiff.sources.header import MAX_PIXELS, Header, read_header
from rtdiff.sources.paths import read_whole
from rtdiff.sources.source import Source, SourceInfo


def read_picture(path: str | Path, *, max_pixels: int = MAX_PIXELS, frame: int = 0) -> Frame:
    """Return a picture file as a frame, oriented as people see it.

    Parameters
    ----------
    path : str or Path
        PNG, JPEG, WebP, TIFF, BMP, GIF, AVIF, JPEG 2000 or PNM; the content decides, not the name.
    max_pixels : int
        A larger picture is refused by its header, before anything is decoded.
    frame : int
        Which frame of an animation or page of a document, from 0.

    Returns
    -------
    Frame
        One plane for gray, three for colour, six with transparency; uint8 or uint16.

    Raises
    ------
    SourceError
        Not there, not a file, not a picture, damaged or cut short.
    SettingsError
        There is no such `frame`.
    """
    return read_picture_bytes(read_whole(Path(path)), str(path), max_pixels=max_pixels, frame=frame)


def read_picture_bytes(data: bytes, name: str, *, max_pixels: int = MAX_PIXELS, frame: int = 0) -> Frame:
    """Return a picture in memory as a frame; see `read_picture`. `name` is what errors begin with."""
    name = redact(name)
    return _frame(data, read_header(data, name, max_pixels), name, frame)


class PictureSource(Source):
    """One picture as a source of one frame.

    Parameters
    ----------
    uri : str
        Path of the file.
    max_pixels, frame : int
        See `read_picture`.
    data : bytes, optional
        The file's content, when it has been read already (stdin).
    """

    def __init__(
        self, uri: str, *, max_pixels: int = MAX_PIXELS, frame: int = 0, data: bytes | None = None
    ) -> None:
        self._name, self._number = redact(uri), frame
        self._data = read_whole(Path(uri)) if data is None else data
        self._header = read_header(self._data, self._name, max_pixels)
        self._frame: Frame | None = None
        self._closed = False
        self.info = SourceInfo(
            name=self._name,
            kind="picture",
            size_wh=self._header.oriented_wh,
            frames=1,
            detail=self._header.kind,
        )

    def __iter__(self) -> Iterator[Frame]:
        if self._closed:
            raise SourceError(f"{self._name}: this source is closed; open it again")
        if self._frame is None:
            self._frame = _frame(self._data, self._header, self._name, self._number)
            self._data = b""
        yield self._frame

    def close(self) -> None:
        self._closed, self._data, self._frame = True, b"", None


def _frame(data: bytes, header: Header, name: str, number: int) -> Frame:
    if not 0 <= number < header.frames:
        raise SettingsError(f"{name}: there is no frame {number}; give 0 to {header.frames - 1}")
    pixels, corrections = _samples(_decoded(data, header, name, number), header, name)
    shown = pixels = _oriented(pixels, header)
    largest = 255 if pixels.dtype == np.uint8 else 65535
    if pixels.ndim == 2:
        planes: tuple[NDArray[Any], ...] = (pixels,)
    elif pixels.shape[2] == 4:
        planes, shown, alpha = planes_of_bgra(pixels, header.premultiplied)
        corrections += alpha
    else:
        from rtdiff.sources.colour import bgr_to_planes

        planes = bgr_to_planes(pixels)
    return Frame(
        planes=planes,
        data_range=largest,
        color_range="full",
        matrix="bt601",
        time_ns=0,
        index=0,
        source=name,
        bgr=lambda: to_picture(shown, largest),
        corrections=corrections + _told(header, number),
    )


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
    if header.spans and number == 0:
        view = memoryview(data)
        data = b"".join(view[start:end] for start, end in header.spans)
    coded = np.frombuffer(data, np.uint8)
    pixels = None
    try:
        if number == 0:
            pixels = cv2.imdecode(coded, cv2.IMREAD_COLOR if header.bgr else cv2.IMREAD_UNCHANGED)
        else:
            found, animation = cv2.imdecodeanimation(coded, number, 1)
            pixels = animation.frames[0] if found and len(animation.frames) else None
    except cv2.error as error:
        if "CV_IO_MAX_IMAGE" in str(error):
            raise SourceError(
                f"{name}: more pixels than OpenCV was started with; set OPENCV_IO_MAX_IMAGE_PIXELS"
            ) from None
    if pixels is None:
        raise SourceError(
            f"{name}: the {header.kind} file is damaged, cut short or of a rare variant; make it again"
        )
    decoded: NDArray[Any] = pixels
    return decoded


def _samples(pixels: NDArray[Any], header: Header, name: str) -> tuple[NDArray[Any], tuple[Correction, ...]]:
    """Return uint8 or uint16 samples, and what had to be done for that."""
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if header.transparent is not None and pixels.ndim == 2:
        opaque = np.iinfo(pixels.dtype).max
        alpha = np.where(pixels == header.transparent, 0, opaque).astype(pixels.dtype)
        return np.dstack((pixels, pixels, pixels, alpha)), ()
    if pixels.dtype in (np.uint8, np.uint16) and not header.signed:
        return _stretched(pixels, header.largest)
    if pixels.dtype.kind != "f":
        kind = "signed integers" if header.signed else str(pixels.dtype)
        raise SourceError(f"{name}: samples are {kind}; convert them to 8 or 16 bit")
    if not np.isfinite(pixels).all():
        raise SourceError(f"{name}: some samples are NaN or infinite; replace them first")
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or high > 1:
        raise SourceError(f"{name}: float samples reach from {low:g} to {high:g}; scale them to 0..1")
    told = Correction("depth", "both", str(pixels.dtype), "uint16", "0..1 became 0..65535")
    return np.rint(pixels.astype(np.float64) * 65535).astype(np.uint16), (told,)


def _stretched(pixels: NDArray[Any], largest: int) -> tuple[NDArray[Any], tuple[Correction, ...]]:
    """Return samples of 0..largest as samples of the whole range of their dtype, rounded."""
    top = int(np.iinfo(pixels.dtype).max)
    if not 0 < largest < top:
        return pixels, ()
    table = np.rint(np.arange(top + 1).clip(max=largest) * (top / largest)).astype(pixels.dtype)
    return table[pixels], (Correction("depth", "both", largest, top, "scaled to the whole range"),)


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


def _told(header: Header, number: int) -> tuple[Correction, ...]:
    told = []
    if header.orientation != 1:
        told.append(Correction("orientation", "both", header.orientation, 1, "turned as the file says"))
    if header.frames > 1:
        first = header.frame_first or number > 0
        choice = (
            f"frame {number + 1} of {header.frames}" if first else f"the still beside {header.frames} frames"
        )
        told.append(Correction("frame_choice", "both", header.frames, 1, choice))
    if header.cmyk:
        told.append(Correction("matrix", "both", "CMYK", "RGB", "ink converted without a profile"))
    elif header.profile:
        told.append(
            Correction(
                "matrix", "both", header.profile, "sRGB", "warning: the colour profile was not applied"
            )
        )
    if header.lost_alpha:
        told.append(Correction("alpha", "both", "LA", "L", "warning: the transparency was not read"))
    return tuple(told)
