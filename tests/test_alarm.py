"""The alarm is a list of numbers in and a list of events out."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtdiff.alarm import Alarm, AlarmRule, Transition

MS = 1_000_000
RULE = AlarmRule(raise_at=0.01, clear_at=0.005, on_delay_ns=1000 * MS, off_delay_ns=2000 * MS, reminder_ns=0)


@dataclass
class Share:
    """As much of a Diff as an alarm looks at."""

    changed_fraction: float
    zones: dict


def feed(alarm: Alarm, shares: list[float | None], step_ms: int = 100) -> list[tuple[int, str, str]]:
    """Return (tick, kind, reason) of what happened."""
    out = []
    for tick, share in enumerate(shares):
        diff = None if share is None else Share(share, {})
        out += [(tick, t.kind, t.reason) for t in alarm.update(diff, tick * step_ms * MS)]
    return out


def test_raised_after_the_delay_and_cleared_after_the_other() -> None:
    alarm = Alarm({"": RULE})
    assert feed(alarm, [0.0] * 3 + [0.02] * 12 + [0.0] * 25) == [
        (13, "alarm_raised", ""),
        (35, "alarm_cleared", "scene"),
    ]
    assert alarm.open == ()


def test_a_delay_is_met_exactly_at_any_rate() -> None:
    # in float seconds, 6 frames at 30 fps miss 0.2 s at 1215 of 3000 positions
    rule = AlarmRule(raise_at=0.01, clear_at=0.005, on_delay_ns=200 * MS, reminder_ns=0)
    for start in range(3000):
        alarm = Alarm({"": rule})
        times = [(start + k) * 1_000_000_000 // 30 for k in range(8)]
        raised = [k for k, t in enumerate(times) if alarm.update(Share(1.0, {}), t)]
        assert raised[0] in (6, 7), start  # integer division may lose one nanosecond, never a frame more


def test_passing_by_does_not_raise() -> None:
    assert feed(Alarm({"": RULE}), ([0.5] * 9 + [0.0] * 3) * 10) == []


def test_two_frames_are_not_enough_however_far_apart() -> None:
    assert feed(Alarm({"": RULE}), [0.5, 0.5, 0.0, 0.5, 0.5, 0.0], step_ms=5000) == []


def test_between_the_two_thresholds_nothing_changes() -> None:
    assert feed(Alarm({"": RULE}), [0.007] * 50) == []
    alarm = Alarm({"": RULE})
    assert feed(alarm, [0.02] * 12 + [0.007] * 100) == [(10, "alarm_raised", "")]
    assert alarm.open == ("",)


def test_nothing_is_cleared_while_nobody_looks() -> None:
    alarm = Alarm({"": RULE})
    assert feed(alarm, [0.02] * 12 + [None] * 600) == [(10, "alarm_raised", "")]
    assert alarm.update(Share(0.0, {}), 700 * 100 * MS) == []
    assert alarm.open == ("",)


def test_reminded_while_it_lasts() -> None:
    rule = AlarmRule(raise_at=0.01, on_delay_ns=0, on_frames=1, reminder_ns=1000 * MS)
    kinds = [kind for _, kind, _ in feed(Alarm({"": rule}), [1.0] * 25)]
    assert kinds == ["alarm_raised", "reminder", "reminder"]


def test_zones_are_apart() -> None:
    alarm = Alarm({"door": RULE, "shelf": RULE})
    out: list[Transition] = []
    for tick in range(12):
        zones = {"door": Share(0.02, {}), "shelf": Share(0.0, {})}
        out += alarm.update(Share(0.5, zones), tick * 100 * MS)
    assert [(t.kind, t.zone) for t in out] == [("alarm_raised", "door")]
    closed = alarm.close(5000 * MS)
    assert [(t.zone, t.reason, t.start_ns, t.time_ns) for t in closed] == [
        ("door", "stopped", 1000 * MS, 5000 * MS)
    ]


@pytest.mark.parametrize("reminder_ns", [0, 300 * MS])
@given(shares=st.lists(st.sampled_from([0.0, 0.006, 0.02, None]), max_size=200))
def test_what_opens_is_closed(reminder_ns: int, shares: list[float | None]) -> None:
    alarm = Alarm({"": AlarmRule(0.01, 0.005, 200 * MS, 3, 400 * MS, reminder_ns)})
    kinds = [kind for _, kind, _ in feed(alarm, shares)]
    kinds += [t.kind for t in alarm.close(len(shares) * 100 * MS)]
    kinds = [k for k in kinds if k != "reminder"]
    assert kinds[::2] == ["alarm_raised"] * (len(kinds) // 2)
    assert kinds[1::2] == ["alarm_cleared"] * (len(kinds) // 2)
