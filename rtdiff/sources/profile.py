"""The name of an embedded ICC colour profile; profiles are told of, not applied."""

from __future__ import annotations

import struct
import zlib

_MOST_BYTES = 1 << 24  # a compressed profile may be a bomb


def profile_name(profile: bytes) -> str:
    """Return the description in an ICC profile, or an empty string for none and for sRGB.

    Parameters
    ----------
    profile : bytes
        ICC.1:2022 or an older version; tags 'desc' of type 'desc' (ASCII) or 'mluc' (UTF-16).
    """
    if not profile:
        return ""
    try:
        name = _description(profile)
    except (struct.error, UnicodeDecodeError):
        name = ""
    if "srgb" in name.lower():
        return ""
    return " ".join(name.split())[:80] or "unnamed"


def inflate(data: bytes) -> bytes:
    """Return zlib data decompressed, 16 MiB at most; empty when it is broken."""
    try:
        return zlib.decompressobj().decompress(data, _MOST_BYTES)
    except zlib.error:
        return b""


def _description(profile: bytes) -> str:
    count = struct.unpack_from(">I", profile, 128)[0]
    for place in range(132, 132 + 12 * min(count, 200), 12):
        tag, offset, _ = struct.unpack_from(">4sII", profile, place)
        if tag != b"desc":
            continue
        if profile[offset : offset + 4] == b"mluc":
            length, start = struct.unpack_from(">II", profile, offset + 20)
            return profile[offset + start : offset + start + length].decode("utf-16-be")
        length = struct.unpack_from(">I", profile, offset + 8)[0]
        return profile[offset + 12 : offset + 12 + length].split(b"\0")[0].decode("latin-1")
    return ""
