"""The light of real pictures, changed in every way: undone to a level, and no object goes with it."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtdiff.engines import make_engine
from rtdiff.engines.engine import Engine
from rtdiff.lighting import Lighting
from rtdiff.noise import pair_noise
from rtdiff.records import Frame
from rtdiff.sources.colour import bgr_to_planes

STILLS = ("opencv-samples/basketball1.png", "scikit-image/src/_skimage2/data/chelsea.png")


def still(data: Path, name: str) -> np.ndarray:
    import cv2

    picture = cv2.imread(str(data / name))
    assert picture is not None
    return picture


def frame(picture: np.ndarray) -> Frame:
    planes = tuple(bgr_to_planes(np.rint(np.clip(picture, 0, 255)).astype(np.uint8)))
    return Frame(planes, 255, "full", "bt601", 0, 0, "test", lambda: picture)


def noisy(picture: np.ndarray, sigma: float = 3.0, seed: int = 1) -> np.ndarray:
    return np.clip(picture, 0, 255) + np.random.default_rng(seed).normal(0, sigma, picture.shape)


def places(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where pixels are, down and to the right, 0..1."""
    height, width = picture.shape[:2]
    down, right = np.mgrid[0:height, 0:width]
    return down[..., None] / height, right[..., None] / width


def spot(picture: np.ndarray, strength: float) -> np.ndarray:
    """Light, or shade, a part of the picture softly."""
    down, right = places(picture)
    return picture * (1 + strength * np.exp(-((right - 0.35) ** 2 + (down - 0.4) ** 2) / (2 * 0.17**2)))


LIGHTS = {
    "darker": lambda p: p * 0.8,
    "brighter": lambda p: p * 1.25,
    "more": lambda p: p + 20,
    "less": lambda p: p - 20,
    "gamma 0.7": lambda p: 255 * (p / 255.0) ** 0.7,
    "gamma 1.4": lambda p: 255 * (p / 255.0) ** 1.4,
    "warmer": lambda p: p * np.array([0.85, 1, 1.15]),
    "colder": lambda p: p * np.array([1.15, 1, 0.85]),
    "shadow": lambda p: spot(p, -0.4),
    "from the side": lambda p: p * (0.85 + 0.35 * places(p)[1]),
}


