"""Frames of two videos find their partners: by time, and by content where some were lost."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rtdiff.pairing import Pairing
from rtdiff.records import Frame

MS = 1_000_000
STEP = 40 * MS


def frame(luma: np.ndarray, index: int, time_ns: int | None = None) -> Frame:
    time_ns = index * STEP if time_ns is None else time_ns
    return Frame((luma,), 255, "full", "bt601", time_ns, index, "made", lambda: np.zeros((1, 1, 3), np.uint8))


@pytest.fixture(scope="module")
def moving() -> list[Frame]:
    """60 frames of a picture that pans."""
    rng = np.random.default_rng(4)
    wide = rng.integers(0, 256, (20, 60), np.uint8).repeat(8, 0).repeat(8, 1)
    return [frame(np.ascontiguousarray(wide[:120, 3 * i : 3 * i + 160]), i) for i in range(60)]


def anew(frames: Iterable[Frame]) -> list[Frame]:
    """Return frames as they are when they are timed and numbered anew."""
    return [replace(one, index=i, time_ns=i * STEP) for i, one in enumerate(frames)]


def paired(reference: list[Frame], test: list[Frame], **options: object):
    """Return whether all pairs show the same, who is alone, who is repeated, and the pairing."""
    pairing = Pairing(reference, test, **options)
    right, alone, again = [], [], []
    for step in pairing:
        both = {"reference": step.reference, "test": step.test}
        if step.reference is not None and step.test is not None:
            right.append(step.reference.luma is step.test.luma)
        else:
            alone += [(side, one.index) for side, one in both.items() if one is not None]
        again += [
            (side, one.index) for (side, one), shown in zip(both.items(), step.repeated, strict=True) if shown
        ]
    return right, alone, again, pairing


def test_a_video_with_itself(moving):
    right, alone, again, pairing = paired(moving, moving)
    assert (len(right), all(right), alone, again, pairing.slips) == (60, True, [], [], [])


def test_a_frame_that_was_lost_leaves_a_gap(moving):
    right, alone, again, pairing = paired(moving, moving[:20] + moving[21:])
    assert all(right)
    assert (alone, again, pairing.slips) == ([("reference", 20)], [], [])


def test_a_frame_that_was_lost_and_the_rest_timed_anew(moving):
    right, alone, again, pairing = paired(moving, anew(moving[:20] + moving[21:]))
    assert all(right)
    assert (alone, again) == ([("reference", 20)], [])
    (slip,) = pairing.slips
    assert (slip.frames, slip.frame_ref, slip.frame_test, slip.by_ns) == (-1, 21, 20, -STEP)


def test_a_frame_that_was_doubled_and_the_rest_timed_anew(moving):
    right, alone, again, pairing = paired(moving, anew(moving[:21] + moving[20:]))
    assert all(right)
    assert (alone, again) == ([("test", 21)], [("test", 21)])
    assert [slip.frames for slip in pairing.slips] == [1]


def test_a_frame_that_took_the_place_of_the_next(moving):
    right, alone, again, pairing = paired(moving, anew(moving[:21] + moving[20:21] + moving[22:]))
    assert [i for i, ok in enumerate(right) if not ok] == [21]
    assert (alone, again, pairing.slips) == ([], [("test", 21)], [])


def test_a_stand_still(moving):
    right, _, again, _ = paired(moving, anew(moving[:21] + [moving[20]] * 8 + moving[29:]))
    assert again == [("test", i) for i in range(21, 29)]
    assert sum(right) == 52


@pytest.mark.parametrize("which", ["reference", "test"])
def test_several_losses_on_either_side(moving, which):
    cut = anew(moving[:10] + moving[12:30] + moving[31:])
    right, alone, _, pairing = paired(*((cut, moving) if which == "reference" else (moving, cut)))
    assert all(right)
    whole = "test" if which == "reference" else "reference"
    assert alone == [(whole, 10), (whole, 11), (whole, 30)]
    assert [abs(slip.frames) for slip in pairing.slips] == [2, 1]


def test_three_frames_late_from_the_start(moving):
    black = np.zeros_like(moving[0].luma)
    right, alone, _, pairing = paired(moving, anew([frame(black, 0)] * 3 + moving))
    assert all(right)
    assert alone == [("test", 0), ("test", 1), ("test", 2)]
    (slip,) = pairing.slips
    assert (slip.frames, slip.by_ns, slip.start) == (3, 3 * STEP, True)


def test_late_by_time_stamps_alone(moving):
    late = [replace(one, time_ns=one.time_ns + 3 * STEP) for one in moving]
    right, alone, _, pairing = paired(moving, late)
    assert all(right)
    assert (len(right), alone) == (60, [])
    assert [slip.by_ns for slip in pairing.slips] == [3 * STEP]


def test_a_gap_after_a_first_frame_of_its_own_is_no_shift(moving):
    late = [replace(one, time_ns=one.time_ns + 100 * MS) for one in moving]
    black = frame(np.zeros_like(moving[0].luma), 0)
    test = [black, *(replace(one, index=one.index + 1) for one in late)]
    right, alone, _, pairing = paired(late, test)
    assert (len(right), all(right), alone, pairing.slips) == (60, True, [("test", 0)], [])


def test_by_time_alone_nothing_is_mended(moving):
    right, alone, _, pairing = paired(moving, anew(moving[:20] + moving[21:]), content=False)
    assert (right.count(True), len(right), alone, pairing.slips) == (20, 59, [("reference", 59)], [])


def test_half_the_rate_pairs_every_other_frame(moving):
    half = [replace(one, index=i) for i, one in enumerate(moving[::2])]
    right, alone, again, pairing = paired(moving, half)
    assert (len(right), all(right), len(alone), pairing.slips) == (30, True, 30, [])
    assert again == []


def test_frames_of_two_rates_take_the_nearest(moving):
    slow = [frame(one.luma, i, i * 40 * MS) for i, one in enumerate(moving[:11])]
    fast = [frame(one.luma, i, i * 100 * MS // 3) for i, one in enumerate(moving[:13])]
    steps = list(Pairing(slow, fast))
    pairs = [(s.reference.index, s.test.index) for s in steps if s.reference and s.test]
    assert pairs == [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 4),
        (4, 5),
        (5, 6),
        (6, 7),
        (7, 8),
        (8, 10),
        (9, 11),
        (10, 12),
    ]
    assert [s.test.index for s in steps if s.reference is None] == [3, 9]


def test_a_frame_shortly_before_the_right_one_is_not_taken_for_it(moving):
    more = frame(255 - moving[20].luma, 20, 20 * STEP - 10 * MS)
    test = [*moving[:20], more, *(replace(one, index=one.index + 1) for one in moving[20:])]
    for content in (True, False):
        right, alone, _, pairing = paired(moving, test, content=content)
        assert (len(right), all(right), alone, pairing.slips) == (60, True, [("test", 20)], [])


def test_an_uneven_rate_and_a_muxer_that_rounds(moving):
    rng = np.random.default_rng(1)
    times = np.cumsum(rng.integers(20, 60, 60)) * MS
    uneven = [replace(one, time_ns=int(t)) for one, t in zip(moving, times, strict=True)]
    rounded = [replace(one, time_ns=one.time_ns + int(rng.integers(-MS, MS))) for one in uneven]
    right, alone, _, _ = paired(uneven, rounded)
    assert (len(right), all(right), alone) == (60, True, [])


def test_an_offset_and_a_rate_that_are_known(moving):
    rate = Fraction(25, 24)
    test = [replace(one, time_ns=round(one.time_ns * rate) + 500 * MS) for one in moving]
    right, alone, _, _ = paired(moving, test, offset_ns=500 * MS, rate=rate, content=False)
    assert (len(right), all(right), alone) == (60, True, [])


def test_noise_in_a_still_scene_is_no_repetition(moving):
    rng = np.random.default_rng(2)
    luma = moving[0].luma
    noise = rng.normal(0, 1.5, (30, *luma.shape))
    noisy = [frame(np.clip(luma + n, 0, 255).astype(np.uint8), i) for i, n in enumerate(noise)]
    right, alone, again, pairing = paired(noisy, [frame(luma, i) for i in range(30)])
    assert (len(right), alone, again, pairing.slips) == (30, [], [], [])


def test_a_defect_moves_nothing(moving):
    spoilt = [replace(one, planes=(255 - one.luma,)) if 20 <= one.index < 40 else one for one in moving]
    right, alone, again, pairing = paired(moving, spoilt)
    assert (sum(right), alone, again, pairing.slips) == (40, [], [], [])


def test_other_sizes_and_depths_are_mended_alike(moving):
    import cv2

    small = [
        replace(one, planes=(cv2.resize(one.luma, (128, 96)).astype(np.uint16) * 4,), data_range=1023)
        for one in anew(moving[:20] + moving[21:])
    ]
    _, alone, _, pairing = paired(moving, small)
    assert alone == [("reference", 20)]
    assert [slip.frames for slip in pairing.slips] == [-1]


def test_a_still_end_beyond_the_other_sides_is_no_repetition(moving):
    longer = [*moving, *anew([*moving, *[moving[-1]] * 8])[60:]]
    for reference, test, alone_side in ((longer, moving, "reference"), (moving, longer, "test")):
        right, alone, again, _ = paired(reference, test)
        assert (len(right), all(right), again) == (60, True, [])
        assert alone == [(alone_side, i) for i in range(60, 68)]


def test_shortest_ends_with_the_one_that_ends(moving):
    right, alone, _, _ = paired(moving, moving[:50], shortest=True)
    assert (len(right), alone) == (50, [])


def test_nothing_on_one_side(moving):
    right, alone, _, _ = paired([], moving[:3])
    assert (right, alone) == ([], [("test", 0), ("test", 1), ("test", 2)])
