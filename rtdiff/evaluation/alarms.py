"""The alarms of a watch held against true events."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rtdiff.evaluation.cases import AlarmScene
from rtdiff.reports.eval_result import Alarms, Counts, Tally

if TYPE_CHECKING:
    from rtdiff.config import WatchConfig


class Alarm(NamedTuple):
    """One alarm."""

    raised_s: float
    """When, seconds of the video."""
    cleared_s: float
    """When, seconds of the video; infinite: it was open at the end."""


def judge_alarms(
    events: Sequence[tuple[float, float]], alarms: Sequence[Alarm], late_s: float
) -> tuple[Counts, int, tuple[float, ...]]:
    """Return counts, how many alarms repeat, and the delays of what was found, seconds.

    In the order of time an event is found by the first alarm raised from its start to `late_s` after
    its end that has found no other; further ones repeat. An event that begins while an alarm is open
    which found an event before is found by that one, with no delay: the same zone cannot be raised twice.
    Every alarm raised outside all events is false; an open false alarm finds nothing.

    Parameters
    ----------
    events : sequence of (float, float)
        Start and end, seconds.
    alarms : sequence of Alarm
        In any order.
    late_s : float
        How long after its end an event's alarm may come.
    """
    found: dict[int, float] = {}
    repeated = false = 0
    for alarm in sorted(alarms):
        during = [n for n, (start, end) in enumerate(events) if start <= alarm.raised_s <= end + late_s]
        fresh = next((n for n in during if n not in found), None)
        if fresh is not None:
            found[fresh] = alarm.raised_s - events[fresh][0]
        elif during:
            repeated += 1
        else:
            false += 1
            continue
        for n, (start, _) in enumerate(events):
            if n not in found and alarm.raised_s < start <= alarm.cleared_s:
                found[n] = 0.0
    return Counts(len(found), false, len(events) - len(found)), repeated, tuple(found.values())


def measure_alarms(
    settings: WatchConfig, scene: AlarmScene, late_s: float, stop: threading.Event, step: Callable[[], None]
) -> Tally:
    """Watch a video as ``rtdiff watch`` does, as far as it came before `stop` was set; judge its alarms."""
    from rtdiff.pipeline import steps
    from rtdiff.watching import open_watch

    raised: dict[str, float] = {}
    alarms: list[Alarm] = []
    end_ns = begin_ns = None
    with open_watch(settings) as rooms:
        ticks = rooms.ticks(None, lambda: "interrupted" if stop.is_set() else "")
        walk = steps(ticks, rooms.reference, rooms.engine, rooms.regions, rooms.journal.tell)
        for tick, _, events in walk:
            begin_ns = tick.time_ns if begin_ns is None else begin_ns
            end_ns = tick.time_ns
            for event in events:
                if event.kind == "alarm_raised":
                    raised[str(event.alarm)] = event.stream_ns / 1e9
                elif event.kind == "alarm_cleared":
                    alarms.append(Alarm(raised.pop(str(event.alarm)), event.stream_ns / 1e9))
            step()
    alarms += [Alarm(start, math.inf) for start in raised.values()]
    watched_s = 0.0 if end_ns is None or begin_ns is None else (end_ns - begin_ns) / 1e9
    happened = [event for event in scene.events if not stop.is_set() or event[1] * 1e9 <= (end_ns or 0)]
    counts, repeated, delays = judge_alarms(happened, alarms, late_s)
    return Tally(1, {"events": counts}, Alarms(watched_s / 3600, repeated, delays))
