"""Synthetic scenes: the same everywhere, true boxes, and nothing but what was asked for."""

import hashlib
from fractions import Fraction
from importlib import import_module

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtdiff.errors import SettingsError
from rtdiff.sources.scene import Brush
from rtdiff.sources.synthetic import SyntheticSource
from rtdiff.sources.synthetic_events import schedule
from rtdiff.sources.synthetic_options import SCENES, parse

CHANGES = import_module("rtdiff.sources.scene_shelf").changes(Brush((1280, 720)))

STILL = "noise=0&light=0&shake=0"
SMALL = "size=256x144&frames=200"


def full(planes):
    """Return Y, Cb, Cr at one size, (H, W, 3)."""
    rows, columns = planes[0].shape
    return np.dstack(
        [p if p.shape == (rows, columns) else p.repeat(2, 0).repeat(2, 1)[:rows, :columns] for p in planes]
    ).astype(int)


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("size", [(16, 16), (161, 91), (320, 240)])
def test_frames_have_the_size_and_planes_asked_for(name, size):
    source = SyntheticSource(f"synthetic://{name}?size={size[0]}x{size[1]}&frames=60")
    assert source.info.size_wh == size
    for frame in (source.clean(), source.frame(59)):
        assert [p.shape for p in frame.planes] == [size[::-1]] + 2 * [
            ((size[1] + 1) // 2, (size[0] + 1) // 2)
        ]
        assert all(p.dtype == np.uint8 for p in frame.planes)
        assert frame.picture().shape == (*size[::-1], 3)


def test_extreme_sizes_are_drawn():
    for size in ("4096x16", "16x4096"):
        source = SyntheticSource(f"synthetic://shelf?size={size}&frames=3")
        assert len([frame.luma.shape for frame in source]) == 3


def test_luma_and_chroma_are_those_of_opencv():
    source = SyntheticSource(f"synthetic://office?{SMALL}&chroma=444")
    brush = Brush((256, 144))
    import_module("rtdiff.sources.scene_office").draw(brush, None)
    luma, blue, red = source.clean().planes
    assert np.array_equal(luma, cv2.cvtColor(brush.picture(), cv2.COLOR_BGR2GRAY))
    assert np.array_equal(np.dstack([red, blue]), cv2.cvtColor(brush.picture(), cv2.COLOR_BGR2YCrCb)[..., 1:])
    assert np.abs(source.clean().picture().astype(int) - brush.picture()).mean() < 1


def test_the_same_address_gives_the_same_frames_in_any_order():
    uri = f"synthetic://shelf?{SMALL}&seed=7"
    first, second = SyntheticSource(uri), SyntheticSource(uri)
    digests = [hashlib.sha256(b"".join(p.tobytes() for p in frame.planes)).digest() for frame in first]
    for index in (150, 3, 199, 90):
        again = second.frame(index)
        assert hashlib.sha256(b"".join(p.tobytes() for p in again.planes)).digest() == digests[index]
    other = SyntheticSource(uri.replace("seed=7", "seed=8"))
    assert not np.array_equal(other.frame(90).luma, second.frame(90).luma)


def test_iterating_twice_starts_again_and_a_held_frame_stays_as_it_is():
    source = SyntheticSource(f"synthetic://shelf?{SMALL}")
    frames = iter(source)
    held = next(frames)
    before = [p.copy() for p in held.planes]
    for _ in range(120):
        next(frames)
    again = next(iter(source))
    for plane, was, new in zip(held.planes, before, again.planes, strict=True):
        assert np.array_equal(plane, was)
        assert np.array_equal(new, was)
    assert not any(np.shares_memory(held.luma, f.luma) for f in (again, source.clean()))


def test_times_are_exact():
    source = SyntheticSource("synthetic://flat?size=16x16&fps=30000/1001&frames=3001")
    assert source.info.fps == Fraction(30000, 1001)
    assert source.frame(3000).time_ns == 3000 * 1_000_000_000 * 1001 // 30000 == 100_100_000_000
    assert source.info.duration_ns == 3001 * 1_000_000_000 * 1001 // 30000


@pytest.mark.parametrize("name", ["shelf", "office", "flat"])
@pytest.mark.parametrize("chroma", ["420", "444"])
def test_truth_is_exactly_where_frames_differ(name, chroma):
    source = SyntheticSource(f"synthetic://{name}?size=320x181&frames=240&{STILL}&chroma={chroma}")
    clean = full(source.clean().planes)
    kinds = set()
    for index in range(240):
        truth = source.truth(index)
        kinds |= {t.kind for t in truth}
        different = np.abs(full(source.frame(index).planes) - clean).max(2) >= 4
        if not truth:
            assert np.count_nonzero(different) < 16
        for t in truth:
            x0, y0, x1, y1 = t.xyxy
            inside = different[y0:y1, x0:x1]
            assert np.count_nonzero(inside) >= t.area_px
            assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()  # noqa: PT018
            different[y0:y1, x0:x1] = False
        assert np.count_nonzero(different) < 16  # what is too small to be asked for
    assert {"box", "person", "ball"} <= kinds
    if name != "flat":
        assert kinds == {"box", "missing", "label", "small", "ball", "person"}


@pytest.mark.parametrize("name", ["shelf", "office"])
def test_nothing_of_a_change_lies_outside_its_rectangle(name):
    scene = import_module(f"rtdiff.sources.scene_{name}")
    size = (480, 270)
    for change in scene.changes(Brush(size)):
        pictures = []
        for state in (None, change):
            brush = Brush(size, change.rect)
            scene.draw(brush, state)
            pictures.append(brush.picture().astype(int))
        changed = np.abs(pictures[0] - pictures[1]).max(2)
        left, top, right, bottom = brush.rect
        assert left == 0 or changed[:, 0].max() <= 1, change
        assert top == 0 or changed[0].max() <= 1, change
        assert right == size[0] or changed[:, -1].max() <= 1, change
        assert bottom == size[1] or changed[-1].max() <= 1, change
        assert changed.max() > 10, change


def test_sizes_of_changes_go_from_a_thousandth_to_a_twentieth():
    source = SyntheticSource("synthetic://shelf?size=480x270&frames=300")
    areas = {}
    for first, last, _, _ in source.events:
        for t in source.truth((first + last) // 2):
            areas[t.kind] = t.area_px / (480 * 270)
    assert len(areas) == 6
    assert 0.0005 < min(areas.values()) < 0.002
    assert 0.04 < max(areas.values()) < 0.06


def test_events_agree_with_truth_and_nothing_happens_in_the_quiet_time():
    source = SyntheticSource(f"synthetic://office?{SMALL}&quiet=3&seed=3")
    assert len(source.events) == 6
    assert all(first >= 75 for first, _, _, _ in source.events)
    for index in range(200):
        now = {label for first, last, label, _ in source.events if first <= index < last}
        assert {t.label for t in source.truth(index)} <= now
    for first, last, label, around in source.events:
        boxes = [t.xyxy for i in range(first, last) for t in source.truth(i) if t.label == label]
        assert around == (*np.min(boxes, 0)[:2], *np.max(boxes, 0)[2:])
    assert source.truth(199) == ()


def test_low_contrast_under_much_noise_is_not_asked_for():
    quiet = SyntheticSource(f"synthetic://shelf?{SMALL}&noise=1")
    noisy = SyntheticSource(f"synthetic://shelf?{SMALL}&noise=12")
    kinds = [{t.kind for i in range(200) for t in source.truth(i)} for source in (quiet, noisy)]
    assert kinds[0] - kinds[1] == {"small"}


def test_static_shows_nothing():
    source = SyntheticSource(f"synthetic://static?{SMALL}&{STILL}")
    clean = source.clean()
    assert source.events == ()
    for index in (0, 60, 199):
        assert all(
            np.array_equal(a, b) for a, b in zip(source.frame(index).planes, clean.planes, strict=True)
        )


def test_noise_is_as_strong_as_asked_for_and_new_in_every_frame():
    source = SyntheticSource("synthetic://flat?size=320x240&noise=3&light=0&shake=0&objects=0")
    clean = source.clean()
    noise = [
        [f.planes[c].astype(float) - clean.planes[c] for c in range(3)] for f in map(source.frame, range(8))
    ]
    assert np.mean([n[0].std() for n in noise]) == pytest.approx(3, rel=0.03)
    assert np.mean([n[1].std() for n in noise]) == pytest.approx(1.5, rel=0.06)
    assert abs(np.mean([n[0].mean() for n in noise])) < 0.05
    assert abs(np.corrcoef(noise[0][0].ravel(), noise[1][0].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(noise[0][0].ravel(), np.roll(noise[0][0], 1, 1).ravel())[0, 1]) < 0.02


def test_light_drifts_and_the_lamp_steps_once():
    source = SyntheticSource(
        "synthetic://flat?size=64x64&noise=0&shake=0&objects=0&light=0.1&lamp=6&frames=300"
    )
    level = np.array([frame.luma.mean() for frame in source])
    assert source.lamp == 150
    assert level[0] == source.clean().luma.mean()
    steps = np.abs(np.diff(level))
    assert steps[:149].max() <= 1
    assert level[149] - level[153] == pytest.approx(128 * 0.15 - 2, abs=3)
    for index in (40, 200):
        gain, offset = source.light(index)
        assert level[index] == pytest.approx(128 * gain + offset, abs=0.51)
    assert SyntheticSource("synthetic://flat?size=64x64&lamp=none").lamp is None


def test_shake_moves_the_picture_as_told():
    source = SyntheticSource("synthetic://shelf?size=640x360&noise=0&light=0&objects=0&shake=3&frames=100")
    assert 1 < max(abs(v) for i in range(100) for v in source.shift(i)) <= 3
    for index in (20, 50, 77):
        for number, plane in enumerate(source.frame(index).planes):
            x, y = (v / (2 if number else 1) for v in source.shift(index))
            clean = source.clean().planes[number]
            away = []
            for side in (1, 0, -1):
                by = np.array([[1, 0, side * x], [0, 1, side * y]])
                moved = cv2.warpAffine(clean, by, clean.shape[::-1], flags=cv2.INTER_CUBIC)
                away.append(cv2.absdiff(moved, plane)[8:-8, 8:-8].mean())
            assert away[0] < 1
            assert away[0] < away[1] / 2 < away[2] / 2


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("synthetic://shlef", "did you mean 'shelf'"),
        ("synthetic://", "There are shelf, office, static, flat"),
        ("synthetic://shelf?sise=10x10", "did you mean 'size'"),
        ("synthetic://shelf?size=10x10", "from 16 to 4096"),
        ("synthetic://shelf?size=640", "WIDTHxHEIGHT"),
        ("synthetic://shelf?frames=0", "from 1 to"),
        ("synthetic://shelf?frames=1e3", "whole number"),
        ("synthetic://shelf?fps=1/0", "fraction such as"),
        ("synthetic://shelf?noise=nan", "levels from 0 to 20"),
        ("synthetic://shelf?noise=2,5", "levels from 0 to 20"),
        ("synthetic://shelf?noise=", "levels from 0 to 20"),
        ("synthetic://shelf?seed=-1", "whole number from 0"),
        ("synthetic://shelf?seed=1&seed=2", "stands twice"),
        ("synthetic://shelf?chroma=422", "420 or 444"),
        ("synthetic://shelf?lamp=never", "seconds, or none"),
        ("synthetic://static?objects=2", "take 'shelf'"),
        ("synthetic://shelf?frames=100&objects=20", "at most objects=3"),
        ("synthetic://shelf/photo.png", "not a synthetic scene"),
        ("synthetic://user:secret@shelf", "no scene"),
    ],
)
def test_a_wrong_address_says_what_is_allowed(uri, words):
    with pytest.raises(SettingsError) as caught:
        SyntheticSource(uri)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@given(
    st.sampled_from(("synthetic://", "synthetic://shelf?", "synthetic://shelf?noise=")), st.text(max_size=40)
)
@settings(max_examples=200, deadline=None)
def test_any_text_is_an_address_or_a_one_line_error(start, text):
    said = ""
    try:
        assert parse(start + text).name in SCENES
    except SettingsError as error:
        said = str(error)
    assert "\n" not in said


@given(st.integers(0, 2**31 - 1), st.integers(60, 20000), st.integers(0, 60))
@settings(max_examples=100, deadline=None)
def test_things_that_are_there_at_once_never_overlap(seed, frames, objects):
    try:
        options = parse(f"synthetic://shelf?frames={frames}&seed={seed}&objects={objects}")
    except SettingsError:
        assert objects > (frames - 50) // 20
        return
    first, last = options.span
    happenings = schedule(options, CHANGES)
    assert len(happenings) == objects
    for one in happenings:
        assert first <= one.first < one.last <= last
        for other in happenings:
            if one is not other and one.first < other.last and other.first < one.last:
                a, b = one.change.rect, other.change.rect
                assert a != (0, 0, 0, 0)
                assert b != (0, 0, 0, 0)
                assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]
