"""A camera that moved: how far is told, and undone; a camera that did not is left alone."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from rtdiff.engines.pool import Pool
from rtdiff.motion import Motion, MotionEstimator
from rtdiff.records import Frame
from rtdiff.unmoving import undone, warm

STILLS = {
    "chelsea": "scikit-image/src/_skimage2/data/chelsea.png",
    "camera": "scikit-image/src/_skimage2/data/camera.png",
    "aloe": "opencv-samples/aloeL.jpg",
    "scene": "opencv-samples/box_in_scene.png",
}
MOVES = [
    (0.5, -0.3, 0, 0),
    (2.3, 1.1, 0, 0),
    (-8, 2, 0, 0),
    (5, -4, 0, 0),
    (1, 1, 0.5, 0),
    (-2, 3, -1, 0.005),
    (3, -2, 0.3, -0.01),
]
BOTH = pytest.mark.parametrize("compiled", [True, False])


def matrix_of(shape, dx, dy, degrees=0.0, zoom=0.0):
    """Return the matrix of a shift of the middle, a rotation about it and a zoom (0: none)."""
    middle = complex((shape[1] - 1) / 2, (shape[0] - 1) / 2)
    k = (1 + zoom) * np.exp(1j * np.radians(degrees)) - 1
    t = complex(dx, dy) - k * middle
    return np.array([[1 + k.real, -k.imag, t.real], [k.imag, 1 + k.real, t.imag]])


def seen(picture, matrix):
    """Return a picture as a camera that moved sees it."""
    size = picture.shape[1], picture.shape[0]
    return cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101)


def spoiled(picture, rng, noise=0.0, gain=1.0, offset=0.0, jpeg=None):
    """Return a picture with noise, in another light, saved as JPEG."""
    out = picture * gain + offset + rng.normal(0, noise, picture.shape)
    out = np.clip(np.rint(out), 0, 255).astype(np.uint8)
    return (
        out
        if jpeg is None
        else cv2.imdecode(cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, jpeg])[1], 0)
    )


def miss(shape, matrix, motion):
    """Return how far a corner is from where it should be, pixels."""
    height, width = shape
    corners = np.array([[0, 0, 1], [width - 1, 0, 1], [0, height - 1, 1], [width - 1, height - 1, 1]]).T
    told = np.eye(2, 3) if motion is None else motion.matrix
    return np.hypot(*((matrix - told) @ corners)).max()


def read(data: Path, name: str):
    """Return one of the stills, gray."""
    picture = cv2.imread(str(data / STILLS[name]), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture


def scene(shape=(240, 320), seed=0):
    """Return a picture of blobs of every size."""
    rng = np.random.default_rng(seed)
    out = np.zeros(shape)
    for cell in (3, 6, 12, 40):
        small = rng.normal(0, 1, (shape[0] // cell + 2, shape[1] // cell + 2))
        out += cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.clip(128 + 30 * out, 0, 255).astype(np.uint8)


def frame(*planes, data_range=255):
    """Return a frame of planes."""
    grey = (planes[0] >> (int(data_range).bit_length() - 8)).astype(np.uint8)
    return Frame(planes, data_range, "full", "bt601", 0, 0, "test", lambda: cv2.merge([grey] * 3))


@pytest.mark.parametrize("name", STILLS)
@BOTH
def test_moves_of_real_pictures_are_found(data: Path, name: str, compiled: bool) -> None:
    picture = read(data, name)
    rng = np.random.default_rng(0)
    for move in MOVES:
        estimator = MotionEstimator(picture, 255, compiled=compiled)
        matrix = matrix_of(picture.shape, *move)
        motion = estimator.estimate(spoiled(seen(picture, matrix), rng, noise=2))
        assert miss(picture.shape, matrix, motion) < 0.1, move


@pytest.mark.parametrize("name", STILLS)
@pytest.mark.parametrize("gain", [0.8, 1.25])
def test_moves_are_found_in_noise_other_light_and_jpeg(data: Path, name: str, gain: float) -> None:
    picture = read(data, name)
    rng = np.random.default_rng(1)
    estimator = MotionEstimator(spoiled(picture, rng, noise=8), 255)
    for move in MOVES[1:]:
        matrix = matrix_of(picture.shape, *move)
        test = spoiled(seen(picture, matrix), rng, noise=8, gain=gain, offset=-10, jpeg=70)
        assert miss(picture.shape, matrix, estimator.estimate(test)) < 0.35, move


@pytest.mark.parametrize("name", STILLS)
def test_what_covers_a_third_of_the_picture_is_not_believed(data: Path, name: str) -> None:
    picture, other = read(data, name), scene((1200, 1400), seed=5)
    height, width = picture.shape
    for move in MOVES:
        matrix = matrix_of(picture.shape, *move)
        test = seen(picture, matrix)
        test[height // 5 : height // 5 + height * 6 // 10, : width * 55 // 100] = other[
            : height * 6 // 10, : width * 55 // 100
        ]
        motion = MotionEstimator(picture, 255).estimate(test)
        assert motion is None or miss(picture.shape, matrix, motion) < 0.2, move
        assert motion is not None or name != "aloe", move


@pytest.mark.parametrize("name", STILLS)
def test_a_camera_that_stands_still_has_not_moved(data: Path, name: str) -> None:
    picture = read(data, name)
    rng = np.random.default_rng(2)
    estimator = MotionEstimator(picture, 255)
    for noise, jpeg in ((0, None), (2, None), (8, None), (3, 70), (8, 70)):
        assert estimator.estimate(spoiled(picture, rng, noise=noise, gain=1.1, jpeg=jpeg)) is None


def test_traffic_before_a_camera_that_stands_still_is_no_movement(data: Path) -> None:
    video = cv2.VideoCapture(str(data / "opencv-samples" / "vtest.avi"))
    frames = [cv2.cvtColor(video.read()[1], cv2.COLOR_BGR2GRAY) for _ in range(200)]
    estimator = MotionEstimator(np.median(frames[::10], axis=0).astype(np.uint8), 255)
    assert [estimator.estimate(one) for one in frames] == [None] * len(frames)


def test_a_road_with_waving_trees_hardly_moves(data: Path) -> None:
    paths = sorted((data / "cdnet-highway" / "input").iterdir())
    frames = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths]
    estimator = MotionEstimator(np.median(frames[::10], axis=0).astype(np.uint8), 255)
    told = [motion for motion in map(estimator.estimate, frames) if motion is not None]
    assert len(told) < 0.06 * len(frames)  # its first seconds are really a quarter of a pixel off
    assert all(miss(frames[0].shape, np.eye(2, 3), motion) < 0.5 for motion in told)


@BOTH
def test_a_large_thing_that_moves_does_not_move_the_camera(compiled: bool) -> None:
    picture, thing = scene(), scene(seed=9)
    reference, test = picture.copy(), picture.copy()
    reference[60:200, 60:220] = thing[60:200, 60:220]
    test[60:200, 64:224] = thing[60:200, 60:220]
    assert MotionEstimator(reference, 255, compiled=compiled).estimate(test) is None
    assert MotionEstimator(picture, 255, compiled=compiled).estimate(test) is None


@pytest.mark.parametrize("by", [(0.6, 0.4), (3, -2), (6, 5)])
@pytest.mark.parametrize("name", STILLS)
def test_nor_does_one_that_holds_more_than_half_of_the_texture(
    data: Path, name: str, by: tuple[float, float]
) -> None:
    picture = cv2.resize(
        read(data, "aloe" if name != "aloe" else "scene"), (640, 480), interpolation=cv2.INTER_AREA
    )
    thing = cv2.resize(read(data, name), (640, 480), interpolation=cv2.INTER_AREA)[:310, :400]
    reference, test = picture.copy(), picture.copy()
    reference[80:390, 120:520] = thing
    place = np.array([[1.0, 0, 120 + by[0]], [0, 1, 80 + by[1]]])
    cv2.warpAffine(
        thing, place, (640, 480), dst=test, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_TRANSPARENT
    )
    rng = np.random.default_rng(8)
    assert MotionEstimator(reference, 255).estimate(spoiled(test, rng, noise=3)) is None


def test_one_thing_on_a_plain_wall_is_a_thing_and_not_the_camera() -> None:
    reference = np.full((240, 320), 128, np.uint8)
    test = reference.copy()
    reference[40:120, 40:140] = scene()[40:120, 40:140]
    test[42:122, 43:143] = reference[40:120, 40:140]
    assert MotionEstimator(reference, 255).estimate(test) is None


@BOTH
def test_what_cannot_be_told_is_no_movement(compiled: bool) -> None:
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:240, :320]
    flat = np.full((240, 320), 100, np.uint8)
    noise = rng.integers(0, 256, (240, 320), np.uint8)
    checks = np.where((x // 8 + y // 8) % 2, 200, 50).astype(np.uint8)
    stripes = np.where(x // 20 % 2, 200, 50).astype(np.uint8)
    for picture, test in (
        (flat, flat),
        (noise, noise[::-1].copy()),
        (checks, np.roll(checks, 5, 1)),
        (stripes, np.roll(stripes, 3, 0)),
    ):
        assert MotionEstimator(picture, 255, compiled=compiled).estimate(test) is None
    picture = scene()
    assert MotionEstimator(picture, 255, compiled=compiled).estimate(scene(seed=1)) is None
    assert MotionEstimator(picture, 255, compiled=compiled).estimate(flat) is None


@BOTH
def test_tiny_pictures_have_not_moved(compiled: bool) -> None:
    rng = np.random.default_rng(4)
    for height in (1, 2, 7, 8, 15, 16, 17, 24, 31, 33):
        for width in (1, 9, 16, 31):
            picture = rng.integers(0, 256, (height, width), np.uint8)
            changed = np.zeros((-(-height // 8), -(-width // 8)), np.uint8)
            assert MotionEstimator(picture, 255, compiled=compiled).estimate(picture, changed) is None


@pytest.mark.parametrize("data_range", [1023, 4095, 65535])
@BOTH
def test_deep_strided_and_read_only_planes(data_range: int, compiled: bool) -> None:
    picture = scene()
    matrix = matrix_of(picture.shape, 2.4, -1.2)
    deep = [
        (plane.astype(np.float64) * data_range / 255).astype(np.uint16)
        for plane in (picture, seen(picture, matrix))
    ]
    wide = [np.pad(plane, ((0, 0), (3, 13)))[:, 3:-13] for plane in deep]
    for plane in wide:
        plane.flags.writeable = False
    motion = MotionEstimator(wide[0], data_range, compiled=compiled).estimate(wide[1])
    assert motion is not None
    assert miss(picture.shape, matrix, motion) < 0.1
    back = undone(
        frame(wide[0], data_range=data_range),
        frame(wide[1], data_range=data_range),
        motion,
        compiled=compiled,
    )
    inner = slice(8, -8), slice(8, -8)
    assert np.abs(back.luma[inner].astype(int) - deep[0][inner]).mean() < 0.01 * data_range


def test_both_ways_of_looking_agree() -> None:
    picture = scene((480, 640))
    for move in MOVES:
        test = seen(picture, matrix_of(picture.shape, *move))
        first, second = (MotionEstimator(picture, 255, compiled=way).estimate(test) for way in (True, False))
        assert first is not None
        assert second is not None
        assert np.allclose(first.matrix, second.matrix, atol=1e-3, rtol=0)


def test_the_same_frames_give_the_same_answers() -> None:
    picture = scene()
    rng = np.random.default_rng(5)
    tests = [spoiled(seen(picture, matrix_of(picture.shape, *move)), rng, noise=4) for move in MOVES]
    first, second = (
        [estimator.estimate(test) for test in tests]
        for estimator in (MotionEstimator(picture, 255), MotionEstimator(picture, 255))
    )
    assert all(
        np.array_equal(a.matrix, b.matrix) for a, b in zip(first, second, strict=True) if a is not None
    )


def test_an_answer_is_steady() -> None:
    picture = scene((480, 640))
    rng = np.random.default_rng(6)
    for dx in (0.08, 0.1, 0.12, 0.3, 1.5):
        estimator = MotionEstimator(picture, 255)
        moved = seen(picture, matrix_of(picture.shape, dx, 0))
        told = [estimator.estimate(spoiled(moved, rng, noise=4)) for _ in range(40)]
        kinds = [motion is None for motion in told]
        assert sum(a != b for a, b in pairwise(kinds)) <= 1
        assert len({motion.matrix.tobytes() for motion in told if motion is not None}) <= 2


def test_changed_cells_are_left_out_unless_too_little_is_left() -> None:
    picture, other = scene(), scene(seed=7)
    test = picture.copy()
    test[:, :150] = np.roll(picture, 3, 1)[:, :150]  # as if something large moved there
    test[100:, 150:] = other[100:, 150:]
    changed = np.zeros((30, 40), np.uint8)
    changed[:, :19] = 255
    assert MotionEstimator(picture, 255).estimate(test, changed) is None
    everything = np.full((30, 40), 255, np.uint8)
    moved = seen(picture, matrix_of(picture.shape, 3, 2))
    motion = MotionEstimator(picture, 255).estimate(moved, everything)
    assert motion is not None
    assert miss(picture.shape, matrix_of(picture.shape, 3, 2), motion) < 0.05


def test_a_motion_says_what_it_is() -> None:
    motion = Motion(matrix_of((240, 320), 1.5, -2.5, 0.5, 0.004), (320, 240))
    assert motion.shift == pytest.approx((1.5, -2.5))
    assert motion.rotation == pytest.approx(0.5)
    assert motion.zoom == pytest.approx(1.004)


@pytest.mark.parametrize("move", MOVES)
@BOTH
def test_undone_it_is_the_reference_again(data: Path, move: tuple[float, ...], compiled: bool) -> None:
    picture = read(data, "aloe")
    chroma = cv2.resize(picture, (picture.shape[1] // 2, picture.shape[0] // 2), interpolation=cv2.INTER_AREA)
    matrix = matrix_of(picture.shape, *move)
    half = matrix_of(chroma.shape, move[0] / 2, move[1] / 2, *move[2:])
    reference = frame(picture, chroma, chroma)
    test = frame(seen(picture, matrix), seen(chroma, half), seen(chroma, half))
    motion = Motion(matrix, (picture.shape[1], picture.shape[0]))
    back = undone(reference, test, motion, Pool().take, compiled=compiled)
    for plane, original, before in zip(back.planes, reference.planes, test.planes, strict=True):
        left = np.square(plane.astype(float) - original).mean()
        assert left < 0.2 * np.square(before.astype(float) - original).mean()
        assert left < 13  # of the half-size chroma, which is sharper than a camera's
    (told,) = back.corrections
    assert (told.kind, told.side, told.before[:2]) == (
        "shift",
        "test",
        [pytest.approx(move[0]), pytest.approx(move[1])],
    )
    assert len(told.before) == len(told.after) == (4 if move[2] or move[3] else 2)
    left = np.abs(back.picture().astype(float) - reference.picture()).mean()
    assert left < 0.3 * np.abs(test.picture().astype(float) - reference.picture()).mean()


@BOTH
def test_what_the_test_does_not_show_is_the_reference(compiled: bool) -> None:
    reference, test = np.full((60, 80), 50, np.uint8), np.full((60, 80), 200, np.uint8)
    back = undone(
        frame(reference), frame(test), Motion(matrix_of((60, 80), 5, -4), (80, 60)), compiled=compiled
    )
    expected = np.full((60, 80), 50, np.uint8)
    expected[4:, :75] = 200
    assert np.array_equal(back.luma, expected)


@pytest.mark.parametrize("move", [(2.4, -1.3, 0.7, 0.004), (-3.2, 2.5, -1, -0.01), (0.3, 0.4, 0, 0)])
def test_exactly_what_the_test_shows_is_taken(move: tuple[float, ...]) -> None:
    shape = 90, 140
    matrix = matrix_of(shape, *move)
    reference, test = np.full(shape, 50, np.uint8), np.full(shape, 200, np.uint8)
    back = undone(frame(reference), frame(test), Motion(matrix, (140, 90)))
    y, x = np.mgrid[:90, :140]
    u, v = np.einsum("ij,jyx->iyx", matrix, np.stack([x, y, np.ones(shape)]))
    inside = (u >= 0) & (u <= 139) & (v >= 0) & (v <= 89)
    assert np.array_equal(back.luma, np.where(inside, 200, 50))


def test_rows_may_be_done_in_bands_into_buffers_used_again() -> None:
    picture = scene()
    matrix = matrix_of(picture.shape, 1.3, 0.6, 0.4)
    pair = frame(picture), frame(seen(picture, matrix))
    motion = Motion(matrix, (320, 240))
    pool = Pool()

    def bands(height, job):
        for band, start in enumerate(range(0, height, 50)):
            job(band, start, min(start + 50, height))

    whole = undone(*pair, motion).luma
    memory = set()
    for _ in range(3):
        luma = undone(*pair, motion, pool.take, bands).luma
        assert np.array_equal(luma, whole)
        memory.add(luma.ctypes.data)
        del luma
    assert len(memory) == 1


@pytest.mark.parametrize("data_range", [255, 1023])
def test_what_is_warm_is_compiled_once(data_range: int) -> None:
    loops = pytest.importorskip("rtdiff.engines.motion_kernels", reason="Numba is not installed")
    warm()
    before = [len(loop.signatures) for loop in (loops.look, loops.match, loops.warp)]
    dtype = np.uint8 if data_range == 255 else np.uint16
    picture = scene().astype(dtype)
    matrix = matrix_of(picture.shape, 4.4, -3.2, 0.3)
    moved = seen(picture, matrix)
    motion = MotionEstimator(picture, data_range).estimate(moved)
    assert motion is not None
    undone(frame(picture, data_range=data_range), frame(moved, data_range=data_range), motion, Pool().take)
    assert [len(loop.signatures) for loop in (loops.look, loops.match, loops.warp)] == before
