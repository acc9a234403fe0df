"""Pictures of a folder, or of a pattern of names, as one sequence."""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from rtdiff.errors import SettingsError, SourceError, redact
from rtdiff.records import Frame
from rtdiff.sources.kinds import ENDINGS, nearest, printf_of
from rtdiff.sources.picture import read_picture
from rtdiff.sources.source import Source, SourceInfo

NS = 1_000_000_000
_SLOWEST, _FASTEST = Fraction(1, 1_000_000), 1_000_000  # pictures a second
_LOOKED_AT = 5000  # names held against one that fits none: about 50 ms
_SHOWN = 5  # gaps or kinds of file that are told one by one


@dataclass(frozen=True, slots=True)
class Listing:
    """Which files make a sequence."""

    files: tuple[Path, ...]
    """In order; at least one."""
    numbers: tuple[int, ...]
    """Place of each in the sequence, from 0; only a printf pattern leaves places out."""
    note: str
    """What was skipped or is missing, for people; empty when nothing."""


class FolderSource(Source):
    """Every picture of a folder or of a pattern, in the order of the numbers in their names.

    In a folder, and under a glob pattern with an open ending, only files with a picture's ending
    count, and no hidden ones. A number that a printf pattern leaves out keeps its time: the next
    frame comes that much later, under its own index. Size and format may change from frame to frame.

    Parameters
    ----------
    uri : str
        A folder, or a path whose last part has one ``%d`` or ``%04d``, or that has ``*``, ``?``, ``[]``.
    fps : Fraction or float
        Pictures a second.
    max_pixels : int
        Larger pictures are refused.

    Raises
    ------
    SettingsError
        `fps` is no rate.
    SourceError
        There is no picture, or the first one cannot be read.
    """

    def __init__(self, uri: str, *, fps: Fraction | float = 25, max_pixels: int = 200_000_000) -> None:
        self._name, self._fps, self._max_pixels = redact(uri), _rate(fps), max_pixels
        self._listing = _list(uri, self._name)
        self._closed = False
        self._first: Frame | None = self._read(0)
        count = len(self.files)
        detail = f"{count} picture{'s' * (count > 1)}, {redact(self.files[0].name)}"
        if count > 1:
            detail += f" to {redact(self.files[-1].name)}"
        self.info = SourceInfo(
            name=self._name,
            kind="folder",
            size_wh=self._first.size_wh,
            fps=self._fps,
            frames=count,
            duration_ns=self._time_ns(self._listing.numbers[-1] + 1),
            detail=detail + self._listing.note,
        )

    @property
    def files(self) -> tuple[Path, ...]:
        """The pictures, one a frame, in order."""
        return self._listing.files

    def __iter__(self) -> Iterator[Frame]:
        if self._closed:
            raise SourceError(f"{self._name}: this source was closed; open it again")
        first, self._first = self._first, None
        return self._frames([first] if first else [])

    def _frames(self, ahead: list[Frame]) -> Iterator[Frame]:
        for place in range(len(self.files)):
            if self._closed:
                return
            yield ahead.pop() if ahead else self._read(place)

    def _read(self, place: int) -> Frame:
        number = self._listing.numbers[place]
        frame = read_picture(self.files[place], max_pixels=self._max_pixels)
        return replace(frame, index=number, time_ns=self._time_ns(number), source=self._name)

    def _time_ns(self, number: int) -> int:
        return number * NS * self._fps.denominator // self._fps.numerator

    def close(self) -> None:
        """Let go of the picture read ahead; an iteration under way ends with its next frame."""
        self._closed = True
        self._first = None


def _rate(fps: Fraction | float) -> Fraction:
    try:
        rate = Fraction(str(fps))  # by way of text, 29.97 is 2997/100
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not _SLOWEST <= rate <= _FASTEST:
        raise SettingsError(f"fps: {redact(fps)} is no rate; give pictures a second, such as 25 or 29.97")
    return rate


def _natural(path: Path) -> tuple[list[str | int], str]:
    """Return a key that sorts in2 before in10."""
    parts = re.split(r"(\d+)", str(path).casefold())
    return [int(part) if at % 2 else part for at, part in enumerate(parts)], str(path)


def _list(uri: str, name: str) -> Listing:
    path = Path(uri)
    try:
        if path.is_dir():
            return _list_folder(path, name)
        if spec := printf_of(path.name):
            return _list_numbers(path, spec, name)
        return _list_glob(path, name)
    except (OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        said = redact(getattr(error, "strerror", None) or error)
        raise SourceError(f"{name}: cannot be listed ({said}); check the path and its permissions") from error


def _list_folder(path: Path, name: str) -> Listing:
    found, others = [], Counter[str]()
    for entry in path.iterdir():
        if entry.name.startswith("."):
            others["hidden"] += 1
        elif entry.is_dir():
            others["folders"] += 1
        elif entry.suffix.lower() in ENDINGS:
            found.append(entry)
        else:
            others[entry.suffix.lower() or "without an ending"] += 1
    told = ", ".join(f"{count} {kind}" for kind, count in others.most_common(_SHOWN))
    if not found:
        held = f"only {told}" if others else "it is empty"
        raise SourceError(f"{name}: no picture in this folder ({held}); give a folder of pictures or a video")
    return _in_order(found, f"; skipped: {redact(told)}" if others else "")


def _list_glob(path: Path, name: str) -> Listing:
    # A folder that exists is meant as it is written, even if it is called 'cam [1]'.
    folder = glob.escape(str(path.parent)) if path.parent.is_dir() else str(path.parent)
    found = [Path(one) for one in glob.glob(str(Path(folder) / path.name))]  # noqa: PTH207 - takes a whole path
    open_ending = not path.suffix or bool(re.search(r"[*?\[]", path.suffix))
    files = [
        one for one in found if not one.is_dir() and not (open_ending and one.suffix.lower() not in ENDINGS)
    ]
    if not files:
        why = f"{len(found)} of them, but no picture" if found else "none"
        raise SourceError(f"{name}: no picture has such a name ({why}); check the pattern")
    skipped = len(found) - len(files)
    return _in_order(files, f"; skipped: {skipped} others" if skipped else "")


def _in_order(files: list[Path], note: str) -> Listing:
    return Listing(tuple(sorted(files, key=_natural)), tuple(range(len(files))), note)


def _list_numbers(path: Path, spec: re.Match[str], name: str) -> Listing:
    before, after = (part.replace("%%", "%") for part in (path.name[: spec.start()], path.name[spec.end() :]))
    shape = re.compile(re.escape(before) + r"( *[0-9]+)" + re.escape(after))
    found, entries = {}, list(path.parent.iterdir())
    for entry in entries:
        if match := shape.fullmatch(entry.name):
            number = int(match[1])
            if format(number, f"{spec[1]}{spec[2]}d") == match[1]:
                found[number] = entry
    if not found:
        near = nearest(path.name, (entry.name for entry in entries[:_LOOKED_AT]))
        hint = f"did you mean {redact(near)}?" if near else "check the pattern"
        raise SourceError(f"{name}: no picture has such a name; {hint}")
    numbers = sorted(found)
    return Listing(
        tuple(found[number] for number in numbers),
        tuple(number - numbers[0] for number in numbers),
        _gaps(numbers),
    )


def _gaps(numbers: list[int]) -> str:
    runs = [(a + 1, b - 1) for a, b in pairwise(numbers) if b - a > 1]
    if not runs:
        return ""
    told = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs[:_SHOWN])
    count = sum(b - a + 1 for a, b in runs)
    return f"; {count} numbers missing: {told}{' ...' if len(runs) > _SHOWN else ''}"
