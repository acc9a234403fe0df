"""Headers of PNG and animated PNG, read from the bytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from rtdiff.sources.header import MOST_FRAMES, Check, Damaged, Header, Part
from rtdiff.sources.profile import inflate, profile_name
from rtdiff.sources.tiff import exif_orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 4, 6: 4}  # as decoded: gray with transparency becomes B, G, R, A
_DECODED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


def png(data: bytes, check: Check) -> Header:
    """Walk the chunks: every one that is decoded is checked, the others are left out of `spans`.

    libpng writes its own warnings about the others to stderr (a wrong sRGB profile is common).
    """
    header = Header("PNG")
    colour = -1
    seen: set[bytes] = set()
    spans = [(0, 8)]
    parts: list[tuple[bytes, list[tuple[int, int]]]] = []
    for kind, place, end in _chunks(data):
        if not seen:
            if kind != b"IHDR":
                raise Damaged("does not begin with IHDR")
            *size, depth, colour = struct.unpack_from(">IIBB", data, place + 8)
            if depth not in _DEPTHS.get(colour, ()):
                raise Damaged(f"has bit depth {depth} with colour type {colour}, which does not exist")
            header.size_wh = (size[0], size[1])
            header.pixel_bytes = _CHANNELS[colour] * (depth // 8 or 1)
            check(*header.size_wh)
        if end > len(data):
            raise Damaged(f"is cut short ({len(data)} bytes)")
        if kind in _DECODED:
            check_sum(data, place, end)
            first = spans.pop()[0] if spans[-1][1] == place else place
            spans.append((first, end))
        elif kind[0] < 0x60:
            raise Damaged(f"holds an unknown chunk {kind!r}")
        if kind == b"fcTL":
            header.frame_first = header.frame_first and (bool(parts) or b"IDAT" not in seen)
            parts.append((data[place + 8 : end - 4], []))
        elif kind in (b"IDAT", b"fdAT") and parts:
            parts[-1][1].append((place, end))
        seen.add(kind)
        if kind not in (b"IDAT", b"fdAT"):
            _extra(header, kind, data[place + 8 : end - 4], depth, colour)
        if len(parts) > MOST_FRAMES:
            raise Damaged(f"holds more than {MOST_FRAMES} frames")
    if b"IDAT" not in seen or (colour == 3 and b"PLTE" not in seen):
        raise Damaged(f"holds no {'picture data' if b'IDAT' not in seen else 'palette'}")
    header.spans = tuple(spans)
    if b"acTL" in seen and parts:
        header.parts = tuple(_part(body, tuple(chunks), header) for body, chunks in parts if chunks)
        header.frames = len(header.parts) + (not header.frame_first)
    return header


def check_sum(data: bytes, place: int, end: int) -> None:
    """Raise `Damaged` when the checksum of the chunk in ``data[place:end]`` is wrong."""
    if zlib.crc32(memoryview(data)[place + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
        raise Damaged(f"is damaged (wrong checksum of {data[place + 4 : place + 8].decode('latin-1')})")


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of every chunk up to IEND; the last may end beyond the data."""
    place, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, place)
        yield kind, place, place + 12 + length
        place += 12 + length


def _part(body: bytes, chunks: tuple[tuple[int, int], ...], header: Header) -> Part:
    width, height, left, top, dispose, blend = struct.unpack(">4x4I4xBB", body)
    if width < 1 or height < 1 or left + width > header.size_wh[0] or top + height > header.size_wh[1]:
        raise Damaged(f"has a frame of {width}x{height} at {left},{top}, outside of the picture")
    return Part((left, top, width, height), chunks, dispose, blend == 1)


def _extra(header: Header, kind: bytes, body: bytes, depth: int, colour: int) -> None:
    if kind == b"eXIf":
        header.orientation = exif_orientation(body)
    elif kind == b"iCCP":
        header.profile = profile_name(inflate(body.partition(b"\0")[2][1:]))
    elif kind == b"tRNS":
        header.pixel_bytes = 4 * (depth // 8 or 1)
        if colour == 0:
            # Decoded samples of less than 8 bit fill 0..255: 15 of 4 bit is 255.
            header.transparent = struct.unpack_from(">H", body)[0] * (255 // ((1 << min(depth, 8)) - 1))
