"""``-o`` of folders: a page of all pairs, or a folder of annotated pictures."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rtdiff.atomic import write_whole
from rtdiff.commands.compare_pairs import Compared, Keep
from rtdiff.commands.pictures import BLINK_MS, PAGE, PAGE_MODES, check_output, picture
from rtdiff.errors import RtdiffError, SinkError, redact
from rtdiff.folders import FilePair
from rtdiff.reports.folder_result import DIFFERENT, FolderResult, PairResult
from rtdiff.sinks.animation import write_animation
from rtdiff.sinks.still import write_picture
from rtdiff.sources.header import sniff
from rtdiff.sources.picture import read_picture

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig
    from rtdiff.records import Frame

PAGE_MOST = 64_000_000
"""Bytes of pictures in a page: what browsers still open at once, and build servers keep."""
RAW_MOST = 4_000_000  # bytes of a file that is shown as it is
_SHOWN_BY_BROWSERS = {"PNG": "png", "JPEG": "jpeg", "WebP": "webp"}


class Output:
    """What is made of pairs while their pictures are in memory, and of all at the end."""

    keep: Sequence[Keep] = ()

    def finish(self, result: FolderResult) -> None:
        """Write what is written at the end."""


def is_folder_name(name: str) -> bool:
    """Return whether an output is a folder: one that exists, or a name that ends in a slash."""
    return name.endswith(("/", os.sep)) or Path(name).is_dir()


def check_folder_output(settings: CompareConfig) -> None:
    """Refuse what cannot be written before anything is read.

    Raises
    ------
    SinkError
        Neither a page nor a folder, or a folder that holds the pictures themselves.
    SettingsError
        A page has no such layout.
    """
    if settings.output is None:
        return
    path = Path(settings.output)
    if is_folder_name(settings.output):
        inputs = [Path(name).resolve() for name in (settings.reference, settings.test) if name]
        if any(path.resolve() in (one, *one.parents) for one in inputs):
            raise SinkError(
                f"{redact(path)}: holds the pictures that are compared; name a folder beside them"
            )
        return
    if path.suffix.lower() != PAGE:
        raise SinkError(f"{redact(path)}: folders become a page or pictures; name a FILE.html or a FOLDER/")
    check_output(settings)


def open_output(settings: CompareConfig, pairs: Sequence[FilePair]) -> Output:
    """Return what ``-o`` asks for; nothing is written yet."""
    if settings.output is None:
        return Output()
    if is_folder_name(settings.output):
        return _Pictures(settings, Path(settings.output))
    return _Page(settings, Path(settings.output), pairs)


class _Pictures(Output):
    def __init__(self, settings: CompareConfig, folder: Path) -> None:
        self._layout, self._palette, self._folder = settings.layout, settings.palette, folder
        self.keep = (self._write,)

    def _write(self, result: PairResult, compared: Compared) -> PairResult:
        diff = compared.diff
        if diff is None or result.kind != DIFFERENT:
            return result
        ending = ".webp" if self._layout == "blink" else ".png"
        path = self._folder / result.name
        if path.suffix.lower() != ending:
            path = path.with_name(path.name + ending)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = error.strerror
            raise SinkError(
                f"{redact(path.parent)}: cannot be made ({why}); choose another folder"
            ) from error
        if self._layout == "blink":
            both = [picture(diff, self._layout, self._palette, first=first) for first in (True, False)]
            write_animation(path, both, BLINK_MS)
        else:
            write_picture(path, picture(diff, self._layout, self._palette))
        return result


class _Page(Output):
    def __init__(self, settings: CompareConfig, path: Path, pairs: Sequence[FilePair]) -> None:
        self._settings, self._path = settings, path
        self._keys = {pair.name: f"pair-{number}" for number, pair in enumerate(pairs, 1)}
        self._room, self._lock = PAGE_MOST, threading.Lock()
        self.keep = (self._thumbs, self._view)

    def _takes(self, texts: Sequence[str]) -> bool:
        """Return whether there is room for `texts`, and take it."""
        size = sum(map(len, texts))
        with self._lock:
            if size > self._room:
                return False
            self._room -= size
            return True

    def _thumbs(self, result: PairResult, compared: Compared) -> PairResult:
        from rtdiff.reports.folder_html import marks, thumb_uri

        if compared.diff is not None:
            shown = [compared.diff.test.picture()]
            if result.kind == DIFFERENT:
                shown.insert(0, compared.diff.reference.picture())
                result = replace(result, marks=marks(compared.diff))
        else:
            path = compared.pair.test or compared.pair.reference
            try:
                shown = [read_picture(path).picture()] if path else []
            except RtdiffError as error:  # it has no partner, whatever is in it
                return replace(result, note=redact(error))
        thumbs = tuple(thumb_uri(one) for one in shown)
        return replace(result, thumbs=thumbs) if self._takes(thumbs) else result

    def _view(self, result: PairResult, compared: Compared) -> PairResult:
        from rtdiff.reports.folder_html import folder_pair_view
        from rtdiff.views.fills import gain_for

        diff = compared.diff
        if diff is None or result.kind != DIFFERENT:
            return result
        pictures = diff.reference.picture(), diff.test.picture()
        fits = all(frame.size_wh == diff.reference.size_wh for frame in compared.frames)
        raw = [
            (_mime(data, frame) if fits else "", data)
            for data, frame in zip(compared.data, compared.frames, strict=True)
        ]
        view = folder_pair_view(
            diff,
            self._keys[result.name],
            raw,
            mode=PAGE_MODES[self._settings.layout],
            palette=self._settings.palette,
            gain=gain_for(*pictures),
        )
        return replace(result, view=view) if self._takes([view]) else result

    def finish(self, result: FolderResult) -> None:
        from rtdiff.reports.folder_html import folder_html

        write_whole(self._path, folder_html(result))


def _mime(data: bytes, frame: Frame) -> str:
    """Return the format of a file that a browser shows just as it was compared, or nothing."""
    if frame.corrections or len(data) > RAW_MOST or len(frame.planes) > 3:
        return ""
    return _SHOWN_BY_BROWSERS.get(sniff(data[:64]) or "", "")
