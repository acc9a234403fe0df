"""Headers of PNG, JPEG, GIF, BMP and PNM, read from the bytes."""

from __future__ import annotations

import re
import struct
import zlib

from rtdiff.sources.header import Check, Damaged, Header
from rtdiff.sources.profile import inflate, profile_name
from rtdiff.sources.tiff import exif_orientation

_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PNG_DECODED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")


def png(data: bytes, check: Check) -> Header:
    """Walk the chunks: every one that is decoded is checked, the others are left out of `spans`.

    libpng writes its own warnings about the others to stderr (a wrong sRGB profile is common).
    """
    header = Header("PNG")
    depth = colour = -1
    seen: set[bytes] = set()
    spans = [(0, 8)]
    place = 8
    while b"IEND" not in seen:
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        body = data[place + 8 : min(place + 8 + length, len(data))] if kind != b"IDAT" else b""
        if not seen and kind == b"IHDR":
            *size, depth, colour = struct.unpack_from(">IIBB", body)
            if depth not in _PNG_DEPTHS.get(colour, ()):
                raise Damaged(f"has bit depth {depth} with colour type {colour}, which does not exist")
            header.size_wh = (size[0], size[1])
            check(*header.size_wh)
        if end > len(data):
            raise Damaged(f"is cut short ({len(data)} bytes)")
        if kind in _PNG_DECODED:
            if (
                zlib.crc32(memoryview(data)[place + 4 : end - 4])
                != struct.unpack_from(">I", data, end - 4)[0]
            ):
                raise Damaged(f"is damaged (wrong checksum of {kind.decode()})")
            spans.append((place, end))
        elif kind[0] < 0x60:
            raise Damaged(f"holds an unknown chunk {kind!r}")
        seen.add(kind)
        if b"IHDR" not in seen:
            raise Damaged("does not begin with IHDR")
        _png_extra(header, kind, body, depth, colour, b"IDAT" in seen)
        place = end
    if b"IDAT" not in seen or (colour == 3 and b"PLTE" not in seen):
        raise Damaged(f"holds no {'picture data' if b'IDAT' not in seen else 'palette'}")
    header.spans = tuple(spans)
    return header


def _png_extra(header: Header, kind: bytes, body: bytes, depth: int, colour: int, after_data: bool) -> None:
    if kind == b"acTL":
        header.frames = max(1, struct.unpack_from(">I", body)[0])
        header.frame_first = False
    elif kind == b"fcTL" and not after_data:
        header.frame_first = True
    elif kind == b"eXIf":
        header.orientation = exif_orientation(body)
    elif kind == b"iCCP":
        header.profile = profile_name(inflate(body.partition(b"\0")[2][1:]))
    elif kind == b"tRNS" and colour == 0:
        # Decoded samples of less than 8 bit fill 0..255: 15 of 4 bit is 255.
        header.transparent = struct.unpack_from(">H", body)[0] * (255 // ((1 << min(depth, 8)) - 1))


def jpeg(data: bytes, check: Check) -> Header:
    """Walk the markers up to the scan, then look for the end marker: half a JPEG decodes as well."""
    header = Header("JPEG")
    profile: list[tuple[int, bytes]] = []
    place = 2
    while True:
        while data[place] != 0xFF:  # bytes between segments are allowed to be junk
            place += 1
        while data[place] == 0xFF:
            place += 1
        marker = data[place]
        place += 1
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            continue
        if marker == 0xD9:
            raise Damaged("holds no picture data")
        length = struct.unpack_from(">H", data, place)[0]
        body = data[place + 2 : place + length]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width, components = struct.unpack_from(">HHB", body, 1)
            header.size_wh, header.cmyk = (width, height), components == 4
            check(width, height)
        elif marker == 0xE1 and body.startswith(b"Exif\0\0"):
            header.orientation = exif_orientation(body)
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0"):
            profile.append((body[12], body[14:]))
        place += length
        if marker == 0xDA:
            break
    header.profile = profile_name(b"".join(part for _, part in sorted(profile)))
    if header.size_wh == (0, 0):
        raise Damaged("holds no picture header")
    if data.rfind(b"\xff\xd9", place) < 0:
        raise Damaged(f"is cut short ({len(data)} bytes, no end marker)")
    return header


def gif(data: bytes, check: Check) -> Header:
    """Walk the blocks to count the frames."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    check(width, height)
    frames, place = 0, 13 + _palette_bytes(flags)
    while (block := data[place]) in (0x21, 0x2C):
        if block == 0x2C:
            frames += 1
            place += 11 + _palette_bytes(data[place + 9])
        else:
            place += 2
        while data[place]:
            place += 1 + data[place]
        place += 1
    if not frames:
        raise Damaged("holds no picture")
    return Header("GIF", (width, height), frames)


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def bmp(data: bytes, check: Check) -> Header:
    """Read the size; a negative height means that the first row is the top one."""
    code = "<HH" if data[14] == 12 else "<ii"
    width, height = struct.unpack_from(code, data, 18)
    check(width, abs(height))
    return Header("BMP", (width, abs(height)))


def pnm(data: bytes, check: Check) -> Header:
    """Read the size, which is text and may have comments in between."""
    found = re.match(rb"P[1-6](?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})", data[:4096])
    if not found:
        raise Damaged("says no size")
    width, height = int(found[1]), int(found[2])
    check(width, height)
    return Header("PNM", (width, height))