def cell_means(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the mean difference of cells of 8x8 pixels."""
    height, width = (n // 8 * 8 for n in a.shape)
    d = a[:height, :width].astype(np.float64) - b[:height, :width]
    return d.reshape(height // 8, 8, width // 8, 8).mean((1, 3))


def relit(engine: Engine, reference: np.ndarray, test: np.ndarray) -> tuple[Frame, Frame]:
    first, second = (engine.prepare(frame(p)) for p in (reference, test))
    light = Lighting(first.frame, engine.cell_means(first)).fit(engine.cells(first, second))
    return (first if light is None else engine.relit(first, light)).frame, second.frame


@pytest.fixture(scope="module")
def engine() -> Engine:
    return make_engine("auto", noise=pair_noise, threads=2)


@pytest.mark.parametrize("name", STILLS)
@pytest.mark.parametrize("light", LIGHTS)
def test_light_is_undone(engine: Engine, data: Path, name: str, light: str) -> None:
    picture = still(data, name)
    changed = LIGHTS[light](picture.astype(np.float64))
    lit, test = relit(engine, picture, noisy(changed))
    clipped = ((changed >= 254) | (changed <= 1) | (picture == 255) | (picture == 0)).any(axis=2)
    told = cell_means(clipped, np.zeros(clipped.shape)) == 0
    left = np.abs(cell_means(lit.luma, test.luma))[told]
    assert np.median(left) < 1
    assert np.percentile(left, 98) < 3
    assert {c.kind for c in lit.corrections} == {"light"}


@pytest.mark.parametrize("name", STILLS)
@pytest.mark.parametrize("light", ["none", "darker", "warmer", "gamma 1.4"])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.4])
def test_objects_stay(engine: Engine, data: Path, name: str, light: str, share: float) -> None:
    import cv2

    picture = still(data, name)
    height, width = picture.shape[:2]
    scene = picture.astype(np.float64)
    down, right = int(height * share**0.5), int(width * share**0.5)
    top, left = (height - down) // 2, (width - right) // 3
    part = slice(top, top + down), slice(left, left + right)
    other = cv2.resize(still(data, "opencv-samples/aloeL.jpg"), (width, height))
    scene[part] = other[part]
    change = LIGHTS.get(light, lambda p: p)
    lit, test = relit(engine, picture, noisy(change(scene)))
    truth = frame(change(picture.astype(np.float64)))
    inside = tuple(slice(-(-s.start // 8), s.stop // 8) for s in part)
    seen, want = (np.abs(cell_means(f.luma, test.luma))[inside].mean() for f in (lit, truth))
    assert seen >= 0.8 * want


def test_a_light_is_kept_while_it_fits(engine: Engine, data: Path) -> None:
    picture = still(data, STILLS[0])
    first = engine.prepare(frame(picture))
    lighting = Lighting(first.frame, engine.cell_means(first))
    lights = []
    for k, gain in enumerate((0.9, 0.9, 0.9005, 0.85)):
        test = engine.prepare(frame(noisy(picture * gain, seed=k)))
        lights.append(lighting.fit(engine.cells(first, test)))
    assert lights[0] is not None
    assert lights[0] is lights[1] is lights[2]
    assert lights[3] is not lights[2]


def test_noise_is_no_light(engine: Engine, data: Path) -> None:
    picture = still(data, STILLS[0])
    for sigma in (3, 8):
        lit, _ = relit(engine, picture, noisy(picture, sigma))
        assert not lit.corrections


def test_what_was_done_is_told(engine: Engine, data: Path) -> None:
    picture = still(data, STILLS[0])
    lit, _ = relit(engine, picture, picture * 0.9 + 10)
    after = lit.corrections[-1].after
    assert abs(after["gain"] - 0.9) < 0.01
    assert abs(after["offset"] - 10) < 1


@pytest.mark.parametrize("name", ["numpy", "numba"])
@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (30, 200), (131, 97)])
@pytest.mark.parametrize("deep", [255, 1023, 65535])
@pytest.mark.parametrize("colours", [False, True])
def test_any_pair_is_survived(name: str, shape: tuple[int, int], deep: int, colours: bool) -> None:
    rng = np.random.default_rng(6)
    engine = make_engine(name, noise=pair_noise)
    kinds = [
        lambda s: rng.integers(0, deep + 1, s),
        lambda s: np.zeros(s),
        lambda s: np.full(s, deep),
        lambda s: np.full(s, deep // 3),
        lambda s: np.broadcast_to(np.linspace(0, deep, s[1]), s),
    ]
    half = tuple(-(-n // 2) for n in shape)

    def made(kind: Callable[[tuple[int, ...]], np.ndarray]) -> Frame:
        dtype = np.uint8 if deep == 255 else np.uint16
        planes = tuple(kind(s).astype(dtype) for s in [shape] + [half] * 2 * colours)
        return Frame(planes, deep, "limited", "bt709", 0, 0, "test", lambda: planes[0])

    for first in kinds:
        reference = engine.prepare(made(first))
        lighting = Lighting(reference.frame, engine.cell_means(reference))
        for second in kinds * 2:
            light = lighting.fit(engine.cells(reference, engine.prepare(made(second))))
            if light is not None:
                assert engine.relit(reference, light).frame.luma.shape == shape


def test_another_picture_is_no_light(engine: Engine, data: Path) -> None:
    import cv2

    one, other = (still(data, name) for name in STILLS)
    lit, _ = relit(engine, one, cv2.resize(other, one.shape[1::-1]))
    assert not lit.corrections


def test_light_comes_and_goes(engine: Engine, data: Path) -> None:
    picture = still(data, STILLS[0])
    first = engine.prepare(frame(picture))
    lighting = Lighting(first.frame, engine.cell_means(first))
    for k in range(24):
        strength = -0.4 if 6 <= k < 18 else 0.0
        test = engine.prepare(frame(noisy(spot(picture, strength), seed=k)))
        light = lighting.fit(engine.cells(first, test))
        lit = first if light is None else engine.relit(first, light)
        assert np.percentile(np.abs(cell_means(lit.frame.luma, test.frame.luma)), 90) < 2, k
    assert light is None


def test_cars_are_no_light(engine: Engine, data: Path) -> None:
    import cv2

    folder = data / "cdnet-highway"
    files = sorted((folder / "input").glob("*.jpg"))
    pictures = [cv2.imread(str(file)) for file in files]
    first = engine.prepare(frame(np.median(np.stack(pictures[:47]), axis=0)))
    lighting = Lighting(first.frame, engine.cell_means(first))
    for file, picture in list(zip(files, pictures, strict=True))[47::20]:
        truth = cv2.imread(
            str(folder / "groundtruth" / file.name.replace("in", "gt").replace("jpg", "png")), 0
        )
        test = engine.prepare(frame(picture))
        light = lighting.fit(engine.cells(first, test))
        lit = first if light is None else engine.relit(first, light)
        before, after = (np.abs(cell_means(f.luma, test.frame.luma)) for f in (first.frame, lit.frame))
        road, cars = (
            cell_means(t, np.zeros(t.shape)) > 0.95 for t in ((truth == 0) * 1.0, (truth == 255) * 1.0)
        )
        # the light of this road rises by 10 levels within the sequence
        assert np.median(after[road]) < 0.75, file.name
        assert not cars.any() or after[cars].mean() > 0.95 * before[cars].mean()


def test_nothing_large_is_made_for_a_frame_in_the_same_light(data: Path) -> None:
    picture = np.tile(still(data, STILLS[1]), (3, 3, 1))
    engine = make_engine("numba", noise=pair_noise, threads=2)
    first, second = (engine.prepare(frame(p)) for p in (picture, noisy(picture * 0.9)))
    lighting = Lighting(first.frame, engine.cell_means(first))
    light = lighting.fit(engine.cells(first, second))
    assert light is not None
    peaks = []
    for work in (lambda: engine.cells(first, second), lambda: engine.relit(first, light)) * 3:
        tracemalloc.start()
        work()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks[-2:]) < 1 << 16  # the first time kernels are loaded and the pool is filled
    assert lighting.fit(engine.cells(first, second)) is light
