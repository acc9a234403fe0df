"""What people write for times, fractions, areas, sizes and rates, made into exact values.

Every parser takes the text of an option, the number of a YAML file or a value that is parsed
already, and returns the value or raises ``ValueError('must be ..., got ...')``: the caller knows
the option, and puts its name in front.
"""

from __future__ import annotations

import os
import re
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from rtdiff.classes import dataclass
from rtdiff.errors import redact

NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?")
"""A decimal number as people write it: no ``_``, no hexadecimal, no ``nan``."""

UNITS_NS = {
    "h": 3_600_000_000_000,
    "min": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}
LONGEST_NS = 10 * 365 * 24 * UNITS_NS["h"]  # ten years: far below 2^63 ns, above any watch
MOST_FRAMES = 10**9  # a year at 30 fps

_CLOCK = re.compile(r"([0-9]{1,4}):([0-5][0-9]):([0-5][0-9](?:\.[0-9]{1,9})?)")
_TEXT_CAP = 64  # characters of a number; keeps 10**99999 from being computed


def show(value: object) -> str:
    """Return `value` as an error quotes it: short, on one line, without credentials."""
    if value is None or (isinstance(value, str) and not value):
        return "nothing"
    text = re.sub(r"://\S*@", "://***@", redact(repr(value)))  # a password may hold an '@' itself
    return text if len(text) <= _TEXT_CAP else text[:_TEXT_CAP] + "..."


