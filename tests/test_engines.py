"""One body that every engine passes, against the oracle, against scikit-image, against published numbers."""

import inspect
import itertools
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from engine_frames import available, frame
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rtdiff.engines import ENGINES, components, engine_class, make_engine
from rtdiff.engines.engine import Engine
from rtdiff.engines.tiles import summarise
from rtdiff.errors import EngineError, MissingExtra, SettingsError
from rtdiff.noise import pair_noise
from rtdiff.records import DiffMap, Frame, Noise, Tiles

FAST = [name for name in available() if name != "numpy"]
TOLERANCE = {"numba": (1e-6, 1e-6), "cupy": (2e-4, 1e-6)}  # of the map, of the mean


def compare(name: str, a: Frame, b: Frame, **options: object) -> DiffMap:
    engine = make_engine(name, **{"noise": pair_noise, "metrics": ("psnr",), **options})
    return engine.compare(engine.prepare(a), engine.prepare(b))


def assert_agrees(name: str, a: Frame, b: Frame, **options: object) -> DiffMap:
    """Compare with `name` and with the oracle: the same decisions, the same numbers within the contract."""
    want, have = compare("numpy", a, b, **options), compare(name, a, b, **options)
    np.testing.assert_array_equal(have.mask, want.mask)
    on_map, on_mean = TOLERANCE[name]
    np.testing.assert_allclose(have.map(), want.map(), rtol=0, atol=on_map)
    assert abs(have.mssim - want.mssim) <= on_mean
    np.testing.assert_allclose(have.ssim[1:], want.ssim[1:], rtol=0, atol=on_mean)
    assert abs(have.min_ssim - want.min_ssim) <= on_map
    x, y = have.min_xy
    assert abs(want.map()[y, x] - want.min_ssim) <= on_map
    assert have.noise == want.noise
    assert have.identical == want.identical
    np.testing.assert_array_equal(have.differences, want.differences)
    for merge in (0, 2, 8, 21, 40):
        (labels, found), (true_labels, truth) = have.group(merge), want.group(merge)
        np.testing.assert_array_equal(labels, true_labels)
        for column in ("area", "x0", "y0", "x1", "y1", "max_diff"):
            np.testing.assert_array_equal(getattr(found, column), getattr(truth, column), column)
        np.testing.assert_allclose(found.min_ssim, truth.min_ssim, rtol=0, atol=on_map)
    return want


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Frame, Frame]:
    """Pairs of every shape, depth and number of planes, near each other or far apart."""
    deep = draw(st.sampled_from([255, 1023, 65535]))
    dtype = np.uint8 if deep == 255 else np.uint16
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    step = draw(st.sampled_from([None, 1, 2, (1, 2)]))
    shapes = [shape]
    if step is not None:
        by = step if isinstance(step, tuple) else (step, step)
        shapes += [tuple(-(-n // s) for n, s in zip(shape, by, strict=True))] * draw(st.sampled_from([2, 5]))
    first = [draw(arrays(dtype, s, elements=st.integers(0, deep), fill=st.integers(0, deep))) for s in shapes]
    spread = draw(st.sampled_from([0, 1, 4, 30, 255])) * deep // 255
    seed = np.random.default_rng(draw(st.integers(0, 9)))
    second = [
        np.clip(p.astype(np.int64) + seed.integers(-spread, spread + 1, p.shape), 0, deep).astype(dtype)
        for p in first
    ]
    return frame(*first, data_range=deep), frame(*second, data_range=deep)


@pytest.mark.parametrize("name", FAST)
@settings(max_examples=60, deadline=None)
@given(pair=pairs(), strict=st.booleans(), threshold=st.sampled_from([0.5, 6.0, 100.0]))
@example(
    pair=(frame(np.zeros((1, 1), np.uint8)), frame(np.full((1, 1), 255, np.uint8))),
    strict=False,
    threshold=6.0,
)
def test_agrees_on_any_pair(name: str, pair: tuple[Frame, Frame], strict: bool, threshold: float) -> None:
    assert_agrees(name, *pair, strict=strict, threshold=threshold)


def assert_decides_alike(name: str, a: Frame, b: Frame, **options: object) -> None:
    """Without the dense map, compare with what `name` decides with it."""
    want, have = compare(name, a, b, **options), compare(name, a, b, dense=False, **options)
    np.testing.assert_array_equal(have.mask, want.mask)
    there = want.tiles.area > 0
    np.testing.assert_array_equal(have.tiles.area, want.tiles.area)
    for column in ("x0", "y0", "x1", "y1", "max_diff", "min_ssim"):
        values = (getattr(of.tiles, column)[there] for of in (have, want))
        np.testing.assert_array_equal(*values, column)
    assert have.identical == want.identical
    np.testing.assert_array_equal(have.differences, want.differences)
    assert np.isnan([have.mssim, have.min_ssim, *have.ssim]).all()
    np.testing.assert_array_equal(have.map(), want.map())


@pytest.mark.parametrize("name", available())
@settings(max_examples=60, deadline=None)
@given(pair=pairs(), strict=st.booleans(), threshold=st.sampled_from([0.5, 6.0, 100.0]))
def test_decides_without_a_dense_map(
    name: str, pair: tuple[Frame, Frame], strict: bool, threshold: float
) -> None:
    assert_decides_alike(name, *pair, strict=strict, threshold=threshold)


@pytest.mark.parametrize("name", available())
@pytest.mark.parametrize("texture", [0, 3, 60])
def test_decides_single_things_without_a_dense_map(name: str, texture: int) -> None:
    """Few things in pictures of all textures, with chroma of a quarter of the size, in and out of zones."""
    rng = np.random.default_rng(texture)
    x = np.clip(128 + rng.normal(0, texture, (203, 331)), 0, 255)
    u = np.full((102, 166), 128, np.uint8)
    y = np.clip(x + rng.normal(0, 3, x.shape), 0, 255)
    v = u.copy()
    for _ in range(30):
        top, left = rng.integers(0, 195), rng.integers(0, 320)
        y[top : top + rng.integers(1, 6), left : left + rng.integers(1, 9)] += rng.integers(-60, 61)
        v[top // 2, left // 2] += np.uint8(rng.integers(0, 40))
    planes = (x.astype(np.uint8), u, u), (np.clip(y, 0, 255).astype(np.uint8), v, u)
    labels = np.zeros(x.shape, np.uint8)
    labels[20:150, 30:250] = 1
    for noise in (Noise(2.0, 1.0), Noise(6.0, 4.0), Noise(1.0, 1.0, exact=True)):
        for zones in (None, labels):
            options = {"noise": lambda *_, noise=noise: noise, "labels": lambda _, zones=zones: zones}
            for threads in (1, 3):
                assert_decides_alike(name, *(frame(*p) for p in planes), threads=threads, **options)


@pytest.mark.parametrize("name", FAST)
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_agrees_on_real_pairs(name: str, threads: int, data: Path) -> None:
    import cv2

    folder = data / "opencv-samples"
    for first, second in (("basketball1.png", "basketball2.png"), ("aloeL.jpg", "aloeR.jpg")):
        pictures = [cv2.imread(str(folder / f)) for f in (first, second)]
        planes = [
            [np.ascontiguousarray(c) for c in cv2.split(cv2.cvtColor(p, cv2.COLOR_BGR2YCrCb))]
            for p in pictures
        ]
        assert_agrees(name, *(frame(*p) for p in planes), threads=threads)


@pytest.mark.parametrize("name", FAST)
def test_agrees_on_views_that_may_not_be_written(name: str) -> None:
    rng = np.random.default_rng(3)
    big = rng.integers(0, 256, (2, 64, 200), dtype=np.uint8)
    views = [big[i, 5:60, 8:150] for i in range(2)]
    every_second = [big[i, ::2, ::2] for i in range(2)]
    for a, b in (views, every_second, [big[0][::-1], big[1][::-1]]):
        a.flags.writeable = b.flags.writeable = False
        assert_agrees(name, frame(a), frame(b))


@pytest.mark.parametrize("name", FAST)
def test_agrees_with_zones(name: str) -> None:
    rng = np.random.default_rng(4)
    a = rng.integers(0, 256, (90, 130), dtype=np.uint8)
    b = np.clip(a.astype(int) + rng.normal(0, 20, a.shape), 0, 255).astype(np.uint8)
    labels = np.zeros(a.shape, np.uint8)
    labels[10:50, 10:70], labels[40:80, 60:121], labels[0, 0] = 1, 2, 3
    want = assert_agrees(name, frame(a), frame(b), labels=lambda shape: labels, threads=2)
    assert want.mask[labels == 0].max() == 0
    assert want.pixels.tolist() == np.bincount(labels.ravel()).tolist()


@pytest.mark.parametrize("name", available())
@settings(max_examples=30, deadline=None)
@given(pair=pairs())
def test_a_picture_is_itself(name: str, pair: tuple[Frame, Frame]) -> None:
    have = compare(name, pair[0], pair[0])
    assert have.mssim == have.min_ssim == 1.0
    assert (have.map() == 1.0).all()
    assert not have.mask.any()
    assert have.identical


@pytest.mark.parametrize("name", available())
def test_equals_scikit_image(name: str, data: Path) -> None:
    import cv2
    from skimage.metrics import structural_similarity

    camera = cv2.imread(str(data / "scikit-image/src/_skimage2/data/camera.png"), cv2.IMREAD_UNCHANGED)
    noise = 20 * np.random.RandomState(5).randn(512, 512)
    noisy = np.clip(camera + noise, 0, 255).astype(np.uint8)
    published = json.loads((data / "truth.json").read_text())["ssim_psnr"]
    row = next(r for r in published if "camera.png" in r["ref"])
    mean, full = structural_similarity(camera, noisy, full=True)
    have = compare(name, frame(camera), frame(noisy))
    on_map = TOLERANCE.get(name, (1e-9, 1e-9))[0]
    np.testing.assert_allclose(have.map(), full, rtol=0, atol=on_map)
    assert abs(have.mssim - mean) < 1e-6
    assert abs(have.mssim - row["ssim_uniform7_sample_cov"]) < 1e-6


@pytest.mark.parametrize("name", available())
def test_equal_luma_and_other_colours_are_different(name: str) -> None:
    y = np.full((40, 40), 128, np.uint8)
    u, v = np.full((20, 20), 90, np.uint8), np.full((20, 20), 170, np.uint8)
    have = compare(name, frame(y, u, v), frame(y, v, u))
    assert have.mssim == 1.0
    assert have.mask.all()


@pytest.mark.parametrize("name", available())
def test_one_sample_is_found(name: str) -> None:
    a = np.full((50, 60), 200, np.uint8)
    b = a.copy()
    b[17, 33] = 0
    have = compare(name, frame(a), frame(b))
    _, found = have.group(8)
    assert [int(getattr(found, k)[0]) for k in ("x0", "y0", "x1", "y1", "area", "max_diff")] == [
        33,
        17,
        34,
        18,
        1,
        200,
    ]


@pytest.mark.parametrize("name", available())
def test_results_that_are_held_stay(name: str) -> None:
    rng = np.random.default_rng(8)
    a, *others = (rng.integers(0, 256, (64, 64), dtype=np.uint8) for _ in range(4))
    engine = make_engine(name, noise=pair_noise)
    held = [engine.compare(engine.prepare(frame(a)), engine.prepare(frame(b))) for b in others]
    for kept, b in zip(held, others, strict=True):
        fresh = compare("numpy", frame(a), frame(b))
        np.testing.assert_array_equal(kept.mask, fresh.mask)
        np.testing.assert_allclose(kept.map(), fresh.map(), atol=2e-4)


@pytest.mark.parametrize("name", available())
@settings(max_examples=20, deadline=None)
@given(bgr=arrays(np.uint8, st.tuples(st.integers(1, 50), st.integers(1, 50), st.just(3))))
def test_splits_colours_as_opencv_does(name: str, bgr: np.ndarray) -> None:
    from rtdiff.sources.colour import bgr_to_planes

    out = tuple(np.empty(bgr.shape[:2], np.uint8) for _ in range(3))
    make_engine(name, noise=pair_noise, threads=2).split(bgr, out)
    for have, want in zip(out, bgr_to_planes(bgr), strict=True):
        np.testing.assert_array_equal(have, want)


def test_reconciling_is_the_callers_duty() -> None:
    a, b = frame(np.zeros((9, 9), np.uint8)), frame(np.zeros((9, 8), np.uint8))
    with pytest.raises(ValueError, match="must be reconciled"):
        compare("numpy", a, b)


def test_engines_have_one_face() -> None:
    for name in available():
        kind = engine_class(name)[0]
        for method in ("prepare", "compare", "decide", "block_sums", "close", "plan"):
            assert inspect.signature(getattr(kind, method)) == inspect.signature(getattr(Engine, method)), (
                name
            )


def test_names_are_demands() -> None:
    with pytest.raises(SettingsError, match="did you mean numba"):
        engine_class("nunba")
    kind, skipped = engine_class("auto")
    assert kind.name in available()
    assert len(skipped) == [row.name for row in ENGINES].index(kind.name)
    if "cupy" not in available():
        with pytest.raises((MissingExtra, EngineError), match=r"engine 'cupy': .*; "):
            engine_class("cupy")


def test_a_broken_cupy_is_passed_over_and_told(tmp_path: Path) -> None:
    (tmp_path / "cupy.py").write_text(
        "raise ImportError('libcudart.so.12: cannot open shared object file')\n"
    )
    code = "import rtdiff.engines as e; kind, skipped = e.engine_class('auto'); print(kind.name, skipped)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.startswith("numba")
    assert "libcudart.so.12" in done.stdout


def test_numpy_alone_is_enough() -> None:
    code = (
        "import sys\n"
        "class Bar:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        barred = ('cv2', 'av', 'numba', 'pydantic', 'yaml', 'rich', 'cyclopts', 'scipy')\n"
        "        if name.split('.')[0] in barred:\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Bar())\n"
        "import numpy as np, rtdiff.regions, rtdiff.records, rtdiff.errors\n"
        "from rtdiff.engines import make_engine\n"
        "from rtdiff.noise import pair_noise\n"
        "engine = make_engine('auto', noise=pair_noise)\n"
        "print(engine.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ("numpy", "cupy")


def distant(tiles: Tiles, merge: int) -> list[int]:
    """Return the component of every tile with a difference, by looking at every two of them."""
    at = np.flatnonzero(tiles.area)
    edges = [[int(edge[k]) for edge in (tiles.x0, tiles.y0, tiles.x1, tiles.y1)] for k in at]
    number = list(range(len(at)))
    for i, j in itertools.combinations(range(len(at)), 2):
        a, b = edges[i], edges[j]
        if max(b[0] - a[2], a[0] - b[2], b[1] - a[3], a[1] - b[3]) < max(merge, 1):
            low, high = sorted((number[i], number[j]))
            number = [low if n == high else n for n in number]
    return [sorted(set(number)).index(n) for n in number]


@pytest.mark.parametrize("merge", [0, 1, 5, 8, 9, 24, 25, 31, 32, 33, 57, 120, 9999])
def test_what_is_nearer_than_the_merge_distance_is_one(merge: int) -> None:
    rng = np.random.default_rng(merge)
    for density in (0.0005, 0.002, 0.01):
        for _ in range(4):
            height, width = rng.integers(1, 140, 2)
            found = rng.random((height, width)) < density
            tiles = summarise(np.flatnonzero(found), np.ones(found.shape), found.astype(np.int32))
            labels, _ = components.group(tiles, merge)
            assert labels[tiles.area > 0].tolist() == distant(tiles, merge)


@pytest.mark.parametrize("name", available())
def test_buffers_of_many_shapes_are_let_go(name: str) -> None:
    engine = make_engine(name, noise=pair_noise)
    held = []
    for k in range(41):
        plane = np.full((200 + k, 300), k, np.uint8)
        one, other = frame(plane), frame(plane + np.uint8(1))
        engine.compare(engine.prepare(one), engine.prepare(other))
        if not tracemalloc.is_tracing():  # the first one loads kernels
            tracemalloc.start()
        held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(held[9:]) < 2 * max(held[:9])
