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


class Shown:
    """Takes how far a run is, and shows nothing."""

    def __init__(self) -> None:
        self._frames = 0

    def show(self, done: int, tell: Callable[[], str]) -> None:
        """Show how much is done, and what `tell` says."""

    def write(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Take one tick, as a sink does."""
        self._frames += tick.frame is not None
        self.show(self._frames, lambda: _told(diff))


class _Bar(Shown):
    """A bar with what is done, rate and words; drawn a few times a second."""

    def __init__(self, progress: Progress, total: int | None, begin: str, clock: Callable[[], float]) -> None:
        super().__init__()
        self._progress, self._clock = progress, clock
        self._task = progress.add_task(begin, total=total, rate="")
        self._begin = self._shown = clock()

    def show(self, done: int, tell: Callable[[], str]) -> None:
        now = self._clock()
        if now - self._shown < REFRESH_S:
            return
        self._shown = now
        rate = f"{done / (now - self._begin):.0f} fps"
        self._progress.update(self._task, completed=done, description=tell(), rate=rate)


def _told(diff: Diff | None) -> str:
    if diff is None:
        return "learning the reference"
    return f"score {score_text(diff.score)}, changed {percent_text(diff.changed_fraction)}"


@contextlib.contextmanager
def progress(total: int | None, begin: str = "learning") -> Iterator[Shown]:
    """Yield what takes how far a run is, also as ticks; it draws only on a terminal."""
    if not sys.stderr.isatty():
        yield Shown()
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
        yield _Bar(bar, total, begin, time.monotonic)
