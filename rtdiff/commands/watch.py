"""``rtdiff watch SOURCE``: every frame held against the reference, headless."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rtdiff.commands.progress import progress
from rtdiff.engines import compiled
from rtdiff.errors import SourceError, redact
from rtdiff.figures import count_text, score_text
from rtdiff.pipeline import Summary, run
from rtdiff.watching import Watch, open_watch, sinks_of, write_summary

if TYPE_CHECKING:
    from rtdiff.config import WatchConfig


def watch(settings: WatchConfig) -> int:
    """Watch until the source ends, or as long as the settings say; return the exit code.

    Raises
    ------
    SettingsError, SourceError, SinkError, EngineError, MissingExtra
        As told by the message; outputs are closed before.
    """
    with contextlib.ExitStack() as stack:
        rooms = stack.enter_context(open_watch(settings))
        info = rooms.source.info
        say_begin(settings, rooms)
        sinks = [
            stack.enter_context(sink) for sink in sinks_of(settings, info.fps or settings.fps, rooms.alarm)
        ]
        stop = stack.enter_context(_signals())
        summary = Summary()
        shown = stack.enter_context(progress(info.frames))
        limit = settings.max_events

        def enough() -> str:
            if stop.is_set():
                return "interrupted"
            return "ended" if limit is not None and summary.alarms >= limit else ""

        ticks = rooms.ticks(settings.duration_ns, enough)
        run(ticks, rooms.reference, rooms.engine, rooms.regions, rooms.journal.tell, [*sinks, shown], summary)
    if summary.frames == 0:
        raise SourceError(f"{info.name}: gave not one frame; see whether it plays elsewhere")
    write_summary(settings, summary, rooms)
    _say_end(settings, summary, rooms.reference.kind)
    return 1 if settings.exit_code and summary.alarms and not settings.exit_zero else 0


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    """Yield an event that is set by the first SIGINT or SIGTERM; a second one ends the process."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def end(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, end)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    sys.stderr.write(f"rtdiff: {text}\n")


def say_begin(settings: WatchConfig, rooms: Watch) -> None:
    """Say on stderr what frames are held against, by which engine, and that kernels are compiled."""
    kind, wanted = rooms.reference.kind, settings.reference
    what = {"median": f"the median of the first {wanted.partition(':')[2]}", "first": "the first frame"}
    _say(f"reference: {what.get(kind, redact(wanted))}; engine: {rooms.engine.name}")
    if rooms.engine.name == "numba" and not compiled(settings.metrics):
        _say("compiling the numba kernels at the first frame, once on this machine: about 7 s")


def _say_end(settings: WatchConfig, summary: Summary, kind: str) -> None:
    out = sys.stderr if "-" in (settings.log, settings.json_file) else sys.stdout
    frames = f"{count_text(summary.frames, 'frame')}, {summary.compared} compared"
    if summary.corrupt:
        frames += f", {summary.corrupt} damaged and set aside"
    out.write(f"{frames}\n")
    if summary.compared == 0:
        _say(f"the source ended before its {kind} was learned; use --reference first, or a shorter time")
        return
    worst = (
        ""
        if summary.worst_frame is None
        else f", lowest {score_text(summary.score_min)} at frame {summary.worst_frame}"
    )
    out.write(f"score    {score_text(summary.score)} on average{worst}\n")
    out.write(f"regions  in {count_text(summary.different, 'frame')}\n")
    out.write(f"alarms   {summary.alarms}\n")
    if summary.last is not None and summary.last.noise_frames:
        last = summary.last
        learned = count_text(last.noise_frames, "frame")
        out.write(f"noise    {last.noise_levels:.2g} of 255 levels, learned from {learned}\n")
