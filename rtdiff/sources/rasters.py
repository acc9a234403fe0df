"""Headers of JPEG, GIF, BMP and PNM, read from the bytes."""

from __future__ import annotations

import re
import struct

from rtdiff.sources.header import MOST_FRAMES, Check, Damaged, Header, Part
from rtdiff.sources.profile import profile_name
from rtdiff.sources.tiff import exif_orientation


def jpeg(data: bytes, check: Check) -> Header:
    """Walk the markers up to the scan, then look for the end marker: half a JPEG decodes as well."""
    header = Header("JPEG")
    profile: list[tuple[int, bytes]] = []
    spans: list[tuple[int, int]] = []
    kept, place = 0, 2
    while True:
        start = data.find(b"\xff", place)
        if start < 0:
            raise Damaged(f"is cut short ({len(data)} bytes)")
        if start > place:  # junk between segments: libjpeg warns of it on stderr, and leaves it out
            spans.append((kept, place))
            kept = start
        place = start
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
            header.pixel_bytes = 1 if components == 1 else 3
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
    header.spans = (*spans, (kept, len(data))) if spans else ()
    return header


def gif(data: bytes, check: Check) -> Header:
    """Walk the blocks to find the frames."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    check(width, height)
    parts: list[Part] = []
    control, place = (0, 0), 13 + palette_bytes(flags)
    while (block := data[place]) in (0x21, 0x2C):
        start = place
        if block == 0x2C:
            box = struct.unpack_from("<4H", data, place + 1)
            check(*box[2:])
            place += 11 + palette_bytes(data[place + 9])
        else:
            place += 2
        while data[place]:
            place += 1 + data[place]
        place += 1
        if block == 0x2C:
            dispose = data[control[0] + 3] >> 2 & 7 if control[1] else 0
            parts.append(Part(box, (control, (start, place)), {2: 1, 3: 2}.get(dispose, 0)))
            control = (0, 0)
        elif data[start + 1 : start + 3] == b"\xf9\x04":
            control = (start, place)
        if len(parts) > MOST_FRAMES:
            raise Damaged(f"holds more than {MOST_FRAMES} frames")
    if not parts:
        raise Damaged("holds no picture")
    return Header("GIF", (width, height), len(parts), parts=tuple(parts))


def palette_bytes(flags: int) -> int:
    """Return the length of the palette that a GIF's flags announce."""
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
