"""Still pictures: header first, then decoded from memory, oriented, and told what was done."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np

from rtdiff.errors import SettingsError, SourceError, redact
from rtdiff.records import Correction, Frame, Picture
from rtdiff.sources.arrays import Split, planes_of, planes_of_bgra, to_picture
from rtdiff.sources.decode import pixels_of
from rtdiff.sources.header import MAX_PIXELS, Header, read_header
from rtdiff.sources.paths import read_whole
from rtdiff.sources.source import Source, SourceInfo

_KEPT_PIXELS = 9_000_000  # 4K UHD is kept as it was decoded
_LARGE_BYTES = 40_000_000  # 12 megapixels of B, G, R are not large, those with transparency are
# How many large ones are decoded at a time: two of 12 megapixels stay under 300 MB on a small machine.
_LARGE = threading.Semaphore(max(1, (os.cpu_count() or 1) // 2))


def read_picture(
    path: str | Path, *, max_pixels: int = MAX_PIXELS, frame: int = 0, split: Split | None = None
) -> Frame:
    """Return a picture file as a frame, oriented as people see it.

    Parameters
    ----------
    path : str or Path
        PNG, JPEG, WebP, TIFF, BMP, GIF, AVIF, JPEG 2000 or PNM; the content decides, not the name.
    max_pixels : int
        A larger picture is refused by its header, before anything is decoded.
    frame : int
        Which frame of an animation or page of a document, from 0.
    split : callable, optional
        See `frame_from_array`.

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
    data = read_whole(Path(path))
    return read_picture_bytes(data, str(path), max_pixels=max_pixels, frame=frame, split=split)


def read_picture_bytes(
    data: bytes, name: str, *, max_pixels: int = MAX_PIXELS, frame: int = 0, split: Split | None = None
) -> Frame:
    """Return a picture in memory as a frame; see `read_picture`. `name` is what errors begin with."""
    name = redact(name)
    return _frame(data, read_header(data, name, max_pixels, frame), name, frame, split)


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
    split : callable, optional
        See `frame_from_array`.
    """

    def __init__(
        self,
        uri: str,
        *,
        max_pixels: int = MAX_PIXELS,
        frame: int = 0,
        data: bytes | None = None,
        split: Split | None = None,
    ) -> None:
        self._name, self._number, self._split = redact(uri), frame, split
        self._data = read_whole(Path(uri)) if data is None else data
        self._header = read_header(self._data, self._name, max_pixels, frame)
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
            self._frame = _frame(self._data, self._header, self._name, self._number, self._split)
            self._data = b""
        yield self._frame

    def close(self) -> None:
        self._closed, self._data, self._frame = True, b"", None


def _frame(data: bytes, header: Header, name: str, number: int, split: Split | None = None) -> Frame:
    if not 0 <= number < header.frames:
        held = f"{header.frames} frames, 0 to {header.frames - 1}" if header.frames > 1 else "one picture, 0"
        raise SettingsError(f"{name}: there is no frame {number}, it holds {held}; change --frame")
    width, height = header.size_wh
    room = _LARGE if width * height * header.pixel_bytes > _LARGE_BYTES else nullcontext()
    with room:
        pixels, corrections = pixels_of(data, header, name, number)
        if pixels.ndim == 3 and pixels.shape[2] == 4:
            planes, alpha = planes_of_bgra(pixels, header.premultiplied)
            corrections += alpha
        else:
            planes = planes_of(pixels, split)
        # What only people look at is made anew of a large picture: it takes as much room as the planes.
        again = width * height > _KEPT_PIXELS and len(data) < pixels.nbytes
        picture: Callable[[], Picture] = (
            partial(_picture_again, data, header, name, number)
            if again
            else partial(to_picture, pixels, int(np.iinfo(pixels.dtype).max), header.premultiplied)
        )
        largest = int(np.iinfo(pixels.dtype).max)
        del pixels
    return Frame(
        planes=planes,
        data_range=largest,
        color_range="full",
        matrix="bt601",
        time_ns=0,
        index=0,
        source=name,
        bgr=picture,
        corrections=corrections + _told(header, number),
        frames=header.frames,
    )


def _picture_again(data: bytes, header: Header, name: str, number: int) -> Picture:
    pixels, _ = pixels_of(data, header, name, number)
    return to_picture(pixels, int(np.iinfo(pixels.dtype).max), header.premultiplied)


def _told(header: Header, number: int) -> tuple[Correction, ...]:
    told = []
    if header.orientation != 1:
        told.append(Correction("orientation", "both", header.orientation, 1, "turned as the file says"))
    if header.frames > 1:
        what = "counted from 0" if header.frame_first or number else "the still beside the animation"
        choice = f"{what}; --frame chooses, 0 to {header.frames - 1}"
        told.append(Correction("frame_choice", "both", f"{header.frames} frames", f"frame {number}", choice))
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
