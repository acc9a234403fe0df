"""Pictures made for tests, Pillow as the independent reader, and what an error must look like."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from rtdiff.errors import RtdiffError, SourceError
from rtdiff.records import Frame
from rtdiff.sources.picture import read_picture, read_picture_bytes

rng = np.random.default_rng(7)
RGB = Image.fromarray(cv2.resize(rng.integers(0, 256, (5, 7, 3)).astype(np.uint8), (37, 23)))
RGBA = Image.fromarray(np.dstack([np.array(RGB), np.tile(np.linspace(0, 255, 37).astype(np.uint8), (23, 1))]))
MORE = {"save_all": True, "append_images": [RGB.rotate(180), ImageOps.mirror(RGB)]}


def coded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def made(mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65536, (23, 37)).astype(np.uint16))
    if mode == "LA":
        return RGBA.convert("LA")
    return RGBA if mode == "RGBA" else RGB.convert(mode)


def kinds(frame: Frame) -> list[str]:
    return [told.kind for told in frame.corrections]


def pillow_bgra(data: bytes, number: int = 0) -> Any:
    with Image.open(io.BytesIO(data)) as picture:
        picture.seek(number)
        return np.array(picture.convert("RGBA"))[..., [2, 1, 0, 3]]


def over(bgra: Any, backdrop: int) -> Any:
    c, a = bgra[..., :3].astype(int), bgra[..., 3:].astype(int)
    return ((c * a + backdrop * (255 - a) + 127) // 255).astype(np.uint8)


def is_as_pillow_sees_it(frame: Frame, bgra: Any, tolerance: int = 0) -> None:
    """Hold a frame of 8 bit against B, G, R, A of Pillow."""
    white, black = over(bgra, 255), over(bgra, 0)
    assert np.abs(frame.picture().astype(int) - white).max() <= tolerance
    six = (bgra[..., 3] < 255).any()
    assert len(frame.planes) in ((6,) if six else (1, 3))
    assert ("alpha" in kinds(frame)) == six
    for first, picture in zip(range(0, len(frame.planes), 3), (white, black), strict=False):
        gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        assert np.abs(frame.planes[first].astype(int) - gray).max() <= tolerance


def said(data: bytes, name: str = "a.png", kind: type[RtdiffError] = SourceError, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        read_picture_bytes(data, name, **options)
    return one_line(caught.value)


def said_of(path: Path | str, **options: Any) -> str:
    with pytest.raises(SourceError) as caught:
        read_picture(path, **options)
    return one_line(caught.value)


def one_line(error: Exception) -> str:
    text = str(error)
    assert "\n" not in text
    assert "; " in text.split(": ", 1)[1], "says what to do"
    return text


def png(width: int, height: int, body: bytes, *extra: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, part) for kind, part in chunks)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


WHOLE = {
    "PNG": coded(RGB, "PNG"),
    "APNG": coded(RGB, "PNG", **MORE),
    "JPEG": coded(RGB, "JPEG"),
    "progressive": coded(RGB, "JPEG", progressive=True),
    "thumbnail": b"",
    "WEBP": coded(RGB, "WEBP"),
    "lossless": coded(RGBA, "WEBP", lossless=True),
    "TIFF": coded(RGB, "TIFF"),
    "LZW": coded(RGB.resize((96, 64)), "TIFF", compression="tiff_lzw"),
    "pages": coded(RGB, "TIFF", **MORE).rstrip(b"\0"),  # Pillow fills up the end
    "BMP": coded(RGB, "BMP"),
    "GIF": coded(RGB, "GIF", **MORE),
    "AVIF": coded(RGB, "AVIF"),
    "JPEG2000": coded(RGB, "JPEG2000"),
    "PPM": coded(RGB, "PPM"),
}
_exif = Image.Exif()
_exif[37510] = coded(RGB, "JPEG")  # an end marker in the middle
WHOLE["thumbnail"] = coded(RGB, "JPEG", exif=_exif.tobytes())
