"""What may stand in ``synthetic://NAME?key=value&...``."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from rtdiff.errors import SettingsError, redact

SCENES = ("shelf", "office", "static", "flat")
_SLOT = 12  # frames that one object needs at least
_USUAL = 6  # objects, one of each kind, when there is time for them


@dataclass(frozen=True, slots=True)
class Options:
    """A synthetic scene, as asked for."""

    name: str
    """One of `SCENES`."""
    size_wh: tuple[int, int] = (1280, 720)
    """Width and height, 16..4096 pixels."""
    frames: int = 300
    """How many, 1..10,000,000."""
    fps: Fraction = Fraction(25)
    """Frames a second, 1..1000, exact."""
    seed: int = 1
    """What everything random follows from, 0..2**31 - 1."""
    noise: float = 2.0
    """Standard deviation of the sensor's noise in luma at half white, levels, 0..20."""
    light: float = 0.1
    """Drift of the light up to half of this, and the lamp's step of one and a half times it, 0..0.5."""
    lamp: float | None = -1.0
    """When the lamp is switched, seconds; None: never; negative: when 60 % have passed."""
    shake: float = 0.5
    """Largest movement of the camera from its place, pixels, 0..8; it wanders in quarters of one."""
    objects: int = -1
    """How many things come and go, 0..1000; -1: as many as there is time for, at most 6."""
    quiet: float = 2.0
    """Seconds from the start in which nothing happens."""
    chroma: str = "420"
    """``420``: a chroma sample for 2x2 pixels, as of a camera; ``444``: one for each."""

    @property
    def span(self) -> tuple[int, int]:
        """First frame in which something may happen, and the frame from which all is as before."""
        start = math.ceil(Fraction(str(self.quiet)) * self.fps)
        return start, self.frames - min(self.frames // 20, math.ceil(self.fps))


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text) if text.isascii() and text.isdigit() else low - 1
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return read


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if "_" in text or not low <= value <= high:  # also refuses nan
            raise ValueError(text)
        return value

    return read


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    side = _whole(16, 4096)
    return side(width), side(height)


def _rate(text: str) -> Fraction:
    value = Fraction(text) if "_" not in text and len(text) < 20 else Fraction(0)
    if not 1 <= value <= 1000:
        raise ValueError(text)
    return value


def _chroma(text: str) -> str:
    if text not in ("420", "444"):
        raise ValueError(text)
    return text


def _lamp(text: str) -> float | None:
    return None if text == "none" else _number(0, 1e6)(text)


_KEYS: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "size": ("size_wh", _size, "WIDTHxHEIGHT, each from 16 to 4096"),
    "frames": ("frames", _whole(1, 10_000_000), "a whole number from 1 to 10000000"),
    "fps": ("fps", _rate, "a number from 1 to 1000, or a fraction such as 30000/1001"),
    "seed": ("seed", _whole(0, 2**31 - 1), "a whole number from 0 to 2147483647"),
    "noise": ("noise", _number(0, 20), "levels from 0 to 20"),
    "light": ("light", _number(0, 0.5), "a fraction from 0 to 0.5"),
    "lamp": ("lamp", _lamp, "seconds, or none"),
    "shake": ("shake", _number(0, 8), "pixels from 0 to 8"),
    "objects": ("objects", _whole(0, 1000), "a whole number from 0 to 1000"),
    "quiet": ("quiet", _number(0, 1e6), "seconds, 0 or more"),
    "chroma": ("chroma", _chroma, "420 or 444"),
}


def parse(uri: str) -> Options:
    """Read a ``synthetic://`` address.

    Raises
    ------
    SettingsError
        An unknown scene, key or value; the message says what is allowed, and the nearest.
    """
    shown = redact(uri)
    try:
        parts = urlsplit(uri)
    except ValueError:  # a lone bracket
        raise SettingsError(f"{shown}: not an address; write synthetic://shelf?size=1280x720") from None
    name = parts.netloc.rpartition("@")[2]
    if parts.scheme != "synthetic" or parts.path.strip("/") or parts.fragment:
        raise SettingsError(f"{shown}: not a synthetic scene; write synthetic://shelf?size=1280x720")
    if parts.netloc not in SCENES:
        raise SettingsError(f"{shown}: no scene '{redact(name)}'; {_nearest(name, SCENES)}")
    values: dict[str, Any] = {}
    for key, text in parse_qsl(parts.query, keep_blank_values=True):
        if key not in _KEYS:
            raise SettingsError(f"{shown}: unknown key '{redact(key)}'; {_nearest(key, _KEYS)}")
        field, read, allowed = _KEYS[key]
        if field in values:
            raise SettingsError(f"{shown}: '{key}' stands twice; leave one out")
        try:
            values[field] = read(text)
        except (ValueError, ZeroDivisionError):
            raise SettingsError(f"{shown}: {key}='{redact(text)}' is not allowed; give {allowed}") from None
    return _with_objects(shown, Options(parts.netloc, **values))


def _with_objects(shown: str, options: Options) -> Options:
    from dataclasses import replace

    first, last = options.span
    room = max(0, last - first) // _SLOT if options.name != "static" else 0
    if options.objects < 0:
        return replace(options, objects=min(_USUAL, room))
    if options.objects > room:
        if options.name == "static":
            raise SettingsError(
                f"{shown}: nothing ever comes into the scene 'static'; take 'shelf' or objects=0"
            )
        raise SettingsError(
            f"{shown}: no time for {options.objects} objects after the first {options.quiet:g} s; "
            f"give more frames, or at most objects={room}"
        )
    return options


def _nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(word, names, 1, 0.5)
    return (f"did you mean '{close[0]}'? " if close else "") + f"There are {', '.join(names)}"
