"""Progress of comparing two videos, on stderr, only where a person looks at it."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rtdiff.figures import score_text
from rtdiff.videos import VideoComparison

REFRESH_S = 0.2


@contextlib.contextmanager
def progress(videos: VideoComparison) -> Iterator[Callable[[], None]]:
    """Yield what is called after every pair: pairs, rate, score and time left are drawn on a terminal."""
    if not sys.stderr.isatty():
        yield lambda: None
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
        task = bar.add_task("comparing", total=videos.expected, rate="")
        begin = last = time.monotonic()

        def show() -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= REFRESH_S:
                last = now
                rate = f"{videos.pairs / (now - begin):.0f} fps"
                told = f"score {score_text(videos.score)}"
                bar.update(task, completed=videos.pairs, rate=rate, description=told)

        yield show
