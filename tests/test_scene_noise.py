"""The noise of a scene: told from a pair, learned cell by cell, and never from things."""

import cv2
import numpy as np
import pytest

import rtdiff
from rtdiff.engines import make_engine
from rtdiff.noise import pair_noise
from rtdiff.records import Frame
from rtdiff.scene_noise import CHROMA, LEAST, LUMA, MOST, SceneNoise

SHAPE = 160, 208
CELLS = 20, 26
LEAVES = np.s_[16:80, 120:192]  # whole cells
STEP_NS = 40_000_000

Picture = np.ndarray


def clean(contrast: float = 30) -> Picture:
    """Return a gray scene, flat on the left, textured on the right, (160, 208) float64."""
    made = np.full(SHAPE, 110.0)
    made[:, 104:] += contrast * np.random.default_rng(5).standard_normal((SHAPE[0], 104))
    return cv2.GaussianBlur(made, (0, 0), 1.0)


def shot(scene: Picture, rng: np.random.Generator, sigma: float) -> Picture:
    return (scene + rng.normal(0, sigma, scene.shape)).round().clip(0, 255).astype(np.uint8)


def frame(*planes: Picture, most: int = 255) -> Frame:
    return Frame(planes, most, "full", "bt601", 0, 0, "test", lambda: np.zeros((1, 1, 3), np.uint8))


class Scene:
    """A scene's noise, with what feeds it."""

    def __init__(self, reference: Frame) -> None:
        self.engine = make_engine("numpy", noise=pair_noise)
        self.reference = self.engine.prepare(reference)
        self.noise = SceneNoise(reference, self.engine.cell_means(self.reference))
        self.busy = np.zeros(self.noise.mean.shape, np.bool_)
        self.time_ns = 0

    def look(self, test: Frame) -> None:
        cells = self.engine.cells(self.reference, self.engine.prepare(test))
        self.noise.look(cells, self.busy if self.busy.any() else None)

    def see(self, test: Frame) -> None:
        self.look(test)
        self.noise.learn(self.busy, self.time_ns)
        self.time_ns += STEP_NS


@pytest.mark.parametrize("sigma", [4.0, 8.0, 14.0])
def test_the_noise_of_flat_places_is_told_from_one_frame(sigma: float) -> None:
    rng, scene = np.random.default_rng(1), clean()
    told = Scene(frame(scene.round().astype(np.uint8)))
    told.see(frame(shot(scene, rng, sigma)))
    assert told.noise.noise.luma == pytest.approx(sigma, rel=0.1)
    assert told.noise.levels[0].a <= LUMA.ceiling, "more is another picture"
    assert told.noise.noise.frames == 1


def test_a_quiet_scene_has_the_least_noise() -> None:
    scene = clean().round().astype(np.uint8)
    told = Scene(frame(scene, scene[::2, ::2].copy(), scene[::2, ::2].copy()))
    for _ in range(100):
        told.see(told.reference.frame)
    told.look(told.reference.frame)
    assert [level.a for level in told.noise.levels[:-1]] == [LUMA.floor, CHROMA.floor, CHROMA.floor]
    assert (told.noise.unit[0] >= LUMA.floor).all()
    assert (told.noise.unit[1:] >= CHROMA.floor).all()
    assert (told.noise.rms == 0).all()
    assert (told.noise.mean == 0).all()


def test_noise_is_of_levels_whatever_the_depth() -> None:
    rng, scene = np.random.default_rng(1), clean()
    seen = shot(scene, rng, 8)
    still = scene.round().astype(np.uint8)
    shallow, deep = Scene(frame(still)), Scene(frame(still.astype(np.uint16) * 257, most=65535))
    shallow.see(frame(seen))
    deep.see(frame(seen.astype(np.uint16) * 257, most=65535))
    for name in ("rms", "unit", "mean", "texture"):
        np.testing.assert_allclose(
            getattr(deep.noise, name), getattr(shallow.noise, name), rtol=1e-4, atol=1e-4, err_msg=name
        )


