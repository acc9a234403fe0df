"""Pictures of the worst pairs: which they are, that they are true, and that little is kept."""

import functools
import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest

import rtdiff
from rtdiff.errors import SinkError
from rtdiff.video_records import VideoPair
from rtdiff.worst import WorstKeeper

FPS = 10
STEP = 1_000_000_000 // FPS
BASE = cv2.resize(np.random.default_rng(5).integers(40, 200, (12, 16, 3)).astype(np.uint8), (160, 120))


@functools.cache
def compared(size: int) -> rtdiff.Diff:
    test = BASE.copy()
    test[40 : 40 + size, 50 : 50 + size] = 0
    return rtdiff.compare(BASE, test)


def pair(index: int, size: int = 0, *, late: int = 0, faint: bool = False) -> VideoPair:
    """Return a pair whose test has a black square of `size` pixels, or is equal."""
    diff = compared(size)
    assert diff.same == (size == 0)
    if faint:
        diff = replace(diff, reasons=())
    frames = [
        replace(frame, index=index + by, time_ns=(index + by) * STEP)
        for frame, by in ((diff.reference, 0), (diff.test, late))
    ]
    return VideoPair(index, *frames, diff)


def kept(pairs, most: int = 3, **options):
    keeper = WorstKeeper(most, **options)
    for one in pairs:
        keeper.add(one)
    return keeper.pictures()


def seen(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def test_the_worst_of_every_event_the_worst_first():
    sizes = [0, 0, 8, 20, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 42, 40, 0, 0, *[0] * 15, 12, 10, 0]
    found = kept([pair(k, size) for k, size in enumerate(sizes)])
    assert [one.index for one in found] == [16, 3, 35]
    assert [one.score for one in found] == sorted(one.score for one in found)


def test_no_more_than_asked_for_and_none_where_none_is_different():
    sizes = [10 * (k % 20 == 5) + k // 20 * (k % 20 == 5) for k in range(120)]
    assert [one.index for one in kept([pair(k, size) for k, size in enumerate(sizes)], 2)] == [105, 85]
    assert kept([pair(k) for k in range(12)]) == ()
    assert kept([pair(k, 9) for k in range(3)], 0) == ()


def test_what_flickers_is_one_event():
    found = kept([pair(k, 12 + k % 3 if k % 2 else 0) for k in range(10)])
    assert len(found) <= 2
    assert all(b.time_ref_ns - a.time_ref_ns >= 1_000_000_000 for a, b in itertools.pairwise(found))


def test_what_differs_without_an_end_has_pictures_of_many_times():
    found = kept([pair(k, 10 + k // 10) for k in range(160)])
    assert len(found) == 3
    times = sorted(one.time_ref_ns for one in found)
    assert min(b - a for a, b in itertools.pairwise(times)) >= 1_000_000_000
    assert found[0].index == 150, "the first of the worst, not the last"


def test_a_short_video_has_as_many_pictures_as_were_asked_for():
    pairs = [pair(k, 10 + k % 4) for k in range(30)]
    assert len(kept(pairs)) == 1
    assert len(kept(pairs, duration_ns=30 * STEP)) == 3


def test_different_pairs_come_before_lower_scores_without_a_reason():
    pairs = [pair(k, 30 if k == 2 else 8 if k == 20 else 0, faint=k == 2) for k in range(24)]
    found = kept(pairs)
    assert [(one.index, one.same) for one in found] == [(20, False), (2, True)]
    assert [one.index for one in kept(pairs, 1)] == [20]


def test_numbers_times_and_pictures_are_those_of_the_pair():
    worst = pair(4, 20, late=2)
    (one,) = kept([pair(3, 12), worst, pair(5, 12)])
    assert (one.index, one.frame_ref, one.frame_test) == (4, 4, 6)
    assert (one.time_ref_ns, one.time_test_ns) == (4 * STEP, 6 * STEP)
    assert one.size_wh == (160, 120)
    assert one.boxes == worst.boxes
    assert one.score == worst.score
    assert np.array_equal(seen(one.reference), worst.diff.reference.picture())
    assert np.array_equal(seen(one.test), worst.diff.test.picture())
    heat = seen(one.map).astype(int).sum(axis=2)
    assert heat[45:55, 55:65].mean() > 4 * heat[80:, 100:].mean()


def test_frames_may_be_overwritten_after_they_passed():
    one = pair(4, 21)
    one = replace(one, diff=replace(one.diff, reference=one.diff.reference.copy(), test=one.diff.test.copy()))
    before = one.diff.test.picture().copy()
    keeper = WorstKeeper(2)
    keeper.add(one)
    one.diff.test.picture()[:] = 0
    one.diff.reference.picture()[:] = 0
    assert np.array_equal(seen(keeper.pictures()[0].test), before)


def test_for_a_page_pictures_are_jpegs_without_a_map():
    (one,) = kept([pair(4, 20)], files=False)
    assert one.reference[:3] == one.test[:3] == b"\xff\xd8\xff"
    assert one.map == b""
    assert np.abs(seen(one.test).astype(int) - pair(4, 20).diff.test.picture()).mean() < 2


def test_only_what_enters_the_list_is_copied():
    asked = []

    def watched(one: VideoPair) -> VideoPair:
        make = one.diff.test.bgr
        frame = replace(one.diff.test, bgr=lambda: asked.append(one.index) or make(), _made=[])
        return replace(one, diff=replace(one.diff, test=frame))

    kept([watched(pair(k, 30 - k)) for k in range(20)])
    assert asked == [0]


def test_files_are_written_and_those_of_an_earlier_run_removed(tmp_path):
    keeper = WorstKeeper(2)
    for k in range(30):
        keeper.add(pair(k, {3: 20, 25: 12}.get(k, 0)))
    folder = tmp_path / "worst"
    folder.mkdir()
    for name in ("worst-03-frame-000009-ref.png", "worst-01-frame-000003-ref.txt", "mine.png"):
        (folder / name).write_bytes(b"old")
    written = keeper.write(folder)
    kinds = ("ref", "test", "map", "boxes")
    assert [path.name for path in written] == [
        *(f"worst-01-frame-000003-{kind}.png" for kind in kinds),
        *(f"worst-02-frame-000025-{kind}.png" for kind in kinds),
    ]
    assert {path.name for path in folder.iterdir()} == {
        *(path.name for path in written),
        "worst-01-frame-000003-ref.txt",
        "mine.png",
    }
    reference, test, heat, boxes = (seen(path.read_bytes()) for path in written[:4])
    assert reference.shape == test.shape == heat.shape == boxes.shape == (120, 160, 3)
    assert np.array_equal(test, pair(3, 20).diff.test.picture())
    changed = (boxes != test).any(axis=2)
    assert changed.any()
    assert not changed[44:56, 54:66].any(), "the outline is around the region"


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file", tmp_path / "no" / "folder", tmp_path / "a\0b"):
        with pytest.raises(SinkError, match="cannot be used as a folder"):
            WorstKeeper(1).write(path)


def test_against_a_still_the_time_of_the_video_counts():
    still = compared(0).reference
    pairs = [replace(pair(k, {5: 20, 65: 10}.get(k, 0)), reference=still) for k in range(70)]
    assert [one.frame_test for one in kept(pairs)] == [5, 65]
