"""A watch: a source, its reference, the rooms between them, put together once for command and API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rtdiff.alarm import Alarm, AlarmRule
from rtdiff.assemble import engine_for, reference_for, regions_for
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


@dataclass(slots=True)
class Watch:
    """The rooms of one watch; `close` it, or use ``with``."""

    source: Source
    engine: Engine
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
    engine, skipped = engine_for(settings)
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


def watch(source: str, reference: str = "median:2s", **options: Any) -> Iterator[Event]:
    """Watch a source; yield events as they happen.

    ::

        for event in rtdiff.watch("shop.mp4", reference="golden.png"):
            print(event.time, event.kind, event.zone)

    Parameters
    ----------
    source : str
        As for ``rtdiff watch``.
    reference : str
        A picture, ``first`` or ``median:TIME``.
    **options
        Those of ``rtdiff watch``, in snake_case; a name that is none of them is an error.

    Raises
    ------
    SettingsError, SourceError, EngineError, MissingExtra
        What was asked for cannot be had.
    """
    from rtdiff.config import WatchConfig, from_options
    from rtdiff.pipeline import steps

    settings = from_options(WatchConfig, source=source, reference=reference, **options)
    raised = 0

    def enough() -> str:
        return "ended" if settings.max_events is not None and raised >= settings.max_events else ""

    with open_watch(settings) as rooms:
        ticks = rooms.ticks(settings.duration_ns, enough)
        for _, _, events in steps(ticks, rooms.reference, rooms.engine, rooms.regions, rooms.journal.tell):
            raised += sum(event.kind == "alarm_raised" for event in events)
            yield from events
