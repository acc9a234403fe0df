"""Files of bare samples, which say neither size nor format: what was typed stands for their header."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

from rtdiff.classes import dataclass
from rtdiff.errors import SettingsError
from rtdiff.records import Correction
from rtdiff.sources.header import sniff

ENDINGS = {".yuv": "yuv420p", ".rgb": "rgb24", ".raw": "yuv420p", ".nv12": "nv12"}
"""Endings of bare samples, and what they hold when nobody says."""
HEAD_BYTES = 512
"""How much of a file's beginning `is_raw` wants."""

_Y4M = b"YUV4MPEG2"
_SAID = (
    (0, _Y4M),
    (4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide"), (4, b"skip"), (4, b"free"),
    (0, b"\x1a\x45\xdf\xa3"), (0, b"RIFF"), (0, b"FLV"), (0, b"OggS"), (0, b"DKIF"), (0, b"nut/"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"), (0, b"\x06\x0e\x2b\x34"), (0, b"\0\0\0\1"), (0, b"\0\0\1"),
)  # fmt: skip
_SLOWEST, _FASTEST = 0.125, 100_000  # below, FFmpeg's bit rate no longer tells bytes of a frame exactly
_SYNC, _TS_PACKET = 0x47, 188
_SIZE = re.compile(r"(?<!\d)(\d{2,5})x(\d{2,5})(?!\d)")


@dataclass(frozen=True, slots=True)
class Raw:
    """What a file of bare samples does not say."""

    size_wh: tuple[int, int]
    """Width and height, pixels."""
    pix_fmt: str
    """FFmpeg's name of the format."""
    fps: Fraction
    """Frames a second."""

    @property
    def options(self) -> dict[str, str]:
        """What FFmpeg's reader of bare samples wants to be told."""
        width, height = self.size_wh
        return {
            "video_size": f"{width}x{height}",
            "pixel_format": self.pix_fmt,
            "framerate": f"{self.fps.numerator}/{self.fps.denominator}",
        }

    def frame_bytes(self, bit_rate: int) -> int:
        """Return bytes of a frame, by the bit rate that FFmpeg's reader works out from them."""
        return round(bit_rate / (8 * self.fps))


def raw_of(
    name: str, size_wh: tuple[int, int], pix_fmt: str | None = None, fps: Fraction | float = 25
) -> Raw:
    """Return what was typed for the file `name`, checked.

    Parameters
    ----------
    name : str
        Its ending decides on the format where `pix_fmt` is None.
    size_wh : tuple of int
        Width and height, pixels.
    pix_fmt : str, optional
        FFmpeg's name of a pixel format; of bytes in either order, little-endian when it does not say.
    fps : Fraction or float
        Frames a second.

    Raises
    ------
    SettingsError
        A size or a rate that is none, or an unknown format.
    """
    from av.video.format import names  # type: ignore[attr-defined]

    from rtdiff.sources.planes import layout_of

    if len(size_wh) != 2 or not all(isinstance(side, int) and 0 < side <= 1 << 16 for side in size_wh):
        raise SettingsError(f"size: {size_wh!r} is no width and height; give two whole numbers, as 1920x1080")
    if not _SLOWEST <= fps <= _FASTEST:
        raise SettingsError(f"fps: {fps} frames a second are not possible; give {_SLOWEST} to {_FASTEST}")
    rate = Fraction(fps).limit_denominator(1 << 16)
    wanted = (pix_fmt or ENDINGS.get(Path(name).suffix.lower(), "yuv420p")).lower()
    if wanted not in names and wanted + "le" in names:
        wanted += "le"
    try:
        if wanted not in names:
            raise ValueError(wanted)
        layout_of(wanted)
    except ValueError:
        near = _near(wanted, names)
        hint = f"did you mean {near}?" if near else "as yuv420p, yuv422p10le, nv12"
        raise SettingsError(f"pix-fmt: {wanted!r} is no format of samples in a file; {hint}") from None
    return Raw((size_wh[0], size_wh[1]), wanted, rate)


def is_raw(head: bytes, ending: str) -> bool:
    """Return whether a file must be told what it holds: nothing at its beginning names a format.

    Parameters
    ----------
    head : bytes
        Its beginning, `HEAD_BYTES` where there are as many.
    ending : str
        Of its name, lower case with the dot. By one of `ENDINGS` only Y4M is not raw.
    """
    if ending in ENDINGS:
        return not head.startswith(_Y4M)
    packets = head[: 2 * _TS_PACKET + 1 : _TS_PACKET]
    told = any(head.startswith(magic, at) for at, magic in _SAID) or sniff(head) is not None
    return not told and packets != bytes([_SYNC] * 3)


def what_to_type(name: str) -> str:
    """Return the advice for a raw file that was given without a size; a name often says it."""
    base = Path(name).name
    advice = "give --size WxH, --pix-fmt and --fps"
    if not (found := _SIZE.search(base)):
        return advice
    from av.video.format import names  # type: ignore[attr-defined]

    formats = [part for part in re.split(r"[._-]", base) if part in names]
    pix_fmt = f" --pix-fmt {formats[0]}" if formats else ""
    return f"{advice}; its name looks like --size {found[1]}x{found[2]}{pix_fmt}"


def rest_note(size: int, frame_bytes: int, raw: Raw) -> tuple[Correction, ...]:
    """Return what to say of a file that is not a whole number of frames: nothing if it is."""
    rest = size % frame_bytes
    if not rest:
        return ()
    width, height = raw.size_wh
    why = f"not a whole number of frames of {frame_bytes} bytes ({width}x{height} {raw.pix_fmt}): check them"
    return (Correction("dropped", "both", f"{rest} bytes at the end", "left out", why),)


def _near(name: str, names: set[str]) -> str:
    """Return formats like `name`, those that go on after it first: yuv420p after yuv420."""
    from difflib import get_close_matches

    longer = sorted(
        (other for other in names if other.startswith(name)), key=lambda other: (len(other), other)
    )
    return " or ".join(dict.fromkeys([*longer[:1], *get_close_matches(name, names, 2)]))
