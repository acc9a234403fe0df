"""What Python hands over as a picture: a path, a file's bytes, an array, a Pillow image, a frame."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.errors import SettingsError
from rtdiff.records import Frame
from rtdiff.sources.arrays import checked, checked_range, frame_from_array
from rtdiff.sources.paths import read_whole
from rtdiff.zones import Stencil

Picturelike = Any
"""A path, the bytes of a file, a Frame, a Pillow image, or an array: uint8 or uint16, (H, W),
(H, W, 3) BGR or (H, W, 4) BGRA. Pillow's are R, G, B and are turned; arrays are taken as B, G, R."""


def frame_of(what: Picturelike, side: str, data_range: int | None = None, number: int = 0) -> Frame:
    """Return a picture, however it was given, as a frame.

    Parameters
    ----------
    what : Picturelike
        The picture; the frame of an array looks at the array's own memory.
    side : str
        What errors call it, unless it is a file.
    data_range : int, optional
        Largest code value of uint16 arrays, which need it: 1023, 4095, 65535.
    number : int
        Which frame of an animated or many-paged file, from 0.

    Raises
    ------
    SettingsError
        Nothing that is a picture.
    SourceError
        A file that cannot be read.
    """
    if isinstance(what, Frame):
        return what
    if isinstance(what, str | os.PathLike | bytes | bytearray | memoryview):
        from rtdiff.sources.picture import read_picture, read_picture_bytes

        if isinstance(what, str | os.PathLike):
            return read_picture(_path(what, side), frame=number)
        return read_picture_bytes(bytes(what), side, frame=number)
    if _is_pillow(what):
        what, data_range = _array_of_pillow(what, side)
    return frame_from_array(what, data_range=data_range, source=side)


def file_of(what: Picturelike, side: str, data_range: int | None = None) -> bytes:
    """Return a picture, however it was given, as the content of a file: its own, or a PNG.

    Samples of a uint16 array are spread over 16 bits: as they are, a PNG of 10 bits would be all black.

    Parameters
    ----------
    what, side, data_range
        As for `frame_of`.

    Raises
    ------
    SettingsError, SourceError
        As for `frame_of`; a file is not decoded here.
    """
    if isinstance(what, bytes | bytearray | memoryview):
        return bytes(what)
    if isinstance(what, str | os.PathLike):
        return read_whole(_path(what, side))
    import cv2

    if isinstance(what, Frame):
        what = what.picture()
    elif _is_pillow(what):
        what, data_range = _array_of_pillow(what, side)
    samples = checked(what, side)
    top = checked_range(samples, data_range, side)
    if samples.dtype == np.uint16 and top < 65535:
        samples = np.rint(samples * (65535 / top)).astype(np.uint16)
    made: bytes = cv2.imencode(".png", samples, [cv2.IMWRITE_PNG_COMPRESSION, 3])[1].tobytes()
    return made


def with_mask(options: dict[str, Any]) -> dict[str, Any]:
    """Return options in which a mask that is an array has become a region to ignore.

    Raises
    ------
    SettingsError
        The array is not (H, W) bool or uint8; False and 0 are ignored.
    """
    mask = options.get("mask")
    if not isinstance(mask, np.ndarray):
        return options
    if mask.ndim != 2 or mask.dtype not in (np.bool_, np.uint8):
        raise SettingsError(
            f"mask: an array of shape {mask.shape} and {mask.dtype}; give (H, W), bool or uint8, 0 is ignored"
        )
    others = options.get("ignore_region")
    listed = list(others) if isinstance(others, list | tuple) else [others] if others is not None else []
    ignored = Stencil("(mask)", mask == 0)
    left = {key: value for key, value in options.items() if key != "mask"}
    return {**left, "ignore_region": [*listed, ignored]}


def _path(what: str | os.PathLike[str], side: str) -> Path:
    text = os.fspath(what)
    if not isinstance(text, str) or not text.strip():
        raise SettingsError(f"{side}: its name is empty; give the path of a picture, its bytes or an array")
    return Path(text)


def _is_pillow(what: object) -> bool:
    """Whether this is an image of Pillow; it is not imported for that."""
    return all(hasattr(what, name) for name in ("mode", "size", "tobytes", "convert", "save"))


def _array_of_pillow(image: Any, side: str) -> tuple[NDArray[Any], int | None]:
    """Return an image's samples as an array, B, G, R, and their largest code value if that must be said."""
    if image.mode in ("I", "F"):  # Pillow would cut them off at 255
        raise SettingsError(
            f"{side}: an image of mode {image.mode} does not say its range; give a uint8 or uint16 array"
        )
    width, height = image.size
    if image.mode.startswith("I;16"):
        order = ">u2" if image.mode.endswith("B") else "<u2"
        return np.frombuffer(image.tobytes(), order).reshape(height, width).astype(np.uint16), 65535
    if image.mode not in ("L", "RGB", "RGBA"):
        transparent = image.mode in ("LA", "La", "PA", "RGBa") or "transparency" in image.info
        image = image.convert("RGBA" if transparent else "L" if image.mode == "1" else "RGB")
    samples = np.frombuffer(image.tobytes(), np.uint8).reshape(height, width, -1)
    channels = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[samples.shape[2]]
    return np.ascontiguousarray(samples[:, :, channels]), None
