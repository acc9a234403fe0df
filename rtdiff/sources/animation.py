"""Frames of GIF and animated PNG, drawn one on another as browsers do.

OpenCV 5 and FFmpeg draw animated PNGs without alpha on black, which are cleared to transparent (PNG 3,
section 11.3.6.2), and OpenCV starts a GIF on its background colour; so only the single rectangles are
decoded by OpenCV, each as a file of its own.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.sources.header import Header, Part
from rtdiff.sources.png import SIGNATURE, check_sum
from rtdiff.sources.rasters import palette_bytes

Decode = Callable[[bytes], NDArray[Any]]
_ROWS = 64  # of a frame that is blended at a time, in float64


def single(data: bytes, header: Header, part: Part) -> bytes:
    """Return a file that holds one rectangle of an animation and nothing else."""
    return (_gif if header.kind == "GIF" else _png)(data, part)


def composed(data: bytes, header: Header, number: int, decode: Decode) -> NDArray[Any]:
    """Return frame `number` of the animation, from 0, as (H, W, 4) B, G, R, A.

    Parameters
    ----------
    data : bytes
        The whole file.
    header : Header
        With `parts`.
    number : int
        Number of the part.
    decode : callable
        Decodes the file of one rectangle.

    Raises
    ------
    Damaged
        A checksum is wrong, or rectangles are of two depths.
    """
    width, height = header.size_wh
    canvas: NDArray[Any] | None = None
    for part in header.parts[: number + 1]:
        piece = _bgra(decode(single(data, header, part)), header.transparent)
        if canvas is None:
            canvas = np.zeros((height, width, 4), piece.dtype)
        left, top, *_ = part.box
        area = canvas[top : top + piece.shape[0], left : left + piece.shape[1]]
        piece = piece[: area.shape[0], : area.shape[1]]  # a GIF's may reach beyond the edge
        last = part is header.parts[number]
        before = area.copy() if part.dispose == 2 and not last else None
        if part.over:
            _draw_over(area, piece)
        else:
            area[:] = piece
        if last:
            break
        if before is not None:
            area[:] = before
        elif part.dispose == 1:
            area[:] = 0
    assert canvas is not None  # there is at least one part
    return canvas


def _bgra(pixels: NDArray[Any], transparent: int | None) -> NDArray[Any]:
    import cv2

    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return pixels
    if pixels.ndim == 3 and pixels.shape[2] == 3:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2BGRA))
    made = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGRA))
    if transparent is not None:
        made[pixels.reshape(made.shape[:2]) == transparent, 3] = 0
    return made


def _draw_over(area: NDArray[Any], piece: NDArray[Any]) -> None:
    """Draw `piece` over `area`, both with alpha that is not multiplied in (Porter and Duff 1984, 'over')."""
    largest = np.iinfo(area.dtype).max
    for start in range(0, area.shape[0], _ROWS):
        below, above = area[start : start + _ROWS], piece[start : start + _ROWS]
        opaque = above[..., 3] == largest
        below[opaque] = above[opaque]
        mixed = ~opaque & (above[..., 3] > 0)
        if not mixed.any():
            continue
        front, back = above[mixed] / largest, below[mixed] / largest
        front[:, :3] *= front[:, 3:]
        back[:, :3] *= back[:, 3:]
        out = front + back * (1 - front[:, 3:])
        out[:, :3] /= out[:, 3:]
        below[mixed] = np.rint(out * largest).astype(area.dtype)


def _gif(data: bytes, part: Part) -> bytes:
    """Return a GIF whose screen is the rectangle."""
    (control, _), (start, end) = part.spans
    # OpenCV refuses ways to end that GIF reserves; here the rectangle stands alone.
    clear = (
        b"!\xf9\x04\1\0\0" + data[control + 6 : control + 7] + b"\0"
        if control and data[control + 3] & 1
        else b""
    )
    size = struct.pack("<HH", *part.box[2:])
    head = data[:6] + size + data[10:11] + b"\0\0" + data[13 : 13 + palette_bytes(data[10])]
    image = data[start : start + 1] + b"\0\0\0\0" + size + data[start + 9 : end]
    return head + clear + image + b";"


def _png(data: bytes, part: Part) -> bytes:
    """Return a PNG of the rectangle, with the header, palette and transparency of the whole."""
    packed = []
    for place, end in part.spans:
        check_sum(data, place, end)
        sequence = 4 if data[place + 4 : place + 8] == b"fdAT" else 0
        packed.append(data[place + 8 + sequence : end - 4])
    size = struct.pack(">II", *part.box[2:])
    chunks = [(b"IHDR", size + data[24:29]), *_shared(data), (b"IDAT", b"".join(packed)), (b"IEND", b"")]
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _shared(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the palette and transparency of a PNG, which stand before its first data."""
    found = []
    place = len(SIGNATURE)
    while (kind := data[place + 4 : place + 8]) != b"IDAT":
        length = struct.unpack_from(">I", data, place)[0]
        if kind in (b"PLTE", b"tRNS"):
            found.append((kind, data[place + 8 : place + 8 + length]))
        place += 12 + length
    return found