def number(value: object, what: str = "a number") -> Decimal:
    """Return `value`, text or number, exactly as written.

    Raises
    ------
    ValueError
        For anything but a finite decimal number; a comma and ``%`` are explained.
    """
    text = str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if len(text) <= _TEXT_CAP and NUMBER.fullmatch(text):
        return Decimal(text)
    hint = ""
    if NUMBER.fullmatch(text.replace(",", ".")):
        hint = f"; write a point: {text.replace(',', '.')}"
    elif text.endswith("%"):
        hint = "; it is no fraction, write it without %"
    raise ValueError(f"must be {what}, got {show(value)}{hint}")


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time, or a number of frames whose length only the source knows."""

    ns: int = 0
    """Nanoseconds, >= 0."""
    frames: int = 0
    """Frames, >= 0; one of the two is 0."""

    def at(self, fps: Fraction) -> int:
        """Return nanoseconds at `fps` frames a second."""
        return self.ns + round(self.frames * UNITS_NS["s"] / fps)

    def __str__(self) -> str:
        if self.frames:
            return f"{self.frames}f"
        unit = next(unit for unit, ns in UNITS_NS.items() if self.ns % ns == 0 and (self.ns or unit == "s"))
        return f"{self.ns // UNITS_NS[unit]}{unit}"


def span(value: object) -> Span:
    """Parse a length of time: ``2`` (seconds), ``120ms``, ``00:01:02.500``, ``47f``.

    Units are h, min, s, ms, us and ns; finer than a nanosecond is rounded.
    """
    if isinstance(value, Span):
        return value
    what = "a time such as 2, 120ms, 1.5s, 00:01:02.500 or 47f"
    text = str(value).strip()
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = clock.groups()
        return _length((int(hours) * 60 + int(minutes)) * 60 + Decimal(seconds), "s", what, value)
    if re.fullmatch("[0-9]{1,4}:[0-9]{1,2}", text):
        raise ValueError(f"must be {what}, got {show(value)}; with hours: 00:{text}")
    unit = re.sub(r"^.*[0-9. ]", "", text) if isinstance(value, str) else ""
    if unit == "f" or unit in UNITS_NS:
        return _length(number(text[: -len(unit)].strip(), what), unit, what, value)
    return _length(number(value, what), "s", what, value)


def _length(amount: Decimal, unit: str, what: str, value: object) -> Span:
    if amount < 0:
        raise ValueError(f"must be {what}, got {show(value)}; time does not run backwards")
    if unit == "f":
        if amount > MOST_FRAMES or amount != int(amount):
            raise ValueError(f"must be {what}, got {show(value)}; frames are whole, at most {MOST_FRAMES}")
        return Span(frames=int(amount))
    ns = amount * UNITS_NS[unit]
    if ns > LONGEST_NS:
        raise ValueError(f"must be {what}, got {show(value)}; at most ten years")
    return Span(ns=round(ns))


@dataclass(frozen=True, slots=True)
class TimeShift:
    """How the test's time follows the reference's: ``test = rate * reference + length``, either sign."""

    rate: Fraction = Fraction(1)
    """Test time over reference time, 1/100..100."""
    length: Span = Span()
    """How far."""
    earlier: bool = False
    """Whether the test shows the same earlier: `length` is taken off."""

    def at(self, fps: Fraction) -> int:
        """Return the offset in nanoseconds, either sign, at `fps` frames a second."""
        return -self.length.at(fps) if self.earlier else self.length.at(fps)

    def __str__(self) -> str:
        pace = "" if self.rate == 1 else f"x{self.rate}"
        if pace and self.length == Span():
            return pace
        sign = "-" if self.earlier else "+" if pace else ""
        return f"{pace}{sign}{self.length}"


MOST_RATE = 100
"""The fastest, and its inverse the slowest, that a test may run."""


def time_shift(value: object) -> TimeShift:
    """Parse how the test's time follows the reference's: ``0.12s``, ``-3f``, ``x25/24``, ``x25/24+0.1s``."""
    if isinstance(value, TimeShift):
        return value
    what = "a time such as 0.12s, -120ms or 3f, or a rate and a time such as x25/24+0.1s"
    text = str(value).strip() if not isinstance(value, bool) else ""
    found = re.fullmatch(
        r"(?:x *([0-9][0-9./]{0,18}?)(?: *(?=[-+]|$)))?(?:([-+]?) *([0-9.].*))?", text[:_TEXT_CAP]
    )
    if not text or len(text) > _TEXT_CAP or not found:
        raise ValueError(f"must be {what}, got {show(value)}")
    pace, sign, length = found.groups()
    try:
        ratio = Fraction(pace or 1)
    except (ValueError, ZeroDivisionError):
        ratio = Fraction(0)
    if not Fraction(1, MOST_RATE) <= ratio <= MOST_RATE:
        raise ValueError(f"must be {what}, got {show(value)}; a rate is 1/{MOST_RATE} to {MOST_RATE}")
    if length is None:
        return TimeShift(ratio)
    shift = span(length)
    return TimeShift(ratio, shift, earlier=sign == "-" and shift != Span())


_RECTANGLE = re.compile(r"([0-9]{1,6}):([0-9]{1,6})-([0-9]{1,6}):([0-9]{1,6})")


def rectangle(value: object) -> tuple[int, int, int, int]:
    """Parse ``x0:y0-x1:y1``, half-open, pixels: left, top, right, bottom."""
    if isinstance(value, tuple):
        value = "{}:{}-{}:{}".format(*value) if len(value) == 4 else value
    found = _RECTANGLE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"must be a part such as 0:60-1920:1020, got {show(value)}")
    x0, y0, x1, y1 = map(int, found.groups())
    if x0 >= x1 or y0 >= y1:
        raise ValueError(f"is empty: {show(value)}; write x0:y0-x1:y1 with x0 < x1 and y0 < y1")
    return x0, y0, x1, y1


def fraction(value: object) -> float:
    """Parse a share: ``0.005`` or ``0.5%``; 0..1."""
    what = "a fraction from 0 to 1, or a percentage such as 0.5%"
    text = value.strip() if isinstance(value, str) else ""
    share = number(text[:-1].strip(), what) / 100 if text.endswith("%") else number(value, what)
    if not 0 <= share <= 1:
        hint = f"; for per cent write {share}%" if 1 < share <= 100 and not text.endswith("%") else ""
        raise ValueError(f"must be {what}, got {show(value)}{hint}")
    return float(share)


@dataclass(frozen=True, slots=True)
class Area:
    """A smallest region: a share of all zones, and different pixels; it must reach both."""

    fraction: float = 0.0
    """Share of the zones, 0..1."""
    pixels: int = 0
    """Different pixels, >= 0."""

    def __str__(self) -> str:
        parts = [repr(self.fraction)] * (self.fraction > 0)
        return ",".join([*parts, f"{self.pixels}px"] if self.pixels or not parts else parts)


MOST_PIXELS = 2**31
"""More than any picture has."""


def area(value: object) -> Area:
    """Parse an area: ``0.02%``, ``0.0002``, ``16px``; both: ``0.02%,16px``."""
    if isinstance(value, Area):
        return value
    what = "an area such as 0.02% or 16px"
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else [str(value)]
    share, count = 0.0, 0
    if len(parts) > 2 or isinstance(value, bool):
        raise ValueError(f"must be {what}, got {show(value)}")
    if len(parts) == 2 and all(re.fullmatch("[0-9]+%?", part) for part in parts):
        raise ValueError(f"must be {what}, got {show(value)}; write a point: {'.'.join(parts)}")
    for part in parts:
        pixels = re.fullmatch("([0-9]{1,10}) ?px", part)
        if pixels:
            count = max(count, int(pixels[1]))
        elif re.fullmatch("[0-9]{1,10}", part) and int(part) > 0:
            raise ValueError(f"must be {what}, got {show(value)}; for pixels write {part}px")
        else:
            share = max(share, _share(part, what, value))
    if count > MOST_PIXELS:
        raise ValueError(f"must be {what}, got {show(value)}; no picture has so many pixels")
    return Area(share, count)


def _share(text: str, what: str, value: object) -> float:
    try:
        return fraction(text)
    except ValueError:
        raise ValueError(f"must be {what}, got {show(value)}") from None


def size(value: object) -> tuple[int, int]:
    """Parse ``1920x1080`` to (width, height), 1..65535 pixels each."""
    pair = value if isinstance(value, tuple) else re.findall(r"[0-9]+", str(value)[:_TEXT_CAP])
    fits = isinstance(value, tuple) or re.fullmatch(r"[0-9]{1,5}x[0-9]{1,5}", str(value).strip())
    if fits and len(pair) == 2 and all(0 < int(side) < 65536 for side in pair):
        return int(pair[0]), int(pair[1])
    raise ValueError(f"must be WIDTHxHEIGHT such as 1920x1080, got {show(value)}")


def frame_pair(value: object) -> tuple[int, int]:
    """Parse which frame or page: ``3`` of both, ``0,3`` of the reference and of the test; from 0."""
    what = "the number of a frame from 0, or two with a comma (reference's, test's)"
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, tuple) else [value]
    numbers = [number(part.strip() if isinstance(part, str) else part, what) for part in parts]
    if len(numbers) not in (1, 2) or any(n != int(n) or not 0 <= n <= MOST_FRAMES for n in numbers):
        raise ValueError(f"must be {what}, got {show(value)}")
    return int(numbers[0]), int(numbers[-1])


@dataclass(frozen=True, slots=True)
class Density:
    """So many different pixels are allowed in any square of a side."""

    pixels: int
    """Different pixels, >= 0."""
    side: int
    """Side of the square, pixels, 1..1024."""

    def __str__(self) -> str:
        return f"{self.pixels}/{self.side}"


def density(value: object) -> Density:
    """Parse the most different pixels in any square: ``6/8``, 6 pixels in 8x8."""
    if isinstance(value, Density):
        return value
    what = "PIXELS/SIDE such as 6/8 (6 different pixels in any 8x8)"
    found = re.fullmatch(r"([0-9]{1,7})(?:px)? */ *([0-9]{1,4})(?:px)?", str(value).strip()[:_TEXT_CAP])
    if not found or not 1 <= int(found[2]) <= 1024:
        raise ValueError(f"must be {what}, got {show(value)}; SIDE is 1 to 1024")
    return Density(int(found[1]), int(found[2]))


def rate(value: object) -> Fraction:
    """Parse frames a second: ``25``, ``29.97``, ``30000/1001``; above 0, at most 1000."""
    what = "frames a second such as 25, 29.97 or 30000/1001"
    if isinstance(value, Fraction):
        fps = value
    elif isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}/0*[1-9][0-9]{0,8}", value.strip()):
        fps = Fraction(value.strip())
    else:
        fps = Fraction(number(value, what))
    if not 0 < fps <= 1000:
        raise ValueError(f"must be {what}, above 0 and at most 1000, got {show(value)}")
    return fps


@dataclass(frozen=True, slots=True)
class Floor:
    """The lowest score that still passes."""

    value: float
    """0..1, or 0..200 in dB."""
    unit: Literal["", "dB"] = ""
    """'dB' for a PSNR, '' for a score."""

    def __str__(self) -> str:
        return f"{self.value!r}{self.unit}"


def floor(value: object) -> Floor:
    """Parse a lowest score: ``0.98``, ``98%`` or, as PSNR, ``40dB``."""
    if isinstance(value, Floor):
        return value
    what = "a score from 0 to 1, or a PSNR such as 40dB"
    text = value.strip() if isinstance(value, str) else ""
    if text.lower().endswith("db"):
        db = number(text[:-2].strip(), what)
        if not 0 <= db <= 200:
            raise ValueError(f"must be {what}, 0 to 200 dB, got {show(value)}")
        return Floor(float(db), "dB")
    if text.endswith("%"):
        return Floor(fraction(text))
    score = number(value, what)
    if not 0 <= score <= 1:
        raise ValueError(f"must be {what}, got {show(value)}; in decibel write {score}dB")
    return Floor(float(score))


def reference(value: object) -> str:
    """Check what `watch` holds frames against: ``first``, ``median:TIME`` or a picture's path."""
    what = "a picture, first, or median:TIME such as median:5s"
    if isinstance(value, os.PathLike):
        return os.path.join(os.curdir, os.fspath(value))  # noqa: PTH118 - also of one called 'first'
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"must be {what}, got {show(value)}")
    if value in ("median", "quiet", "previous"):
        raise ValueError(f"must be {what}, got {show(value)}; for a file of that name write ./{value}")
    if value.startswith("median:") and median_span(value) == Span():
        raise ValueError(f"must be {what}, got {show(value)}; it needs at least one frame: median:1f")
    return value


def median_span(text: str) -> Span:
    """Return how long the median of ``median:TIME`` is learned; nothing for any other reference."""
    return span(text.removeprefix("median:")) if text.startswith("median:") else Span()
