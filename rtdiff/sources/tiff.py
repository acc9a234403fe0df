"""TIFF directories: those of TIFF files, and EXIF, which is one."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from rtdiff.sources.header import Check, Damaged, Header
from rtdiff.sources.profile import profile_name

_WIDTH, _HEIGHT, _PHOTOMETRIC, _STRIPS, _ORIENTATION, _SAMPLES = 256, 257, 262, 273, 274, 277
_STRIP_BYTES, _TILES, _TILE_BYTES, _EXTRA, _FORMAT, _BITS, _ICC = 279, 324, 325, 338, 339, 258, 34675
_TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 13: "I", 16: "Q", 18: "Q"}
_WANTED = {_WIDTH, _HEIGHT, _PHOTOMETRIC, _STRIPS, _ORIENTATION, _SAMPLES, _STRIP_BYTES} | {
    _TILES,
    _TILE_BYTES,
    _EXTRA,
    _FORMAT,
    _BITS,
    _ICC,
}
_WHITE_IS_0, _PALETTE, _INK = 0, 3, 5  # of _PHOTOMETRIC
_MOST_PAGES = 10_000  # a directory chain may be a circle


def tiff(data: bytes, check: Check, number: int = 0) -> Header:
    """Read the directory of page `number` (of the first where there is no such page) and count the pages."""
    tags: dict[int, tuple[int, ...]] = {}
    count = 0
    for page in _directories(data):
        if count in (0, number):
            tags = page
        count += 1
        for offsets, lengths in ((_STRIPS, _STRIP_BYTES), (_TILES, _TILE_BYTES)):
            for offset, length in zip(page.get(offsets, ()), page.get(lengths, ()), strict=False):
                if offset + length > len(data):
                    raise Damaged(f"is cut short ({len(data)} bytes)")
    size = (_one(tags, _WIDTH, 0), _one(tags, _HEIGHT, 0))
    check(*size)
    samples, extra = _one(tags, _SAMPLES, 1), _one(tags, _EXTRA, 0)
    bits, light = max(tags.get(_BITS) or (1,)), _one(tags, _PHOTOMETRIC, 1)
    if bits in (2, 4) and light != _PALETTE:
        raise Damaged(f"has samples of {bits} bit, which are not read", "convert it to 8 bit")
    if samples > 4:
        raise Damaged(f"has {samples} samples a pixel, which are not read", "convert it to RGB")
    if light == _INK and bits > 8:
        raise Damaged(f"holds ink of {bits} bit, which is not read", "convert it to RGB")
    return Header(
        "TIFF",
        size,
        frames=count,
        orientation=_orientation(tags),
        profile=profile_name(bytes(tags.get(_ICC, ()))),
        cmyk=light == _INK,
        # libtiff's RGBA interface, which OpenCV uses at 8 bit, multiplies; 16 bit comes as stored.
        premultiplied=extra == 1 or bits <= 8,
        lost_alpha=samples == 2,
        bits=bits,
        largest=((1 << bits) - 1) << (16 - bits) if 8 < bits < 16 else 0,  # OpenCV shifts them up
        inverted=light == _WHITE_IS_0 and bits > 8,
        pixel_bytes=min(samples + (light == _PALETTE) * 2 + (samples == 2), 4) * (2 if bits > 8 else 1),
        signed=_one(tags, _FORMAT, 1) == 2,
    )


def exif_orientation(data: bytes) -> int:
    """Return the orientation, 1 to 8, that an EXIF block holds; 1 where there is none to be found."""
    try:
        return _orientation(next(_directories(data.removeprefix(b"Exif\0\0")), {}))
    except (Damaged, struct.error, IndexError):
        return 1  # what viewers do with a broken EXIF block


def _orientation(tags: dict[int, tuple[int, ...]]) -> int:
    value = _one(tags, _ORIENTATION, 1)
    return value if 1 <= value <= 8 else 1


def _one(tags: dict[int, tuple[int, ...]], tag: int, default: int) -> int:
    values = tags.get(tag, ())
    return int(values[0]) if values else default


def _directories(data: bytes) -> Iterator[dict[int, tuple[int, ...]]]:
    """Yield the tags of each directory; only those of `_WANTED`, whole numbers only."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    version = struct.unpack_from(order + "H", data, 2)[0] if order else 0
    if order is None or version not in (42, 43):
        raise Damaged("has no directory")
    big = version == 43
    # Counts, offsets and entries are wider in BigTIFF.
    count_code, word, entry_size = ("Q", "Q", 20) if big else ("H", "I", 12)
    offset = struct.unpack_from(order + word, data, 8 if big else 4)[0]
    seen: set[int] = set()
    while offset and offset not in seen and len(seen) < _MOST_PAGES:
        seen.add(offset)
        count = struct.unpack_from(order + count_code, data, offset)[0]
        first = offset + struct.calcsize(count_code)
        after = first + count * entry_size
        if after > len(data):
            raise Damaged(f"is cut short ({len(data)} bytes)")
        entries = range(first, after, entry_size)
        yield dict(_entries(data, order, word, entries))
        try:
            offset = struct.unpack_from(order + word, data, after)[0]
        except struct.error:
            return  # EXIF blocks often end without the link to a next directory


def _entries(data: bytes, order: str, word: str, places: range) -> Iterator[tuple[int, tuple[int, ...]]]:
    room = struct.calcsize("=" + word)
    for place in places:
        tag, kind = struct.unpack_from(order + "HH", data, place)
        if tag not in _WANTED or kind not in _TYPES:
            continue
        count = struct.unpack_from(order + word, data, place + 4)[0]
        value_at = place + 4 + room
        if count * struct.calcsize("=" + _TYPES[kind]) > room:
            value_at = struct.unpack_from(order + word, data, value_at)[0]
        if count > len(data):
            raise Damaged(f"is cut short ({len(data)} bytes)")
        yield tag, struct.unpack_from(f"{order}{count}{_TYPES[kind]}", data, value_at)
