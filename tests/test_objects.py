"""What of the differences is a thing: whole, filled, faint or not, for as long as it is there."""

import cv2
import numpy as np
import pytest

import rtdiff
from rtdiff.engines import make_engine
from rtdiff.engines.tiles import masked
from rtdiff.noise import pair_noise
from rtdiff.objects import closed, filled
from rtdiff.records import Diff, Frame
from rtdiff.scratch import Scratch

SHAPE = 240, 320
THING = 120, 80, 184, 136  # left, top, right, bottom: half-open

Picture = np.ndarray


def ground(level: float = 110, contrast: float = 25) -> Picture:
    """Return a gray ground of soft spots, (240, 320) float64."""
    spots = np.random.default_rng(7).normal(0, 1, (30, 40))
    wide = cv2.resize(spots, SHAPE[::-1], interpolation=cv2.INTER_CUBIC)
    return level + contrast * wide


def shot(clean: Picture, rng: np.random.Generator, sigma: float = 2) -> Picture:
    return (clean + rng.normal(0, sigma, clean.shape)).round().clip(0, 255).astype(np.uint8)


def put(clean: Picture, xyxy: tuple[int, int, int, int], level: float) -> Picture:
    """Return a scene with a flat thing in it."""
    made = clean.copy()
    made[xyxy[1] : xyxy[3], xyxy[0] : xyxy[2]] = level
    return made


def away(diff: Diff, xyxy: tuple[int, int, int, int]) -> int:
    """Return by how much the edges of the only box are off, pixels."""
    assert len(diff.boxes) == 1
    return int(np.abs(np.subtract(diff.boxes[0].xyxy, xyxy)).max())


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_thing_whose_middle_looks_like_the_ground_is_filled(engine: str) -> None:
    rng, clean = np.random.default_rng(1), ground()
    frame = put(clean, THING, 210)
    left, top, right, bottom = (n + by for n, by in zip(THING, (6, 6, -6, -6), strict=True))
    frame[top:bottom, left:right] = clean[top:bottom, left:right]
    with rtdiff.Differ(reference=shot(clean, rng, 0), fps=25, engine=engine) as differ:
        diff = differ(shot(frame, rng))
    assert away(diff, THING) <= 2
    assert diff.mask[top:bottom, left:right].all()
    assert diff.boxes[0].area_px == np.count_nonzero(diff.mask)