@pytest.mark.parametrize("sides", [(8, 8), (67, 93), (1, 1), (5, 203)])
def test_cells_at_the_edge_are_of_fewer_pixels(sides: tuple[int, int]) -> None:
    """What differs by 10 everywhere has that root mean square, and mean, in every cell."""
    luma, chroma = np.full(sides, 100, np.uint8), np.full([-(-n // 2) for n in sides], 128, np.uint8)
    told = Scene(frame(luma, chroma, chroma))
    told.see(frame(luma + np.uint8(10), chroma - np.uint8(10), chroma))
    np.testing.assert_allclose(told.noise.rms[:2], 10, rtol=1e-6)
    np.testing.assert_allclose(told.noise.mean, 10, rtol=1e-6)
    assert (told.noise.rms[2] == 0).all()


def test_texture_that_moves_a_little_is_less_of_a_difference() -> None:
    scene = clean()
    told = Scene(frame(scene.round().astype(np.uint8)))
    shaken = cv2.warpAffine(scene, np.float64([[1, 0, 0.4], [0, 1, 0.2]]), SHAPE[::-1], borderMode=1)
    told.see(frame(shot(shaken, np.random.default_rng(1), 2)))
    flat, textured = told.noise.unit[0][:, :12], told.noise.unit[0][:, 14:]
    assert told.noise.levels[0].b > 0.1
    assert np.median(textured) > 1.5 * np.median(flat)


def test_a_cell_that_flutters_is_learned_and_forgotten_slowly() -> None:
    rng, scene = np.random.default_rng(1), clean()
    told = Scene(frame(scene.round().astype(np.uint8)))
    leaves = np.s_[LEAVES[0].start // 8 : LEAVES[0].stop // 8, LEAVES[1].start // 8 : LEAVES[1].stop // 8]

    def see(by: float, frames: int) -> float:
        for _ in range(frames):
            moved = scene.copy()
            moved[LEAVES] += by * rng.standard_normal(moved[LEAVES].shape)
            told.see(frame(shot(moved, rng, 3)))
        factor = told.noise.factor[0]
        assert factor.min() >= np.float32(LEAST)
        assert factor.max() <= MOST
        return float(np.median(factor[leaves]))

    first = see(60, 1)
    young = see(60, 50)
    calm = see(0, 300)
    assert young > 1.7 * first
    assert calm < young / 2
    assert see(60, 100) > 1.7 * calm


def test_nothing_is_learned_where_a_thing_is_after_the_first_two_seconds() -> None:
    rng, scene = np.random.default_rng(1), clean()
    told = Scene(frame(scene.round().astype(np.uint8)))
    for _ in range(51):  # 2 s, and what is young there is old
        told.see(frame(shot(scene, rng, 3)))
    there = np.s_[4:9, 3:8]
    told.busy[there] = True
    before = told.noise.factor.copy()
    filled = scene.copy()
    filled[32:72, 24:64] = 200
    for _ in range(100):
        told.see(frame(shot(filled, rng, 3)))
    np.testing.assert_array_equal(told.noise.factor[:, 4:9, 3:8], before[:, 4:9, 3:8])
    assert not np.array_equal(told.noise.factor[:, 12:, :], before[:, 12:, :])
    assert told.noise.levels[0].a < 3.5
    assert told.noise.rms[0][5, 5] > 80


def test_leaves_are_quiet_after_two_seconds_and_a_thing_before_them_is_found() -> None:
    """Leaves that sway by a pixel and a half, from the first frame on."""
    rng, scene = np.random.default_rng(2), clean(140)
    thing = 24, 88, 64, 136  # left, top, right, bottom

    def next_frame(filled: bool) -> Picture:
        x, y = rng.uniform(-1.5, 1.5, 2)
        swayed = cv2.warpAffine(scene, np.float64([[1, 0, x], [0, 1, y]]), SHAPE[::-1], borderMode=1)
        made = scene.copy()
        made[LEAVES] = swayed[LEAVES]
        if filled:
            made[thing[1] : thing[3], thing[0] : thing[2]] = 190
        return shot(made, rng, 2)

    with rtdiff.Differ(reference=shot(scene, rng, 0), fps=25) as differ:
        young = [differ(next_frame(False)) for _ in range(50)]
        quiet = [differ(next_frame(False)) for _ in range(75)]
        found = [differ(next_frame(True)) for _ in range(5)]
    assert sum(bool(diff.boxes) for diff in quiet) <= 1
    assert any(diff.boxes for diff in young)  # there was something to learn
    for diff in found:
        assert len(diff.boxes) == 1
        assert np.abs(np.subtract(diff.boxes[0].xyxy, thing)).max() <= 2
