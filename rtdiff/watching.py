"""A watch: a source, its reference, the rooms between them, put together once for command and API."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtdiff.alarm import Alarm, AlarmRule
from rtdiff.assemble import reference_for, regions_for, steady_for
from rtdiff.capture import FileCapture, until
from rtdiff.engines.engine import Engine
from rtdiff.journal import Journal
from rtdiff.reconcile import expanded
from rtdiff.records import Event, Tick
from rtdiff.reference import Reference
from rtdiff.regions import Regions
from rtdiff.reports.ids import IdMaker
from rtdiff.sources import Source, open_source

if TYPE_CHECKING:
    from rtdiff.config import WatchConfig
    from rtdiff.pipeline import Summary
    from rtdiff.sinks.sink import Sink
    from rtdiff.steady import Steady


@dataclass(slots=True)
class Watch:
    """The rooms of one watch; `close` it, or use ``with``."""

    source: Source
    engine: Engine | Steady
    skipped: tuple[str, ...]
    """What ``--engine auto`` passed over, a line each."""
    reference: Reference
    regions: Regions
    alarm: Alarm
    journal: Journal
    full_range: bool
    """Whether frames of limited range are expanded before they are compared."""

    def ticks(self, duration_ns: int | None, enough: Callable[[], str]) -> Iterator[Tick]:
        """Return the source's ticks, bounded; see `rtdiff.capture.until`."""
        frames = map(expanded, self.source) if self.full_range else self.source
        return until(FileCapture(frames), duration_ns, enough)

    def close(self) -> None:
        """Let go of source and engine; idempotent."""
        self.source.close()
        self.engine.close()

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def open_watch(settings: WatchConfig) -> Watch:
    """Open a source and build the rooms for it.

    Raises
    ------
    SettingsError, SourceError, EngineError, MissingExtra
        What the settings name cannot be had.
    """
    source = open_source(settings.source, fps=settings.fps)
    settings = settings.at_rate(source.info.fps)
    engine, skipped = steady_for(settings)
    reference = reference_for(settings, engine)
    alarm = Alarm(alarm_rules(settings))
    name = settings.name or source.info.name
    journal = Journal(name, engine.name, alarm, reference, time.time_ns, IdMaker().make)
    regions = regions_for(settings, tracking=True)
    full = settings.range == "full"
    return Watch(source, engine, skipped, reference, regions, alarm, journal, full)


def alarm_rules(settings: WatchConfig) -> dict[str, AlarmRule]:
    """Return every zone's rule: its own settings over the common ones."""
    rules: dict[str, AlarmRule] = {}
    for zone in settings.zone or (None,):
        chosen = settings.alarm_of(zone)
        rules["" if zone is None else zone.name] = AlarmRule(**chosen)
    return rules


def sinks_of(settings: WatchConfig, fps: Any, alarm: Alarm) -> Iterator[Sink]:
    """Yield a sink, open, for everything that a watch is to write."""
    if settings.log is not None:
        from rtdiff.reports.events import event_line
        from rtdiff.sinks.background import Background
        from rtdiff.sinks.log import LogSink

        log = LogSink(settings.log, event_line)
        yield Background(log) if settings.log == "-" else log
    if settings.output is not None:
        from rtdiff.sinks.video import VideoSink
        from rtdiff.views.painter import Painter
        from rtdiff.views.palette import palette_of

        def open_alarms() -> str:
            return ", ".join(name or "alarm" for name in alarm.open)

        painter = Painter(settings.layout, palette_of(settings.palette), open_alarms)
        yield VideoSink(Path(settings.output), painter, fps)


def watch(
    source: str | os.PathLike[str], reference: str | os.PathLike[str] = "median:2s", **options: Any
) -> Iterator[Event]:
    """Watch a source; return an iterator of events as they happen.

    ::

        for event in rtdiff.watch("shop.mp4", reference="golden.png"):
            print(event.time, event.kind, event.zone)

    Parameters
    ----------
    source : str or path-like
        As for ``rtdiff watch``.
    reference : str or path-like
        A picture, ``first`` or ``median:TIME``.
    **options
        Those of ``rtdiff watch``, in snake_case; a name that is none of them is an error.
        ``log``, ``output`` and ``json`` write what the command writes; they are whole when the
        iterator has ended or was closed.

    Raises
    ------
    SettingsError
        At once: an option that is not accepted.
    SourceError, SinkError, EngineError, MissingExtra
        When the first event is asked for: what cannot be had.
    """
    from rtdiff.config import WatchConfig, from_options

    return _events(from_options(WatchConfig, source=source, reference=reference, **options))


def _events(settings: WatchConfig) -> Iterator[Event]:
    from rtdiff.pipeline import Summary, steps

    summary = Summary()

    def enough() -> str:
        limit = settings.max_events
        return "ended" if limit is not None and summary.alarms >= limit else ""

    with contextlib.ExitStack() as stack:
        rooms = stack.enter_context(open_watch(settings))
        stack.push(partial(_write_last, settings, summary, rooms))  # after the sinks have closed
        fps = rooms.source.info.fps or settings.fps
        sinks = [stack.enter_context(sink) for sink in sinks_of(settings, fps, rooms.alarm)]
        ticks = rooms.ticks(settings.duration_ns, enough)
        for tick, diff, events in steps(
            ticks, rooms.reference, rooms.engine, rooms.regions, rooms.journal.tell
        ):
            summary.add(tick, diff, events)
            for sink in sinks:
                sink.write(tick, diff, events)
            yield from events


def _write_last(
    settings: WatchConfig, summary: Summary, rooms: Watch, kind: type[BaseException] | None, *_error: object
) -> None:
    """Write the summary at the end, or when the reader of events has had enough."""
    if kind in (None, GeneratorExit):
        write_summary(settings, summary, rooms)


def write_summary(settings: WatchConfig, summary: Summary, rooms: Watch) -> None:
    """Write what ``--json`` asks for.

    Raises
    ------
    SinkError
        It cannot be written.
    """
    if settings.json_file is not None:
        from rtdiff.reports.compare_json import write_json

        write_json(settings.json_file, summary_json(settings, summary, rooms))


def summary_json(settings: WatchConfig, summary: Summary, rooms: Watch) -> dict[str, Any]:
    """Return what a watch came to, as an object; scores are absent when nothing was compared."""
    info = rooms.source.info
    made: dict[str, Any] = {
        "schema": "rtdiff.watch/1",
        "source": {"path": info.name, "size_wh": list(info.size_wh), "frames": summary.frames},
        "reference": {"kind": rooms.reference.kind},
        "engine": rooms.engine.name,
        "metric": settings.metrics[0],
        "compared": summary.compared,
        "corrupt": summary.corrupt,
        "dropped": summary.dropped,
        "different": summary.different,
        "alarms": summary.alarms,
    }
    if summary.compared:
        made |= {"score": summary.score, "score_min": summary.score_min, "worst_frame": summary.worst_frame}
    if summary.last is not None:
        from rtdiff.reports.compare_json import correction_json

        last = summary.last
        made |= {"noise_levels": last.noise_levels, "noise_frames": last.noise_frames}
        made["corrections"] = [correction_json(one) for one in last.corrections]
    return made
