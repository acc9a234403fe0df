"""From differences to alarms: a state machine per zone. Time comes in as data, nothing else does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rtdiff.records import Diff

SECOND_NS = 1_000_000_000
GAP_NS = SECOND_NS  # a longer pause between two frames counts as this: nothing is known about it


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """When a zone's alarm is raised and cleared."""

    raise_at: float = 0.0002
    """Changed fraction of the zone from which it counts as different."""
    clear_at: float = 0.0001
    """Changed fraction below which it counts as the same again."""
    on_delay_ns: int = SECOND_NS
    """How long it must be different, nanoseconds."""
    on_frames: int = 3
    """And in how many frames."""
    off_delay_ns: int = 5 * SECOND_NS
    """How long it must be the same before the alarm is cleared, nanoseconds."""
    reminder_ns: int = 3600 * SECOND_NS
    """How often an alarm that lasts is told again, nanoseconds; 0: never."""


@dataclass(frozen=True, slots=True, eq=False)
class Transition:
    """Something happened in a zone."""

    kind: Literal["alarm_raised", "alarm_cleared", "reminder"]
    """As in the contract."""
    zone: str
    """Name of the zone, empty without named zones."""
    time_ns: int
    """When it was decided, stream time."""
    start_ns: int
    """When the alarm was raised, stream time."""
    reason: Literal["", "scene", "reference", "stopped"] = ""
    """Why it was cleared."""


@dataclass(slots=True)
class _Zone:
    rule: AlarmRule
    raised_ns: int | None = None
    above_ns: int = 0
    above_frames: int = 0
    below: bool = False
    below_ns: int = 0
    told_ns: int = 0


@dataclass(slots=True)
class Alarm:
    """All zones' alarms.

    Parameters
    ----------
    rules : mapping of str to AlarmRule
        By zone name; without named zones the one key is the empty string.
    """

    rules: Mapping[str, AlarmRule]
    _zones: dict[str, _Zone] = field(init=False)
    _last_ns: int | None = None

    def __post_init__(self) -> None:
        self._zones = {name: _Zone(rule) for name, rule in self.rules.items()}

    @property
    def open(self) -> tuple[str, ...]:
        """Names of the zones whose alarm is raised now."""
        return tuple(name for name, zone in self._zones.items() if zone.raised_ns is not None)

    def update(self, diff: Diff | None, time_ns: int) -> list[Transition]:
        """Take one tick; return what happened.

        Without a diff (no frame, or still learning) nothing changes: an alarm is neither raised
        nor cleared while nobody is looking.
        """
        if diff is None:
            return []
        step = 0 if self._last_ns is None else min(time_ns - self._last_ns, GAP_NS)
        self._last_ns = time_ns
        out: list[Transition] = []
        for name, zone in self._zones.items():
            share = diff.zones[name].changed_fraction if name else diff.changed_fraction
            out += _step(name, zone, share, step, time_ns)
        return out

    def close(self, time_ns: int, reason: Literal["reference", "stopped"] = "stopped") -> list[Transition]:
        """Clear what is raised, because the source ended or the reference was replaced."""
        out: list[Transition] = []
        for name, zone in self._zones.items():
            if zone.raised_ns is not None:
                out.append(Transition("alarm_cleared", name, time_ns, zone.raised_ns, reason))
            self._zones[name] = _Zone(zone.rule)
        return out


def _step(name: str, zone: _Zone, share: float, step: int, time_ns: int) -> list[Transition]:
    rule = zone.rule
    if zone.raised_ns is None:
        if share < rule.clear_at or (zone.above_frames == 0 and share < rule.raise_at):
            zone.above_ns = zone.above_frames = 0
            return []
        zone.above_ns += step if zone.above_frames else 0
        zone.above_frames += 1
        ripe = zone.above_ns >= rule.on_delay_ns and zone.above_frames >= rule.on_frames
        if not ripe or share < rule.raise_at:
            return []
        zone.raised_ns = zone.told_ns = time_ns
        zone.below = False
        return [Transition("alarm_raised", name, time_ns, time_ns)]
    below = share < rule.clear_at
    zone.below_ns = zone.below_ns + step if below and zone.below else 0
    zone.below = below
    if below and zone.below_ns >= rule.off_delay_ns:
        start, zone.raised_ns = zone.raised_ns, None
        zone.above_ns = zone.above_frames = zone.below_ns = 0
        return [Transition("alarm_cleared", name, time_ns, start, "scene")]
    if rule.reminder_ns and time_ns - zone.told_ns >= rule.reminder_ns:
        zone.told_ns = time_ns
        return [Transition("reminder", name, time_ns, zone.raised_ns)]
    return []
