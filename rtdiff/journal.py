"""Turns what the rooms found into events: ids, sequence numbers and wall time come in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from rtdiff.alarm import Alarm, Transition
from rtdiff.records import Diff, Event, Tick


class Reference(Protocol):
    """What events tell of a reference."""

    kind: str
    since_ns: int | None


@dataclass(slots=True)
class Journal:
    """What happened at each tick, as events.

    Parameters
    ----------
    source, engine : str
        Names that every event carries.
    alarm : Alarm
        The zones' state machines.
    reference : Reference
        Whose kind and age every event carries.
    clock : callable
        Wall clock, nanoseconds since 1970.
    make_id : callable
        Milliseconds since 1970 -> id.
    """

    source: str
    engine: str
    alarm: Alarm
    reference: Reference
    clock: Callable[[], int]
    make_id: Callable[[int], str]
    _seq: int = 0
    _open: dict[str, Event] = field(default_factory=dict)
    _format: tuple[int, int] | None = None
    _told_reference: bool = False

    def tell(self, tick: Tick, diff: Diff | None) -> list[Event]:
        """Return the events of one tick.

        A tick whose state is 'ended' closes what is open; 'interrupted' leaves alarms open, since
        they go on when the same watch starts again.
        """
        out = []
        if self._seq == 0:
            out.append(self._event("started", tick, {}))
        if tick.frame is not None:
            out += self._format_changes(tick)
        if self.reference.since_ns is not None and not self._told_reference:
            self._told_reference = True
            out.append(self._event("reference", tick, {}))
        out += [self._transition(t, tick, diff) for t in self.alarm.update(diff, tick.time_ns)]
        if tick.state == "ended":
            out += [self._transition(t, tick, diff) for t in self.alarm.close(tick.time_ns)]
        if tick.state in ("ended", "interrupted"):
            out.append(self._event("stopped", tick, {"reason": tick.state}))
        return out

    def _format_changes(self, tick: Tick) -> list[Event]:
        assert tick.frame is not None
        before, self._format = self._format, tick.frame.size_wh
        if before in (None, self._format):
            return []
        sizes = {"from": list(before), "to": list(self._format)} if before else {}
        return [self._event("format", tick, sizes)]

    def _transition(self, what: Transition, tick: Tick, diff: Diff | None) -> Event:
        extra: dict[str, Any] = {}
        if diff is not None:
            zone = diff.zones.get(what.zone, diff)
            boxes = [b for b in diff.boxes if b.zone == what.zone] if what.zone else list(diff.boxes)
            extra |= {"score": zone.score, "changed_fraction": zone.changed_fraction, "boxes": boxes}
        opening = self._open.get(what.zone)
        if what.kind == "alarm_raised":
            event = self._event(what.kind, tick, extra, what.zone)
            self._open[what.zone] = event
            return event
        assert opening is not None
        extra |= {"start_time": opening.time, "duration_s": (what.time_ns - what.start_ns) / 1e9}
        if what.kind == "alarm_cleared":
            extra["reason"] = what.reason
            del self._open[what.zone]
        return self._event(what.kind, tick, extra, what.zone, opening.id)

    def _event(
        self,
        kind: str,
        tick: Tick,
        extra: Mapping[str, Any],
        zone: str | None = None,
        alarm: str | None = None,
    ) -> Event:
        now = self.clock()
        self._seq += 1
        made = self.make_id(now // 1_000_000)
        if kind == "alarm_raised":
            alarm = made
        reference: dict[str, Any] = {"kind": self.reference.kind}
        if self.reference.since_ns is not None:
            reference["age_s"] = (tick.time_ns - self.reference.since_ns) / 1e9
        return Event(
            id=made,
            seq=self._seq,
            kind=kind,
            source=self.source,
            time=utc(now),
            stream_ns=tick.time_ns,
            frame=None if tick.frame is None else tick.frame.index,
            zone=zone or None,
            alarm=alarm,
            extra={**extra, "reference": reference, "engine": self.engine, "dropped_frames": tick.dropped},
        )


def utc(time_ns: int) -> str:
    """Return a wall clock time as ISO 8601, UTC, milliseconds, Z."""
    whole = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{time_ns // 1_000_000 % 1000:03d}Z"
