"""A watched scene, seen again by another camera setting: what is no thing is quiet, what is one is boxed."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

import rtdiff
from rtdiff.evaluation.cases import Found
from rtdiff.evaluation.cdnet import read
from rtdiff.evaluation.footage import Footage, read_levels
from rtdiff.evaluation.scores import judge_mask, truth_of
from rtdiff.records import Diff, Frame

SIZE, MARGIN = (480, 270), 16
REAL = (
    "opencv-samples/aloeL.jpg",
    "opencv-samples/box_in_scene.png",
    "scikit-image/src/_skimage2/data/chelsea.png",
)
DRAWN = "synthetic://shelf?size=512x302&frames=1&noise=0&shake=0&light=0"
THING = 301, 97, 349, 151  # left, top, right, bottom: half-open

Picture = np.ndarray


@cache
def picture(path: str) -> Picture:
    """Return a place that is larger than what is seen of it, (302, 512, 3)."""
    if "://" in path:
        with rtdiff.open_source(path) as source:
            return next(iter(source)).picture().copy()
    made = cv2.imread(path)
    assert made is not None
    width, height = SIZE[0] + 2 * MARGIN, SIZE[1] + 2 * MARGIN
    scale = max(width / made.shape[1], height / made.shape[0])
    large = cv2.resize(made, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else 2)
    return large[:height, :width]


@pytest.fixture(params=[*REAL, DRAWN], ids=lambda name: Path(name.partition("?")[0]).stem)
def wide(request: pytest.FixtureRequest) -> Picture:
    if "://" in request.param:
        return picture(request.param)
    return picture(str(request.getfixturevalue("data") / request.param))


def with_thing(wide: Picture) -> Picture:
    """Return the place with a flat thing, far from the colours behind it, with a little of them."""
    left, top, right, bottom = (n + MARGIN for n in THING)
    made = wide.copy()
    behind = wide[top:bottom, left:right].astype(np.float32)
    made[top:bottom, left:right] = np.where(behind.mean(axis=(0, 1)) > 128, 40, 215) + 0.1 * behind
    return made


def seen(
    wide: Picture,
    rng: np.random.Generator,
    by: tuple[float, float] = (0, 0),
    degrees: float = 0,
    gain: float = 1,
    gamma: float = 1,
    sigma: float = 2,
    quality: int | None = None,
) -> Picture:
    """Return the middle of a place as it looks with another setting of the camera."""
    height, width = wide.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    matrix[:, 2] += by
    if any(by) or degrees:
        wide = cv2.warpAffine(wide, matrix, (width, height), flags=cv2.INTER_CUBIC)
    levels = wide[MARGIN:-MARGIN, MARGIN:-MARGIN][: SIZE[1], : SIZE[0]].astype(np.float64)
    levels = 255 * (levels * gain / 255).clip(0, 1) ** gamma + rng.normal(0, sigma, levels.shape)
    made = levels.round().clip(0, 255).astype(np.uint8)
    if quality is None:
        return made
    return cv2.imdecode(cv2.imencode(".jpg", made, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


SETTINGS = {
    "JPEG 70": (partial(seen, sigma=0, quality=70), set()),
    "noise 8": (partial(seen, sigma=8), set()),
    "gain 0.8": (partial(seen, gain=0.8), {"light"}),
    "gain 1.25": (partial(seen, gain=1.25), {"light"}),
    "gamma 0.8": (partial(seen, gamma=0.8), {"light"}),
    "shift 3": (partial(seen, by=(3, 0)), {"shift"}),
    "turn 0.5": (partial(seen, degrees=0.5), {"shift"}),
    "all": (partial(seen, by=(1.3, 2.2), degrees=-0.3, gain=1.15, sigma=4, quality=80), {"light", "shift"}),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_another_setting_is_told_and_is_no_thing_and_a_thing_in_it_is(wide: Picture, setting: str) -> None:
    make, kinds = SETTINGS[setting]
    rng = np.random.default_rng(3)
    filled = with_thing(wide)
    with rtdiff.Differ(reference=seen(wide, rng, sigma=0), fps=25, threads=2) as differ:
        quiet = [differ(make(wide, rng)) for _ in range(3)]
        later = differ(make(filled, rng))
        differ.reset()
        at_once = differ(make(filled, rng))
    for diff in quiet:
        assert [box.xyxy for box in diff.boxes] == []
        assert not diff.mask.any()
        assert diff.same
        assert {told.kind for told in diff.corrections} == kinds
    within = 3 if make.keywords.get("quality") else 2  # a block of a JPEG shows a little of what is in it
    for diff in (later, at_once):
        assert len(diff.boxes) == 1
        assert np.abs(np.subtract(diff.boxes[0].xyxy, THING)).max() <= within
        assert not diff.same
        assert {told.kind for told in diff.corrections} == kinds


def test_what_was_undone_is_told_with_its_size() -> None:
    wide, rng = picture(DRAWN), np.random.default_rng(3)
    with rtdiff.Differ(reference=seen(wide, rng, sigma=0), fps=25) as differ:
        diff = differ(seen(wide, rng, by=(3, -2)))
        (told,) = diff.corrections
        assert told.kind == "shift"
        assert told.side == "test"
        assert differ(seen(wide, rng)).corrections == ()  # nothing of it stays for the next frame


@pytest.fixture(scope="module")
def road(data: Path) -> tuple[Footage, Frame]:
    """Return the frames of a road, and the median of those before the first one with truth."""
    footage = Footage(read(data / "cdnet-highway", "highway"), Fraction(25))
    return footage, footage.reference()


def test_a_road_is_told_pixel_by_pixel(road: tuple[Footage, Frame], data: Path) -> None:
    footage, reference = road
    scene = read(data / "cdnet-highway", "highway")
    region = None if scene.region is None else read_levels(scene.region)
    total, frames = np.zeros(3), 0
    with rtdiff.Differ(reference=reference) as differ:
        for number, frame in footage.evaluated():
            diff = differ(frame)
            truth = truth_of(read_levels(scene.truth[number], frame.size_wh), region)
            found = Found(diff.mask, tuple(box.xyxy for box in diff.boxes))
            counts = judge_mask(truth, found, 0.33).counts["pixels"]
            total += counts.right, counts.false, counts.missed
            frames += 1
    right, false, missed = total
    assert frames == 300
    assert 2 * right / (2 * right + false + missed) >= 0.955


def street(data: Path) -> Iterator[Picture]:
    with rtdiff.open_source(data / "opencv-samples/vtest.avi") as source:
        for frame in islice(source, 0, 120, 12):
            yield frame.picture().copy()


def looked(engine: str, reference: object, frames: list, **options: object) -> list[Diff]:
    with rtdiff.Differ(reference=reference, engine=engine, fps=25, **options) as differ:
        assert differ.engine == engine
        return [_held(differ(frame)) for frame in frames]


def _held(diff: Diff) -> Diff:
    """Return a result with its mask as it is now: buffers are used again."""
    mask = diff.mask.copy()
    return replace(diff, _mask=lambda: mask)


def assert_alike(first: list[Diff], second: list[Diff]) -> None:
    for one, other in zip(first, second, strict=True):
        assert [(b.id, b.xyxy, b.area_px, b.max_diff) for b in one.boxes] == [
            (b.id, b.xyxy, b.area_px, b.max_diff) for b in other.boxes
        ]
        np.testing.assert_array_equal(one.mask, other.mask)
        assert one.score == pytest.approx(other.score, abs=1e-6)
        assert [told.kind for told in one.corrections] == [told.kind for told in other.corrections]


def test_engines_agree_on_a_road(road: tuple[Footage, Frame]) -> None:
    footage, reference = road
    frames = [frame.copy() for _, frame in islice(footage.evaluated(), 0, 120, 24)]
    found = looked("numba", reference, frames)
    assert sum(len(diff.boxes) for diff in found) >= 5
    assert_alike(found, looked("numpy", reference, frames))


def test_engines_agree_on_a_street(data: Path) -> None:
    frames = list(street(data))
    reference = np.median(np.stack(frames), axis=0).astype(np.uint8)
    found = looked("numba", reference, frames[:4])
    assert all(diff.boxes for diff in found)
    assert_alike(found, looked("numpy", reference, frames[:4]))


def odd(shape: tuple[int, ...], kind: type = np.uint8, most: int = 255) -> tuple[np.ndarray, np.ndarray]:
    """Return a noisy picture, and the same with a bright upper left quarter."""
    rng = np.random.default_rng(5)
    first = (rng.integers(90, 110, shape) / 255 * most).astype(kind)
    second = first.copy()
    second[: -(-shape[0] // 2), : -(-shape[1] // 2)] = int(0.9 * most)
    if len(shape) == 3 and shape[2] == 4:
        first[..., 3], second[..., 3] = most, most
        first[0, 0, 3], second[0, 0, 3] = most // 2, most // 2  # wholly opaque pictures have three planes
    return first, second


ODD = {
    "one pixel": (odd((1, 1)), {}),
    "one colour": (odd((1, 1, 3)), {}),
    "5x3": (odd((3, 5)), {}),
    "one row": (odd((1, 200)), {}),
    "one column": (odd((200, 1)), {}),
    "16x15": (odd((15, 16)), {}),
    "odd": (odd((67, 93, 3)), {}),
    "16 bit": (odd((67, 93, 3), np.uint16, 65535), {"data_range": 65535}),
    "10 bit": (odd((40, 50), np.uint16, 1023), {"data_range": 1023}),
    "alpha": (odd((67, 93, 4)), {}),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_pictures_are_compared_by_all_engines(name: str) -> None:
    (first, second), options = ODD[name]
    frames = [first, second, second, first]
    found = looked("numpy", first, frames, min_area="1px", min_side=1, **options)
    assert [len(diff.boxes) for diff in found] == [0, 1, 1, 0]
    right, bottom = -(-first.shape[1] // 2), -(-first.shape[0] // 2)
    assert np.abs(np.subtract(found[1].boxes[0].xyxy, (0, 0, right, bottom))).max() <= 2
    assert found[0].identical
    assert_alike(found, looked("numba", first, frames, min_area="1px", min_side=1, **options))


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_ignored_parts_stay_empty(engine: str) -> None:
    wide, rng = picture(DRAWN), np.random.default_rng(3)
    left, top, right, bottom = THING
    middle = (left + right) // 2
    reference, test = seen(wide, rng, sigma=0), seen(with_thing(wide), rng, by=(1.4, 0), gain=0.9)
    options = {"zone": [f"all=0:0-{SIZE[0]}:{SIZE[1]}"], "ignore_region": [f"{middle}:0-{SIZE[0]}:{SIZE[1]}"]}
    (diff,) = looked(engine, reference, [test], **options)
    assert not diff.mask[:, middle:].any()
    assert len(diff.boxes) == 1
    assert np.abs(np.subtract(diff.boxes[0].xyxy, (left, top, middle, bottom))).max() <= 2
    assert diff.boxes[0].zone == "all"
    assert diff.boxes[0].area_px == np.count_nonzero(diff.mask)
    assert diff.zones["all"].changed_fraction == diff.changed_fraction


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_strict_counts_every_sample(engine: str) -> None:
    rng = np.random.default_rng(4)
    first = rng.integers(0, 255, (61, 83)).astype(np.uint8)
    second = np.where(rng.random(first.shape) < 0.1, first + 1, first).astype(np.uint8)
    (strict,) = looked(engine, first, [second], strict=True, min_area="1px", min_side=1)
    np.testing.assert_array_equal(strict.mask != 0, first != second)
    assert strict.corrections == ()
    (steady,) = looked(engine, first, [second], min_area="1px", min_side=1)
    assert not steady.mask.any()


def test_a_reference_of_another_size_is_scaled() -> None:
    wide, rng = picture(DRAWN), np.random.default_rng(3)
    large = cv2.resize(seen(wide, rng, sigma=0), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    quiet, filled = looked("numpy", large, [seen(wide, rng), seen(with_thing(wide), rng)])
    assert "scale" in {told.kind for told in quiet.corrections}
    assert quiet.same
    assert len(filled.boxes) == 1
    assert np.abs(np.subtract(filled.boxes[0].xyxy, THING)).max() <= 2


def test_a_watch_that_starts_again_knows_nothing_of_before() -> None:
    wide = picture(DRAWN)
    rng = np.random.default_rng(3)
    frames = [seen(with_thing(wide), rng, sigma=sigma) for sigma in (2, 9, 9, 2)]
    with rtdiff.Differ(reference=seen(wide, rng, sigma=0), fps=25) as differ:
        first = [_held(differ(frame)) for frame in frames]
        differ.reset()
        again = [_held(differ(frame)) for frame in frames]
    assert [diff.noise_frames for diff in again] == [diff.noise_frames for diff in first]
    assert [diff.noise_levels for diff in again] == [diff.noise_levels for diff in first]
    assert first[3].noise_levels > first[0].noise_levels  # it does learn
    assert_alike(first, again)


KINDS = {
    "gray": (lambda made: made[..., 1], {}),
    "16 bit": (lambda made: made.astype(np.uint16) * 257, {"data_range": 65535}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_movement_and_light_are_undone_in_every_kind_of_picture(kind: str) -> None:
    make, options = KINDS[kind]
    wide, rng = picture(DRAWN), np.random.default_rng(3)
    reference = make(seen(wide, rng, sigma=0))
    frames = [make(seen(w, rng, by=(1.3, 2.2), gain=0.85)) for w in (wide, with_thing(wide))]
    for engine in ("numba", "numpy"):
        found = looked(engine, reference, frames, threads=2, **options)
        for diff in found:
            assert {told.kind for told in diff.corrections} == {"light", "shift"}
        assert found[0].boxes == ()
        assert len(found[1].boxes) == 1
        assert np.abs(np.subtract(found[1].boxes[0].xyxy, THING)).max() <= 2
        assert_alike(found, looked(engine, reference, frames, threads=1, **options))


def test_what_was_blown_out_may_be_any_brighter_when_the_light_falls() -> None:
    """At first tiles are clipped at 255; in less light they show their true 245, not 255 times the gain."""
    rng = np.random.default_rng(4)
    scene = cv2.resize(rng.uniform(30, 170, (34, 60)), SIZE, interpolation=cv2.INTER_CUBIC)
    for top in range(10, 250, 60):
        for left in range(10, 450, 70):
            scene[top : top + 20, left : left + 24] = 245
    bright = np.clip(scene * 1.5, 0, 255).round().astype(np.uint8)
    with rtdiff.Differ(reference=bright, fps=25) as differ:
        for _ in range(5):
            diff = differ((scene + rng.normal(0, 1.5, scene.shape)).round().clip(0, 255).astype(np.uint8))
    lights = [one.after["gain"] for one in diff.corrections if one.kind == "light"]
    assert lights == pytest.approx([1 / 1.5], abs=0.03)
    assert not diff.boxes
    dark = scene.copy()
    dark[80:120, 140:200] = 20
    with rtdiff.Differ(reference=bright, fps=25) as differ:
        diff = differ(dark.round().clip(0, 255).astype(np.uint8))
    assert len(diff.boxes) == 1
    assert np.abs(np.subtract(diff.boxes[0].xyxy, (140, 80, 200, 120))).max() <= 2


def test_what_is_ignored_does_not_say_what_the_light_is() -> None:
    rng = np.random.default_rng(4)
    scene = cv2.resize(rng.uniform(40, 200, (34, 60)), SIZE, interpolation=cv2.INTER_CUBIC)
    dimmed = scene.copy()
    dimmed[:, :352] *= 0.6
    mask = np.ones(scene.shape, np.uint8)
    mask[:, :352] = 0
    with rtdiff.Differ(reference=scene.round().clip(0, 255).astype(np.uint8), mask=mask, fps=25) as differ:
        for _ in range(5):
            diff = differ((dimmed + rng.normal(0, 1.5, scene.shape)).round().clip(0, 255).astype(np.uint8))
    assert not diff.boxes
    assert "light" not in [one.kind for one in diff.corrections]


def test_pictures_that_carry_no_time_come_at_the_rate_that_is_said() -> None:
    from PIL import Image

    rng = np.random.default_rng(4)
    frames = [Image.fromarray(rng.integers(100, 110, (60, 80), np.uint8)) for _ in range(30)]
    with rtdiff.Differ(reference="median:1s", fps=10) as differ:
        found = [differ(one) for one in frames]
    assert [diff is None for diff in found] == [True] * 10 + [False] * 20
    assert found[-1].test.time_ns == 2_900_000_000
