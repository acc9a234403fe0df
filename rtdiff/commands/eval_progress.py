"""Progress of measuring, on stderr, only where a person looks at it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def progress(total: int | None) -> Iterator[Callable[[], None]]:
    """Yield what is called after every pair and frame, from any thread; it draws only on a terminal.

    `total` is how often, None when nobody knows.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (MofNCompleteColumn(), BarColumn(24), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=8) as bar:
        task = bar.add_task("measuring", total=total)
        yield lambda: bar.advance(task)
