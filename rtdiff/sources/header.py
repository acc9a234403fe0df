"""What a picture's bytes say before anything is decoded; only bytes are looked at here."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from rtdiff.classes import dataclass
from rtdiff.errors import SourceError

MAX_PIXELS = 200_000_000
"""Pixels of the largest picture read by default: an A2 scan at 600 dpi, twice the largest still cameras."""

MOST_FRAMES = 100_000
"""Frames of the longest animation, an hour at 25 a second and some."""

SNIFF_BYTES = 64
"""How many bytes `sniff` wants."""

READABLE = "PNG, JPEG, WebP, TIFF, BMP, GIF, AVIF, JPEG 2000 or PNM"


class Damaged(Exception):
    """Raised by the parsers; the message goes on after the file's name and kind.

    Parameters
    ----------
    wrong : str
        What is wrong.
    remedy : str
        What to do.
    """

    def __init__(self, wrong: str, remedy: str = "copy or make it again") -> None:
        super().__init__(f"{wrong}; {remedy}")


@dataclass(frozen=True, slots=True)
class Part:
    """One frame of an animation as its file holds it: a rectangle to be drawn on what was there before."""

    box: tuple[int, int, int, int]
    """Left, top, width, height, pixels of the whole picture."""
    spans: tuple[tuple[int, int], ...]
    """Where its data lie in the file, bytes: chunks of a PNG; control, palette and data of a GIF."""
    dispose: int = 0
    """What becomes of the rectangle before the next is drawn; 0: stays, 1: cleared, 2: as before."""
    over: bool = True
    """Whether transparent parts let through what was there before."""


@dataclass(slots=True)
class Header:
    """What is known of a picture before it is decoded."""

    kind: str
    """PNG, JPEG, WebP ..."""
    size_wh: tuple[int, int] = (0, 0)
    """Stored width and height, before orientation, pixels."""
    frames: int = 1
    """Frames of an animation or pages of a document."""
    frame_first: bool = True
    """Whether frame 0 begins the animation; a PNG's may be a still beside it, counted all the same."""
    parts: tuple[Part, ...] = ()
    """Of a GIF or an animated PNG: what each frame of the animation draws."""
    pixel_bytes: int = 4
    """Bytes of a decoded pixel, at most."""
    orientation: int = 1
    """EXIF orientation, 1 to 8."""
    profile: str = ""
    """Name of the embedded colour profile; empty for none and for sRGB."""
    cmyk: bool = False
    """Whether the samples are ink."""
    premultiplied: bool = False
    """Whether the decoder hands out B, G, R multiplied by alpha."""
    lost_alpha: bool = False
    """Whether the decoder leaves out an alpha that is there."""
    transparent: int | None = None
    """PNG's gray value that means transparent, as a decoded sample, or None."""
    largest: int = 0
    """Largest code value where the decoder leaves samples unscaled, as 1023 of 10 bit; 0: all are used."""
    bits: int = 0
    """Bits of a stored sample, if the decoder may hand out fewer; otherwise 0."""
    inverted: bool = False
    """Whether 0 means white in decoded samples."""
    bgr: bool = False
    """Whether the decoder must be told that the picture is B, G, R."""
    signed: bool = False
    """Whether the samples are signed integers."""
    spans: tuple[tuple[int, int], ...] = ()
    """Parts of the file that the decoder needs; empty for the whole file."""

    @property
    def oriented_wh(self) -> tuple[int, int]:
        """Width and height as people see it, pixels."""
        width, height = self.size_wh
        return (height, width) if self.orientation >= 5 else (width, height)


Check = Callable[[int, int], None]
"""Called by a parser with width and height as soon as they are known."""

_MAGIC = (
    ("PNG", 0, b"\x89PNG\r\n\x1a\n"),
    ("JPEG", 0, b"\xff\xd8\xff"),
    ("GIF", 0, b"GIF87a"),
    ("GIF", 0, b"GIF89a"),
    ("WebP", 8, b"WEBP"),
    ("TIFF", 0, b"II*\x00"),
    ("TIFF", 0, b"MM\x00*"),
    ("TIFF", 0, b"II+\x00"),
    ("TIFF", 0, b"MM\x00+"),
    ("AVIF", 4, b"ftypavif"),
    ("AVIF", 4, b"ftypavis"),
    ("JPEG 2000", 4, b"jP  \r\n\x87\n"),
    ("JPEG 2000", 0, b"\xff\x4f\xff\x51"),
)
_MAXVAL = re.compile(rb"P([2356])" + rb"(?:\s|#[^\n]*\n)+(\d{1,9})" * 3)
_OTHER = (
    (4, b"ftypheic", "is HEIC"),
    (4, b"ftypheix", "is HEIC"),
    (4, b"ftypmif1", "is HEIF"),
    (0, b"8BPS", "is a Photoshop file"),
    (0, b"%PDF", "is a PDF"),
    (0, b"\x76\x2f\x31\x01", "is OpenEXR"),
    (0, b"#?RADIANCE", "is Radiance HDR"),
    (0, b"\xff\x0a", "is JPEG XL"),
    (0, b"\x00\x00\x00\x0cJXL ", "is JPEG XL"),
)


