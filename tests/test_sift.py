"""What compression explains of a mask is taken out of it; things are left, by every engine alike."""

import numpy as np
import pytest

from rtdiff.engines import make_engine
from rtdiff.records import Frame, Noise
from rtdiff.sift import Compression, compression, sift, worse


def frame(*planes: np.ndarray, data_range: int = 255) -> Frame:
    return Frame(planes, data_range, "full", "bt601", 0, 0, "made", lambda: np.zeros((1, 1, 3), np.uint8))


def compared(engine: str, first: Frame, second: Frame, noise: float):
    one = make_engine(engine, noise=lambda *_: Noise(noise, noise))
    return one, one.compare(one.prepare(first), one.prepare(second))


def pictures(seed: int = 0, deep: int = 1, size: tuple[int, int] = (96, 128)) -> tuple[Frame, Frame]:
    """Return a picture, and the same with sparse errors and a thing of 12x12 pixels."""
    rng = np.random.default_rng(seed)
    kind = np.uint8 if deep == 1 else np.uint16
    half = -(-size[0] // 2), -(-size[1] // 2)
    shapes = size, half, half
    first = [rng.integers(60, 180, shape) for shape in shapes]
    second = [plane + rng.integers(-2, 3, plane.shape) for plane in first]
    for plane in second:
        at = tuple(rng.integers(0, side, 12) for side in plane.shape)
        plane[at] += rng.choice((-25, 25), 12)
    second[0][40:52, 60:72] += 40
    made = ([(plane * deep).astype(kind) for plane in planes] for planes in (first, second))
    return tuple(frame(*planes, data_range=255 if deep == 1 else 1023) for planes in made)


@pytest.mark.parametrize("deep", [1, 4])
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_sparse_pixels_go_and_a_thing_stays(engine, deep):
    _, diffmap = compared(engine, *pictures(deep=deep), noise=2.0)
    before = int((diffmap.mask > 0).sum())
    sift(diffmap, Compression((6.0,) * 3, (1.0,) * 3), 6.0, compiled=engine == "numba")
    rows, columns = np.nonzero(diffmap.mask)
    assert before > len(rows) >= 120
    assert rows.min() >= 32
    assert rows.max() < 64
    assert columns.min() >= 48
    assert columns.max() < 80
    assert int(diffmap.tiles.area.sum()) == len(rows)


@pytest.mark.parametrize("size", [(96, 128), (17, 23), (7, 9)])
@pytest.mark.parametrize("seed", range(4))
def test_both_engines_leave_the_same(seed, size):
    masks = []
    for engine in ("numpy", "numba"):
        _, diffmap = compared(engine, *pictures(seed, size=size), noise=1.5)
        sift(diffmap, Compression((4.0, 3.0, 3.0), (1.0,) * 3), 6.0, compiled=engine == "numba")
        masks.append((diffmap.mask.copy(), diffmap.tiles.area.copy()))
    np.testing.assert_array_equal(masks[0][0], masks[1][0])
    np.testing.assert_array_equal(masks[0][1], masks[1][1])


def test_where_much_differs_nothing_is_taken_out():
    first, _ = pictures()
    _, diffmap = compared("numpy", first, frame(*(255 - plane for plane in first.planes)), noise=1.0)
    before = diffmap.mask.copy()
    sift(diffmap, Compression((12.0,) * 3, (12.0,) * 3), 6.0, compiled=False)
    np.testing.assert_array_equal(diffmap.mask, before)


def test_compression_is_told_from_blocks():
    first, second = pictures()
    engine = make_engine("numpy", noise=lambda *_: Noise(1.0, 1.0))
    sums = engine.block_sums(engine.prepare(first), engine.prepare(second))
    found = compression(sums, 255)
    assert found is not None
    assert 1.3 < found.single[0] < 8
    assert found.mean == (1.0, 1.0, 1.0)
    assert compression(engine.block_sums(engine.prepare(first), engine.prepare(first)), 255) is None


def test_a_change_of_a_part_is_no_compression():
    first, _ = pictures()
    luma = first.luma.copy()
    luma[:40] = 255 - luma[:40]
    engine = make_engine("numpy", noise=lambda *_: Noise(1.0, 1.0))
    sums = engine.block_sums(engine.prepare(first), engine.prepare(frame(luma, *first.planes[1:])))
    assert compression(sums, 255) is None


def test_the_worse_of_two():
    one, other = Compression((1.0, 5.0), (2.0, 1.0)), Compression((3.0, 2.0), (1.0, 1.5))
    assert worse(one, other) == Compression((3.0, 5.0), (2.0, 1.5))
    assert worse(None, other) is other
    assert worse(one, None) is one
