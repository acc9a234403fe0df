"""Time stamps of videos: exact, and never decreasing whatever the file says."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from video_files import MS, moving, read, write

from rtdiff.sources.timeline import Timeline


def test_a_variable_rate_is_exact(tmp_path: Path) -> None:
    pts = [0, 7, 50, 51, 400, 5000, 65_000]
    made = read(write(tmp_path / "a.mkv", moving(count=7), pts=pts, bf="0"))
    assert [frame.time_ns for frame in made] == [value * MS for value in pts]
    assert [frame.pts_ns for frame in made] == [value * MS for value in pts]


def test_frames_without_time_stamps_follow_at_the_nominal_rate(tmp_path: Path) -> None:
    made = read(write(tmp_path / "a.264", moving(count=10)))
    assert [frame.time_ns for frame in made] == [i * 40 * MS for i in range(10)]
    assert made[0].pts_ns is None


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_avi_which_has_no_times_of_display_is_timed_by_its_order(tmp_path: Path, codec: str) -> None:
    made = read(write(tmp_path / "a.avi", moving(count=30), codec, bf="2"))
    assert [frame.time_ns for frame in made] == [i * 40 * MS for i in range(30)]


def clock(start: Fraction | None = Fraction(0)) -> Timeline:
    return Timeline(Fraction(1, 1000), start, 40 * MS, 10_000 * MS)


@pytest.mark.parametrize(
    ("pts", "wanted"),
    [
        ([0, 40, 40, 80, 120], [0, 40, 60, 80, 120]),  # a repeat is mended, and what follows is exact
        ([0, 80, 40, 120], [0, 80, 100, 120]),
        ([0, None, 80, None], [0, 40, 80, 120]),
        ([-80, -40, 0], [0, 40, 80]),  # before the container's start
        ([20, 60], [20, 60]),  # after it
        ([5000, 5040, 0, 40], [5000, 5040, 5080, 5120]),  # begins again
        ([0, 40, 9_000_040, 9_000_080], [0, 40, 80, 120]),  # leaps
        ([5000, 5040, 0, 100], [5000, 5040, 5080, 5180]),
        ([0, 40, 9_000], [0, 40, 9_000]),  # a pause is not a leap
        ([2**33, 2**33 + 40, 5, 45], [2**33, 2**33 + 40, 2**33 + 80, 2**33 + 120]),  # wraps
    ],
)
def test_bad_time_stamps(pts: list[int | None], wanted: list[int]) -> None:
    timeline = clock()
    assert [timeline.place(value, 0) for value in pts] == [value * MS for value in wanted]


def test_times_are_counted_from_a_start_that_nanoseconds_cannot_hold() -> None:
    third = Timeline(Fraction(1, 30), Fraction(1, 30), 33 * MS, 10_000 * MS)
    times = [third.place(i + 1, 1) for i in range(3000)]
    assert [b - a for a, b in zip(times, times[6:], strict=False)] == [200 * MS] * 2994


@given(
    st.lists(st.none() | st.integers(-(2**40), 2**40) | st.integers(0, 200), min_size=2), st.integers(0, 90)
)
def test_time_never_decreases(pts: list[int | None], duration: int) -> None:
    timeline = clock(None)
    times = [timeline.place(value, duration) for value in pts]
    assert times[0] == 0
    assert all(a < b for a, b in pairwise(times))


def test_delayed_start_counts_from_its_container_and_reports_what_the_file_says(data: Path) -> None:
    first = read(data / "pyscenedetect/tests/resources/delayed_start.mp4")[0]
    assert (first.time_ns, first.pts_ns) == (0, 1_075 * MS)
