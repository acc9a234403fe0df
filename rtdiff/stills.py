"""Pairs of picture files, one after another, with one engine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtdiff.errors import SettingsError, redact
from rtdiff.judge import Judge
from rtdiff.reconcile import match_pair
from rtdiff.records import Diff, Frame
from rtdiff.sources.paths import read_stdin
from rtdiff.sources.picture import PictureSource

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig


class Stills:
    """Compares one pair of pictures after another; for one thread (several threads: one each).

    Parameters
    ----------
    settings : CompareConfig
        Engine, threshold, zones and so on; its inputs do not matter.
    few : bool
        Only a pair or so comes: nothing is compiled for it.

    Attributes
    ----------
    skipped : tuple of str
        What ``--engine auto`` passed over, a line each.
    split : callable or None
        For `read_picture` and its kin: makes planes quicker, if the engine can.

    Raises
    ------
    EngineError, MissingExtra
        An engine that was named and cannot run here.
    """

    def __init__(self, settings: CompareConfig, *, few: bool = False) -> None:
        self._settings = settings
        self._policy: Any = settings.size_policy or "pad"
        self._judge = Judge(settings, few=few)
        self.skipped = self._judge.skipped
        self.split = self._judge.split

    def open(self, path: str | Path, side: int = 0) -> PictureSource:
        """Return a picture of which only the header has been read; see `read`."""
        number = self._settings.frame[side]
        if str(path) == "-":
            return PictureSource("stdin", data=read_stdin(), frame=number, split=self.split)
        if os.path.isdir(path):  # noqa: PTH112 - also of a name that is too long
            raise SettingsError(f"{redact(path)}: is a folder; give two pictures")
        return PictureSource(str(path), frame=number, split=self.split)

    def read(self, path: str | Path, side: int = 0) -> Frame:
        """Return a picture; `side` is 0 for the reference, 1 for the test; ``-`` is stdin.

        Raises
        ------
        SourceError, SettingsError
            It cannot be read, or has no such frame.
        """
        return next(iter(self.open(path, side)))

    def compare(self, reference: Frame, test: Frame) -> Diff:
        """Compare two frames of any size, depth and planes."""
        return self._judge(*match_pair(reference, test, self._policy))

    def close(self) -> None:
        """Let go of buffers, threads and the device; idempotent."""
        self._judge.close()
