"""Progress of a long run, on stderr, only where a person looks at it."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from rtdiff.figures import percent_text, score_text
from rtdiff.records import Diff, Event, Tick

if TYPE_CHECKING:
    from rich.progress import Progress

REFRESH_S = 0.2


class _Nobody:
    """Takes ticks and shows nothing."""

    def write(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:
        """Take one tick."""


class _Bar:
    """A bar with frames, rate and score."""

    def __init__(self, progress: Progress, total: int | None, clock: Callable[[], float]) -> None:
        self._progress, self._clock = progress, clock
        self._task = progress.add_task("learning", total=total, rate="")
        self._begin = self._shown = clock()
        self._frames = 0

    def write(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Show where the run is, a few times a second."""
        self._frames += tick.frame is not None
        now = self._clock()
        if now - self._shown < REFRESH_S:
            return
        self._shown = now
        told = "learning the reference"
        if diff is not None:
            told = f"score {score_text(diff.score)}, changed {percent_text(diff.changed_fraction)}"
        rate = f"{self._frames / (now - self._begin):.0f} fps"
        self._progress.update(self._task, completed=self._frames, description=told, rate=rate)


@contextlib.contextmanager
def progress(total: int | None) -> Iterator[_Bar | _Nobody]:
    """Yield something that takes ticks like a sink; it draws only on a terminal."""
    if not sys.stderr.isatty():
        yield _Nobody()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        MofNCompleteColumn(),
        BarColumn(24),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, total, time.monotonic)
