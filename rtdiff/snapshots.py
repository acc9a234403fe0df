"""Golden pictures of tests: where they are, whether a new picture is like them, how one is accepted."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rtdiff.atomic import write_whole
from rtdiff.commands.pictures import picture
from rtdiff.commands.result import decided, info_of
from rtdiff.config import CompareConfig, from_options
from rtdiff.errors import SettingsError, SinkError, SourceError, redact
from rtdiff.given import Picturelike, file_of, with_mask
from rtdiff.records import Diff
from rtdiff.reports.compare_text import compare_text
from rtdiff.sinks.still import write_picture
from rtdiff.sources.header import sniff
from rtdiff.sources.kinds import ENDINGS as PICTURES
from rtdiff.sources.picture import read_picture_bytes
from rtdiff.stills import Stills

PLATFORM = {"darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
ENDINGS = {"JPEG": ".jpg", "TIFF": ".tiff", "PNM": ".ppm", "JPEG 2000": ".jp2"}
ELSEWHERE = ("config", "json", "json_file", "junit", "output", "reference", "server", "test", "update")
LONGEST = 80  # characters of one part of a path; what is longer ends in a hash

Take = Callable[[], Picturelike]
"""Takes a shot."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one picture."""

    message: str = ""
    """Why it is not accepted, in lines; empty when it is."""
    written: Path | None = None
    """The golden picture that was written."""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The golden pictures of one test."""

    golden: Path
    """Folder that holds them."""
    results: Path
    """Folder for what differs, made when something does."""
    accept: bool
    """Write golden pictures that are missing or differ."""
    platform: str
    """Whose golden pictures are looked for first, and written; empty: this platform's are looked for."""
    defaults: Mapping[str, Any]
    """Options of ``rtdiff compare`` unless a call gives others."""

    def check(
        self,
        what: Picturelike | Take,
        name: str,
        options: Mapping[str, Any],
        *,
        timeout: float = 5.0,
        interval: float = 0.1,
        data_range: int | None = None,
    ) -> Outcome:
        """Hold a picture against its golden one.

        Parameters
        ----------
        what : Picturelike or callable
            A callable takes a shot; it is called until two shots in a row are alike.
        name : str
            Of the golden picture, without an ending.
        options : mapping
            Those of ``rtdiff compare``, in snake_case.
        timeout, interval : float
            How long to wait for two shots that are alike, and between two; seconds.
        data_range : int, optional
            Largest code value of uint16 arrays, which need it.

        Raises
        ------
        SettingsError, SourceError, SinkError
            An option, a picture or a place that cannot be used.
        """
        settings = self._settings(options)
        for old in self.results.glob(f"{name}-*.*"):
            if re.fullmatch("(expected|actual|diff|previous)", old.stem.removeprefix(f"{name}-")):
                old.unlink(missing_ok=True)  # of an earlier run
        shot = partial(_shot, what, name, data_range)
        data, before = _settled(shot, name, settings, timeout, interval) if callable(what) else (shot(), None)
        if before is not None:
            kept = self._keep(name, previous=before, actual=data)
            return Outcome(
                f"no two shots in a row were alike within {timeout:g} s; stop what moves, or give more time\n"
                f"  last two   {kept['previous']}\n             {kept['actual']}"
            )
        frame = read_picture_bytes(data, name, frame=settings.frame[1])  # what is accepted must be a picture
        golden = self._golden(name, _ending(data))
        diff = None
        if golden.is_file():
            expected = golden.read_bytes()
            if expected == data:
                return Outcome()
            diff = self._against(golden, expected, data, name, settings)
            if diff is not None and diff.same:
                return Outcome()
        if self.accept:
            target = self.golden / f"{name}.{self.platform}{golden.suffix}" if self.platform else golden
            _make(target.parent)
            write_whole(target, data)
            return Outcome(written=target)
        if diff is None:
            width, height = frame.size_wh
            there = self._keep(name, actual=data)["actual"]
            return Outcome(
                f"there is no golden picture yet\n  wanted     {_shown(golden)}\n"
                f"  actual     {there}  {width}x{height}"
            )
        return Outcome(self._differs(name, diff, golden, {"expected": expected, "actual": data}, settings))

    def _settings(self, options: Mapping[str, Any]) -> CompareConfig:
        for key in ELSEWHERE:
            if options.get(key) is not None:
                raise SettingsError(f"{key}: golden pictures and results have their places; leave it out")
        return from_options(CompareConfig, **with_mask({"layout": "side", **self.defaults, **options}))

    def _against(
        self, golden: Path, expected: bytes, data: bytes, name: str, settings: CompareConfig
    ) -> Diff | None:
        """Return the comparison; None where the golden picture is damaged, and is to be replaced."""
        try:
            return _compared(settings, expected, data, (_shown(golden), name))
        except SourceError:  # the new one has been read before
            if not self.accept:
                raise
            return None

    def _golden(self, name: str, ending: str) -> Path:
        own = self.golden / f"{name}.{self.platform or PLATFORM}{ending}"
        return own if own.is_file() else self.golden / f"{name}{ending}"

    def _keep(self, name: str, **files: bytes) -> dict[str, str]:
        """Write pictures beside each other, as Playwright names them; return where they are."""
        _make(self.results)
        kept = {}
        for role, data in files.items():
            path = self.results / f"{name}-{role}{_ending(data)}"
            write_whole(path, data)
            kept[role] = _shown(path)
        return kept

    def _differs(
        self, name: str, diff: Diff, golden: Path, files: dict[str, bytes], settings: CompareConfig
    ) -> str:
        kept = self._keep(name, **files)
        seen = self.results / f"{name}-diff.png"
        write_picture(seen, picture(diff, settings.layout, settings.palette))
        text = compare_text(
            diff,
            reference_info=info_of(_shown(golden), diff.reference),
            test_info=info_of(kept["actual"], diff.test),
        )
        return f"{text}  see        {_shown(seen)}"


