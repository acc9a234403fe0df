"""The loop, driven by lists; capture, reference and journal with real frames."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from rtdiff.alarm import Alarm, AlarmRule
from rtdiff.capture import AHEAD, FileCapture, until
from rtdiff.engines import make_engine
from rtdiff.journal import Journal, utc
from rtdiff.noise import pair_noise
from rtdiff.pipeline import run
from rtdiff.reconcile import fit_still
from rtdiff.records import Diff, Event, Frame, Picture, Tick
from rtdiff.reference import FirstReference, MedianReference, PictureReference, median
from rtdiff.regions import Regions
from rtdiff.reports.ids import IdMaker

SECOND = 1_000_000_000


def frame(index: int, plane: np.ndarray, fps: int = 10, corrupt: bool = False) -> Frame:
    time_ns = index * SECOND // fps
    picture = np.stack([plane] * 3, axis=2)
    return Frame((plane,), 255, "full", "bt601", time_ns, index, "list", lambda: picture, corrupt=corrupt)


def scene(index: int, present: bool, shape: tuple[int, int] = (64, 96)) -> np.ndarray:
    rng = np.random.default_rng(index)
    plane = 100 + 20 * np.sin(np.arange(shape[1]) / 7)[None, :] + rng.normal(0, 2, shape)
    if present:
        plane[20:40, 30:60] += 80
    return np.clip(np.rint(plane), 0, 255).astype(np.uint8)


def paint(still: Frame) -> Picture:
    return np.stack([still.luma] * 3, axis=2)


class Collect:
    def __init__(self) -> None:
        self.got: list[tuple[Tick, Diff | None, list[Event]]] = []

    def write(self, tick: Tick, diff: Diff | None, events: list[Event]) -> None:
        self.got.append((tick, diff, list(events)))

    def kinds(self) -> list[str]:
        return [event.kind for _, _, events in self.got for event in events]


def loop(
    frames: list[Frame], kind: str = "median", state: str = "ended", **rule: int
) -> tuple[Collect, object]:
    engine = make_engine("numpy", noise=pair_noise)
    made = {
        "median": lambda: MedianReference(fit_still, engine.prepare, paint, SECOND),
        "first": lambda: FirstReference(fit_still, engine.prepare),
    }
    reference = made[kind]()
    alarm = Alarm({"": AlarmRule(**rule)})
    wall = iter(range(1_800_000_000 * SECOND, 2_000_000_000 * SECOND, 50_000_000))
    journal = Journal("list", "numpy", alarm, reference, lambda: next(wall), IdMaker().make)
    ticks = [Tick(f, "live", f.time_ns) for f in frames]
    ticks.append(Tick(None, state, frames[-1].time_ns))
    sink = Collect()
    return sink, run(ticks, reference, engine, Regions(tracking=True), journal.tell, [sink])


def test_a_thing_that_stays_is_an_alarm_until_it_goes() -> None:
    frames = [frame(i, scene(i, 20 <= i < 60)) for i in range(130)]
    sink, summary = loop(frames)
    assert sink.kinds() == ["started", "reference", "alarm_raised", "alarm_cleared", "stopped"]
    raised, cleared = (e for _, _, events in sink.got for e in events if e.kind.startswith("alarm"))
    assert (raised.frame, cleared.frame) == (30, 110)
    assert cleared.alarm == raised.id == raised.alarm
    assert cleared.extra["reason"] == "scene"
    assert cleared.extra["duration_s"] == 8.0
    assert cleared.extra["start_time"] == raised.time
    assert np.abs(np.subtract(raised.extra["boxes"][0].xyxy, (30, 20, 60, 40))).max() <= 1  # there is noise
    assert raised.extra["reference"] == {"kind": "median", "age_s": 2.0}
    assert [e.seq for _, _, events in sink.got for e in events] == [1, 2, 3, 4, 5]
    assert (summary.frames, summary.compared, summary.different, summary.alarms) == (130, 120, 40, 1)
    assert summary.score_min < summary.score < 1


def test_the_end_closes_an_alarm_and_a_signal_does_not() -> None:
    frames = [frame(i, scene(i, i >= 20)) for i in range(60)]
    assert loop(frames)[0].kinds()[-2:] == ["alarm_cleared", "stopped"]
    assert loop(frames, state="interrupted")[0].kinds()[-2:] == ["alarm_raised", "stopped"]


def test_damaged_frames_are_set_aside() -> None:
    frames = [frame(i, scene(i, i == 40), corrupt=i == 40) for i in range(60)]
    sink, summary = loop(frames)
    assert summary.corrupt == 1
    assert summary.different == 0
    assert sink.got[40][1] is None


def test_another_size_is_an_event_and_no_alarm() -> None:
    frames = [frame(i, scene(i, False)) for i in range(30)]
    frames += [frame(i, scene(i, False, (32, 48))) for i in range(30, 60)]
    sink, _ = loop(frames)
    (event,) = [e for _, _, events in sink.got for e in events if e.kind == "format"]
    assert event.extra["from"] == [96, 64]
    assert event.extra["to"] == [48, 32]
    assert "scale" in [c.kind for c in sink.got[-2][1].corrections]


def test_the_median_forgets_who_passes_by() -> None:
    frames = [frame(i, scene(0, i % 3 == 0)) for i in range(15)]
    still = median(frames, paint)
    np.testing.assert_array_equal(still.luma, scene(0, False))
    np.testing.assert_array_equal(still.picture()[..., 0], scene(0, False))


def test_first_waits_for_a_good_frame() -> None:
    frames = [frame(i, scene(i, False), corrupt=i < 3) for i in range(10)]
    sink, summary = loop(frames, "first")
    assert summary.compared == 7
    assert sink.got[3][1].identical


def test_a_picture_is_fitted_once_per_format() -> None:
    prepared = []
    engine = make_engine("numpy", noise=pair_noise)

    def prepare(still: Frame) -> object:
        prepared.append(still)
        return engine.prepare(still)

    reference = PictureReference(fit_still, prepare, frame(0, scene(0, False)))
    for i in range(5):
        reference.against(engine.prepare(frame(i, scene(i, False))))
    assert len(prepared) == 1
    reference.against(engine.prepare(frame(6, scene(6, False, (32, 48)))))
    assert [p.size_wh for p in prepared] == [(96, 64), (48, 32)]


def test_capture_reads_ahead_a_bounded_number_and_in_order() -> None:
    made: list[int] = []

    def source() -> Iterator[Frame]:
        for i in range(100):
            made.append(i)
            yield frame(i, scene(0, False))

    ticks = iter(FileCapture(source()))
    first = next(ticks)
    deadline = time.monotonic() + 5
    while len(made) < AHEAD + 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.05)
    assert len(made) <= AHEAD + 2
    rest = list(ticks)
    assert [t.frame.index for t in [first, *rest[:-1]]] == list(range(100))
    assert (rest[-1].frame, rest[-1].state) == (None, "ended")


def test_capture_raises_what_the_source_raised_after_its_frames() -> None:
    def source() -> Iterator[Frame]:
        yield frame(0, scene(0, False))
        raise OSError("the disk is gone")

    ticks = iter(FileCapture(source()))
    assert next(ticks).frame.index == 0
    with pytest.raises(OSError, match="the disk is gone"):
        next(ticks)


def test_leaving_a_capture_early_ends_its_thread() -> None:
    def source() -> Iterator[Frame]:
        while True:
            yield frame(0, scene(0, False))

    before = threading.active_count()
    for _ in until(FileCapture(source()), None, lambda: "ended"):
        pass
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before


def test_until_ends_by_time_and_says_why() -> None:
    ticks = [Tick(frame(i, scene(0, False)), "live", i * SECOND) for i in range(10)]
    got = list(until(ticks, 3 * SECOND, str))
    assert [t.time_ns // SECOND for t in got] == [0, 1, 2, 3]
    assert got[-1].frame is None
    assert got[-1].state == "ended"
    assert next(reversed(list(until(ticks, None, lambda: "interrupted")))).state == "interrupted"


def test_wall_clock_is_utc_with_milliseconds() -> None:
    assert utc(1_800_000_000_123_999_999) == "2027-01-15T08:00:00.123Z"