def test_a_gap_between_things_is_not_filled() -> None:
    rng, clean = np.random.default_rng(1), ground()
    one, other = (40, 80, 90, 136), (140, 80, 190, 136)
    with rtdiff.Differ(reference=shot(clean, rng, 0), fps=25) as differ:
        diff = differ(shot(put(put(clean, one, 210), other, 20), rng))
    assert sorted(box.xyxy[0] // 50 for box in diff.boxes) == [0, 2]
    assert not diff.mask[:, 95:135].any()


def test_a_thing_that_stays_is_never_learned() -> None:
    rng, clean = np.random.default_rng(2), ground()
    with rtdiff.Differ(reference=shot(clean, rng, 0), fps=1 / 60) as differ:  # five hours
        quiet = differ(shot(clean, rng))
        found = [differ(shot(put(clean, THING, 175), rng)) for _ in range(300)]
        gone = differ(shot(clean, rng))
    assert quiet.same
    assert {box.id for diff in found for box in diff.boxes} == {1}
    assert max(away(diff, THING) for diff in found) <= 2
    assert np.ptp([diff.boxes[0].area_px for diff in found]) <= 0.03 * found[0].boxes[0].area_px
    assert gone.same


def test_a_thing_that_is_there_from_the_first_frame_is_never_learned() -> None:
    rng, clean = np.random.default_rng(2), ground()
    with rtdiff.Differ(reference=shot(clean, rng, 0), fps=25) as differ:
        found = [differ(shot(put(clean, THING, 175), rng)) for _ in range(150)]
    assert max(away(diff, THING) for diff in found) <= 2


@pytest.mark.parametrize("by", [15, -15])
def test_a_faint_thing_is_boxed(by: float) -> None:
    """Fifteen levels, a thousandth of the picture, at a noise of three."""
    rng = np.random.default_rng(3)
    clean = cv2.resize(ground(), (640, 480), interpolation=cv2.INTER_CUBIC)
    left, top, side = 402, 203, round((640 * 480 / 1000) ** 0.5)
    frame = clean.copy()
    frame[top : top + side, left : left + side] += by
    with rtdiff.Differ(reference=shot(clean, rng, 0), fps=25) as differ:
        quiet = [differ(shot(clean, rng, 3)) for _ in range(8)]
        found = [differ(shot(frame, rng, 3)) for _ in range(4)]
    assert all(diff.same for diff in quiet)
    for diff in found:
        assert away(diff, (left, top, left + side, top + side)) <= 5


def test_things_keep_their_ids() -> None:
    rng, clean = np.random.default_rng(4), ground()
    ids: dict[str, set[int]] = {"left": set(), "right": set()}
    with rtdiff.Differ(reference=shot(clean, rng, 0), fps=25) as differ:
        for step in range(30):
            scene = put(clean, (20 + 2 * step, 30, 60 + 2 * step, 70), 220)
            if step >= 5:
                scene = put(scene, (200, 150, 260, 210), 20)
            for box in differ(shot(scene, rng)).boxes:
                ids["left" if box.xyxy[1] < 100 else "right"].add(box.id)
    assert ids == {"left": {1}, "right": {2}}


LAYOUTS = {
    "gray": ([(67, 93)], 255),
    "4:4:4": ([(67, 93)] * 3, 255),
    "4:2:0": ([(67, 93), (34, 47), (34, 47)], 255),
    "4:2:2": ([(67, 93), (67, 47), (67, 47)], 255),
    "alpha": ([(67, 93)] * 6, 255),
    "16 bit": ([(64, 96), (32, 48), (32, 48)], 65535),
    "one cell": ([(8, 8)], 255),
    "few pixels": ([(5, 3)], 255),
}


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_another_mask_is_summed_up_alike_by_all_engines(layout: str, share: float) -> None:
    shapes, most = LAYOUTS[layout]
    rng = np.random.default_rng(8)
    kind = np.uint8 if most == 255 else np.uint16
    first, second = (
        Frame(
            tuple(rng.integers(0, most + 1, shape).astype(kind) for shape in shapes),
            most,
            "full",
            "bt601",
            0,
            0,
            "test",
            lambda: np.zeros((1, 1, 3), np.uint8),
        )
        for _ in range(2)
    )
    shape = shapes[0]
    engine = make_engine("numba", noise=pair_noise, threads=2)
    made = engine.compare(engine.prepare(first), engine.prepare(second))
    for _ in range(3):
        mask = (rng.random(shape) < share).astype(np.uint8) * np.uint8(255)
        cells = -(-shape[0] // 8), -(-shape[1] // 8)
        where = np.zeros(cells, np.uint8)
        for row, column in np.argwhere(mask):
            where[row // 8, column // 8] = 1
        have, want = engine.remasked(made, mask, where), masked(made, mask)
        assert have.tiles.shape == want.tiles.shape
        np.testing.assert_array_equal(have.tiles.area, want.tiles.area)
        assert have.tiles.area.sum() == np.count_nonzero(mask)
        there = want.tiles.area > 0
        for name in ("x0", "y0", "x1", "y1", "max_diff", "min_ssim"):
            np.testing.assert_array_equal(
                getattr(have.tiles, name)[there], getattr(want.tiles, name)[there], name
            )
        np.testing.assert_array_equal(have.mask, mask)
        for merge in (0, 8, 30):
            for one, other in zip(have.group(merge)[:1], want.group(merge)[:1], strict=True):
                np.testing.assert_array_equal(one, other)
    engine.close()


def test_a_ring_with_a_gap_is_closed_and_filled() -> None:
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 1
    mask[14:26, 14:26] = 0
    mask[18:21, 26:30] = 0  # a gap of three pixels
    assert not filled(mask, Scratch())[20, 20]
    whole = filled(closed(mask, 9, Scratch()), Scratch())
    assert (whole[10:30, 10:30] == 255).mean() > 0.98
    assert np.count_nonzero(whole) == np.count_nonzero(whole[10:30, 10:30])


def test_scratch_gives_what_is_asked_for_and_uses_memory_again() -> None:
    scratch = Scratch()
    for shape, kind in (((3, 5), np.float32), ((7,), np.uint8), ((2, 3, 4), np.int64), ((0, 4), np.float32)):
        array = scratch.take("a", shape, kind)
        assert (array.shape, array.dtype) == (shape, kind)
        assert array.flags.c_contiguous
        assert array.flags.writeable
    first = scratch.take("b", (100, 100), np.float32)
    other = scratch.take("c", (100, 100), np.float32)
    first[:], other[:] = 1, 2
    assert not np.shares_memory(first, other)
    assert (first == 1).all()
    assert np.shares_memory(first, scratch.take("b", (50, 60), np.float64))
    larger = scratch.take("b", (200, 200), np.float32)
    larger[:] = 3
    assert (other == 2).all()


def test_a_thing_that_comes_slowly_is_not_learned_away() -> None:
    rng, clean = np.random.default_rng(1), ground()
    with rtdiff.Differ(reference=shot(clean, rng, 0), fps=25, threads=1) as differ:
        for k in range(500):  # 20 s
            scene = clean.copy()
            scene[THING[1] : THING[3], THING[0] : THING[2]] += 80 * min(k / 450, 1)
            diff = differ(shot(scene, rng))
    assert away(diff, THING) <= 3