def name_of(what: Picturelike | Take, name: str | None) -> str:
    """Return what a picture is called: by its test, else by its file, else ``picture``; a part of a path."""
    if not isinstance(name, str | None):
        raise SettingsError(f"name: must be a text, got {name!r}")
    if name is None:
        name = Path(what).name if isinstance(what, str | os.PathLike) else "picture"
    stem, dot, ending = name.rpartition(".")
    return safe(stem if dot and f".{ending.lower()}" in PICTURES else name)


def safe(text: str) -> str:
    """Return `text` as a part of a path for every system; what had to be changed ends in a hash."""
    made = re.sub("[^A-Za-z0-9._-]+", "-", text).strip("-.")[:LONGEST]
    if made == text:
        return made
    return f"{made}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}".lstrip("-")


def _shot(what: Picturelike | Take, name: str, data_range: int | None) -> bytes:
    return file_of(what() if callable(what) else what, name, data_range)


def _settled(
    shot: Callable[[], bytes], name: str, settings: CompareConfig, timeout: float, interval: float
) -> tuple[bytes, bytes | None]:
    """Return a picture; and the shot before it when no two in a row were alike in time."""
    for what, value in (("timeout", timeout), ("interval", interval)):
        if not isinstance(value, int | float):
            raise SettingsError(f"{what}: must be seconds, got {value!r}")
    if not 0 <= interval <= timeout:
        raise SettingsError(f"interval: must be from 0 to timeout, {timeout:g} s, got {interval:g}")
    end = time.monotonic() + timeout
    before = shot()
    while True:
        time.sleep(interval)
        now = shot()
        if now == before or _compared(settings, before, now, (name, name)).same:
            return now, None
        if time.monotonic() >= end:
            return now, before
        before = now


def _compared(settings: CompareConfig, reference: bytes, test: bytes, names: tuple[str, str]) -> Diff:
    sides = zip((reference, test), names, settings.frame, strict=True)
    frames = [read_picture_bytes(data, side, frame=number) for data, side, number in sides]
    with closing(Stills(settings, few=True)) as stills:
        return decided(settings, stills.compare(*frames))


def _ending(data: bytes) -> str:
    kind = sniff(data) or "PNG"
    return ENDINGS.get(kind, f".{kind.lower()}")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"{redact(folder)}: cannot be made ({error.strerror}); see its rights") from error


def _shown(path: Path) -> str:
    """Return a path as short as it can be given to a command."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