def sniff(start: bytes) -> str | None:
    """Return the kind of picture that `start`, a file's first bytes, begins, or None."""
    for kind, offset, magic in _MAGIC:
        if start.startswith(magic, offset):
            return kind
    if start[:2] == b"BM" and start[6:10] == b"\0\0\0\0" and start[14:15] in b"\x0c\x28\x34\x38\x40\x6c\x7c":
        return "BMP"
    if len(start) > 2 and start[:1] == b"P" and start[1:2] in b"123456" and start[2:3] in b" \t\r\n#":
        return "PNM"
    return None


def no_picture(start: bytes) -> str:
    """Say what a file is that is not a picture, and what to do."""
    if not start:
        return "is empty; replace the file"
    if b"PNG" in start[:10]:
        return "has a damaged PNG signature; copy it again, not as text"
    for offset, magic, words in _OTHER:
        if start.startswith(magic, offset):
            return f"{words}, which is not read; convert it to PNG"
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<svg") or (text.startswith(b"<?xml") and b"svg" in text):
        return "is SVG; render it to PNG first"
    if text.startswith((b"<!doctype html", b"<html")):
        return "is an HTML page, not a picture; was it an error page of a download?"
    if text and all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in start):
        return "is text, not a picture; name another file"
    return f"is not a picture; give {READABLE}"


def read_header(data: bytes, name: str, max_pixels: int = MAX_PIXELS, frame: int = 0) -> Header:
    """Return the header of a picture, without decoding it; of a document, that of page `frame`.

    Raises
    ------
    SourceError
        No picture, damaged, cut short, or more than `max_pixels` pixels.
    """
    kind = sniff(data[:SNIFF_BYTES])
    if kind is None:
        raise SourceError(f"{name}: {no_picture(data[:SNIFF_BYTES])}")

    def check(width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise Damaged(f"says it is {width}x{height} pixels")
        if width * height > max_pixels:
            raise SourceError(
                f"{name}: {width}x{height} pixels are more than the {max_pixels} allowed; "
                "scale it down or cut it into parts"
            )

    try:
        header = _parsed(kind, data, check, frame)
        header.largest = header.largest or _largest(kind, data)
        header.bgr = kind == "BMP" and _is_bgr(data)
        return header
    except Damaged as error:
        raise SourceError(f"{name}: the {kind} file {error}") from None
    except (struct.error, IndexError):
        raise SourceError(
            f"{name}: the {kind} file is cut short ({len(data)} bytes); copy or make it again"
        ) from None


def _largest(kind: str, data: bytes) -> int:
    """Return the largest code value of kinds that OpenCV 5 does not scale to 8 or 16 bit, or 0."""
    if kind == "AVIF" and (box := data.find(b"av1C")) >= 0:
        # AV1 in ISOBMFF 2.3.3: bits 6 and 5 of the third byte are high_bitdepth and twelve_bit.
        return {0x40: 1023, 0x60: 4095}.get(data[box + 6] & 0x60, 0)
    if kind == "JPEG 2000" and (start := data.find(b"\xff\x4f\xff\x51")) >= 0:
        return (2 << (data[start + 42] & 0x7F)) - 1  # Ssiz of ISO/IEC 15444-1 A.5.1: bits less one
    if kind == "PNM" and (found := _MAXVAL.match(data[:4096])):
        largest, is_text = int(found[4]), found[1] in b"23"
        if not 0 < largest < 65536:
            raise Damaged(f"says its largest sample is {largest}")
        return 0 if is_text and largest < 256 else largest
    return 0


def _is_bgr(data: bytes) -> bool:
    """Whether a BMP is plain colour that OpenCV 5, left alone, reads as gray or as transparent."""
    size = struct.unpack_from("<I", data, 14)[0]
    if size < 40:
        return bool(struct.unpack_from("<H", data, 24)[0] >= 24)  # OS/2
    bits, compression = struct.unpack_from("<HI", data, 28)
    has_alpha = size >= 56 and struct.unpack_from("<I", data, 66)[0] != 0
    return bool(bits == 32 and compression == 3 and not has_alpha)


def _parsed(kind: str, data: bytes, check: Check, page: int) -> Header:
    from rtdiff.sources import containers, png, rasters, tiff

    if kind == "TIFF":
        return tiff.tiff(data, check, page)
    parser = {
        "PNG": png.png,
        "JPEG": rasters.jpeg,
        "GIF": rasters.gif,
        "BMP": rasters.bmp,
        "PNM": rasters.pnm,
        "WebP": containers.webp,
        "AVIF": containers.avif,
        "JPEG 2000": containers.jpeg2000,
    }[kind]
    return parser(data, check)
