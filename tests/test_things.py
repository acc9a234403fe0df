"""What is decided of pixels of things and of cells: the compiled loops and their twins say the same."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtdiff.engines.cell_noise import loops
from rtdiff.engines.things import LARGE, Limits, Pixels, Unit
from rtdiff.scratch import Scratch

pytest.importorskip("numba")

LIMITS = Limits(np.float32(0.4), np.float32(0.8), np.float32(1.8))


def halves(height: int, job: object) -> None:
    """Run a job for two bands of rows, the last one first."""
    middle = height // 2
    job(1, middle, height)  # type: ignore[operator]
    job(0, 0, middle)  # type: ignore[operator]


def both() -> tuple[Pixels, Pixels]:
    """Return what decides, compiled and not."""
    one, other = (Pixels(Scratch().take, halves, compiled=compiled) for compiled in (True, False))
    return one, other


def rectangle(
    rng: np.random.Generator, shape: tuple[int, int], planes: int, corner: tuple[int, int]
) -> tuple[list[tuple[np.ndarray, Unit]], np.ndarray]:
    """Return differences and units by plane, and the engine's mask of the whole picture."""
    whole = shape[0] + corner[1] + 3, shape[1] + corner[0] + 5
    cells = -(-shape[0] // 8), -(-shape[1] // 8)
    texture = rng.integers(0, 256, whole, np.uint8)
    parts = []
    for _ in range(planes):
        table = np.hypot(rng.uniform(0, 0.1) * np.arange(256), 3).astype(np.float32)
        factor = rng.uniform(0.3, 3, cells).astype(np.float32)
        d = cv2.GaussianBlur(rng.normal(0, 25, shape).astype(np.float32), (0, 0), 0.7)
        parts.append((d.reshape(shape), Unit(texture, table, factor, np.float32(3))))
    return parts, (rng.random(whole) < 0.5).astype(np.uint8) * np.uint8(255)


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 50),
    planes=st.integers(1, 3),
    corner=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    seed=st.integers(0, 99),
)
def test_pixels_are_decided_alike(
    height: int, width: int, planes: int, corner: tuple[int, int], seed: int
) -> None:
    parts, mask = rectangle(np.random.default_rng(seed), (height, width), planes, corner)
    (strong, weak), (strong_, weak_) = (p.seeds(parts, LIMITS, mask, corner) for p in both())
    np.testing.assert_array_equal(strong, strong_)
    np.testing.assert_array_equal(weak, weak_)


def test_bands_of_rows_say_the_same() -> None:
    parts, mask = rectangle(np.random.default_rng(1), (301, LARGE // 300), 1, (4, 8))
    (strong, weak), (strong_, weak_) = (p.seeds(parts, LIMITS, mask, (4, 8)) for p in both())
    assert 0.01 < strong.mean() < weak.mean() < 0.99
    np.testing.assert_array_equal(strong, strong_)
    np.testing.assert_array_equal(weak, weak_)


def test_a_pixel_is_judged_by_its_unit_and_its_neighbours() -> None:
    d = np.zeros((16, 16), np.float32)
    d[3:6, 3:6], d[12, 12] = 10, 10  # a spot, and one pixel: blurred it is 2.5 at most
    unit = Unit(
        np.zeros((16, 16), np.uint8), np.full(256, 4, np.float32), np.ones((2, 2), np.float32), np.float32(1)
    )
    for pixels in both():
        strong, weak = pixels.seeds([(d, unit)], LIMITS, np.zeros((16, 16), np.uint8), (0, 0))
        assert np.argwhere(strong).tolist() == [
            [4, 4]
        ]  # 10 is 2.5 units, and blurred 2.3 in the middle, 1.7 beside it
        assert weak[3:6, 3:6].all()
        assert not weak[12, 12]
        strong, _ = pixels.seeds([(d, unit)], LIMITS, np.full((16, 16), 255, np.uint8), (0, 0))
        assert strong[12, 12]
        assert np.count_nonzero(strong) == 10


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    share=st.sampled_from([0.02, 0.3, 0.45, 0.6, 1.0]),
    seed=st.integers(0, 99),
)
def test_regions_grow_alike(height: int, width: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weak = (rng.random((height, width)) < share).astype(np.uint8)
    strong = (rng.random((height, width)) < 0.02).astype(np.uint8)
    one, other = (p.grown(strong, weak, "kept") for p in both())
    assert (one is None) == (other is None) == (not strong.any())
    if one is not None and other is not None:
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", [np.int32, np.int64])
@pytest.mark.parametrize("young", [True, False])
def test_cells_are_told_and_learned_alike(kind: type, young: bool) -> None:
    rng, n, f = np.random.default_rng(3), 5000, np.float32
    sums = np.stack([rng.integers(-3000, 3000, n), rng.integers(0, 90000, n)], axis=1).astype(kind)
    counts = rng.choice([64, 48, 8], n).astype(f)
    square = (rng.uniform(0, 40, n) ** 2).astype(f)
    busy = rng.random(n) < 0.2
    area, most = rng.integers(0, 2, n).astype(np.int32), rng.integers(0, 255, n).astype(np.int32)
    before, factor = rng.normal(0, 3, n).astype(f), rng.uniform(0.3, 8, (2, n)).astype(f)
    told = []
    for compiled in (True, False):
        of = loops(compiled=compiled)
        size, model, unit = (np.ones((2, n), f) for _ in range(3))
        mean, last, factors = np.zeros(n, f), before.copy(), factor.copy()
        wavers, faint, doubtful = np.zeros(n, np.bool_), np.zeros(n, np.uint8), np.zeros(n, np.uint8)
        of.taken(sums, counts, f(255 / 1023), size[0], mean)
        of.taken(sums, counts, f(1), size[1], np.empty(0, f))
        for k in range(2):
            of.modelled(square, (f(9), f(0.04), f(5)), factors[k], model[k], unit[k])
        limits = f(1.5), f(6), f(2), f(0.8), f(1)
        of.doubtful(mean, unit, size[:1], area, most, limits, faint, doubtful)
        wave, steps, bounds = (f(0.3), f(0.02), f(4)), (f(0.99), f(1.02)), (f(0.3), f(8))
        of.learned(size, model, factors, mean, last, wavers, busy, wave, steps, bounds, young)
        told.append((size, mean, model, unit, faint, doubtful, factors, last, wavers))
    for one, other in zip(*told, strict=True):
        np.testing.assert_array_equal(one, other)
    assert 0 < told[0][4].sum() < told[0][5].sum() < n
