"""Headers of WebP, AVIF and JPEG 2000: boxes within boxes, read from the bytes."""

from __future__ import annotations

import struct

from rtdiff.sources.header import Check, Damaged, Header
from rtdiff.sources.profile import profile_name
from rtdiff.sources.tiff import exif_orientation

# Quarter turns anticlockwise, then a mirror (0 swaps top and bottom, 1 left and right): ISO/IEC 23008-12.
_TURN = {0: 1, 1: 8, 2: 3, 3: 6}
_TURN_MIRROR = {(0, 0): 4, (0, 1): 2, (1, 0): 5, (1, 1): 7, (2, 0): 2, (2, 1): 4, (3, 0): 7, (3, 1): 5}


def webp(data: bytes, check: Check) -> Header:
    """Walk the RIFF chunks: size, frames, EXIF and profile."""
    header = Header("WebP")
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise Damaged(f"is cut short ({len(data)} of {end} bytes)")
    place, frames = 12, 0
    while place + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, place)
        body = place + 8
        if body + length > end:
            raise Damaged("is damaged (a chunk is longer than the file)")
        if header.size_wh == (0, 0):
            header.size_wh = _webp_size(data, kind, body)
            check(*header.size_wh)
        if kind == b"ANMF":
            frames += 1
        elif kind == b"EXIF":
            header.orientation = exif_orientation(data[body : body + length])
        elif kind == b"ICCP":
            header.profile = profile_name(data[body : body + length])
        place = body + length + (length & 1)
    header.frames = max(1, frames)
    return header


def _webp_size(data: bytes, kind: bytes, body: int) -> tuple[int, int]:
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[body + k : body + k + 3], "little") + 1 for k in (4, 7))
        return width, height
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, body + 1)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, body + 6)
        return width & 0x3FFF, height & 0x3FFF
    raise Damaged("begins with no picture")


def avif(data: bytes, check: Check) -> Header:
    """Find the properties by name: size, turn and mirror, and the number of frames of a sequence."""
    meta = data.find(b"ispe")
    if meta < 0:
        raise Damaged("holds no picture")
    sizes = []
    while meta >= 0:
        sizes.append(struct.unpack_from(">II", data, meta + 8))
        meta = data.find(b"ispe", meta + 4, meta + 4096)
    size = max(sizes, key=lambda wh: wh[0] * wh[1])
    check(*size)
    turn, mirror = data.find(b"\x00\x00\x00\x09irot"), data.find(b"\x00\x00\x00\x09imir")
    quarter = data[turn + 8] & 3 if turn >= 0 else 0
    frames, table = 1, data.find(b"stsz")
    if data.startswith(b"ftypavis", 4) and table >= 0:
        frames = max(1, struct.unpack_from(">I", data, table + 12)[0])
    orientation = _TURN_MIRROR[quarter, data[mirror + 8] & 1] if mirror >= 0 else _TURN[quarter]
    return Header("AVIF", (size[0], size[1]), frames, orientation=orientation)


def jpeg2000(data: bytes, check: Check) -> Header:
    """Read the size from the code stream's SIZ marker, or from the box around it."""
    if data.startswith(b"\xff\x4f"):
        right, bottom, left, top = struct.unpack_from(">IIII", data, 8)
        width, height = right - left, bottom - top
    else:
        box = data.find(b"ihdr", 0, 4096)
        if box < 0:
            raise Damaged("says no size")
        height, width = struct.unpack_from(">II", data, box + 4)
    check(width, height)
    return Header("JPEG 2000", (width, height))
