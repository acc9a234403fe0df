"""`ssim-gaussian`, `ssim-ffmpeg`: against scikit-image, FFmpeg's filter, a loop as in C, and each other."""

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import av
import cv2
import jsonschema
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity
from test_engines import FAST, available, frame, pairs

import rtdiff
from rtdiff.cli import main
from rtdiff.engines import ffmpeg_ssim, gaussian, make_engine
from rtdiff.engines.plan import Plan
from rtdiff.noise import pair_noise
from rtdiff.records import DiffMap, Frame
from rtdiff.regions import Regions

METRICS = ("ssim-gaussian", "ssim-ffmpeg")
EXACT = {"numpy": 1e-9, "numba": 1e-6, "cupy": 1e-6}
WANG = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}


def compare(name: str, a: Frame, b: Frame, **options: object) -> DiffMap:
    engine = make_engine(name, **{"noise": pair_noise, "metrics": METRICS, **options})
    return engine.compare(engine.prepare(a), engine.prepare(b))


def near(shape: tuple[int, int], deep: int = 255, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture of noise and one that is near it."""
    rng = np.random.default_rng([seed, *shape])
    dtype = np.uint8 if deep == 255 else np.uint16
    x = rng.integers(0, deep + 1, shape).astype(dtype)
    y = np.clip(x + rng.normal(0, deep / 12, shape), 0, deep).astype(dtype)
    return x, y


def as_in_c(x: np.ndarray, y: np.ndarray, peak: int) -> float:
    """Return the mean over 8x8 windows at stride 4, each summed on its own, in Python's integers."""
    c1 = int(0.01 * 0.01 * peak * peak * 64 + 0.5)
    c2 = int(0.03 * 0.03 * peak * peak * 64 * 63 + 0.5)
    values = []
    for top in range(0, x.shape[0] // 4 * 4 - 7, 4):
        for left in range(0, x.shape[1] // 4 * 4 - 7, 4):
            a, b = (p[top : top + 8, left : left + 8].astype(object) for p in (x, y))
            s1, s2, ss, s12 = a.sum(), b.sum(), (a * a + b * b).sum(), (a * b).sum()
            top_, below = 2 * s1 * s2 + c1, s1 * s1 + s2 * s2 + c1
            covariance, variance = 64 * s12 - s1 * s2, 64 * ss - s1 * s1 - s2 * s2
            values.append(top_ * (2 * covariance + c2) / (below * (variance + c2)))
    return float(np.mean(values))


def ffmpeg(first: list[np.ndarray], second: list[np.ndarray], fmt: str) -> dict[str, float]:
    """Return what FFmpeg's filter says of two frames: y, u, v, all."""
    height, width = first[0].shape
    graph = av.filter.Graph()
    inputs = [graph.add_buffer(width=width, height=height, format=fmt, time_base="1/25") for _ in range(2)]
    ssim, sink = graph.add("ssim"), graph.add("buffersink")
    for pad, source in enumerate(inputs):
        source.link_to(ssim, 0, pad)
    ssim.link_to(sink)
    graph.configure()
    for source, planes in zip(inputs, (first, second), strict=True):
        made = av.VideoFrame(width, height, fmt)
        made.pts = 0
        for plane, values in zip(made.planes, planes, strict=True):
            rows = np.ascontiguousarray(values).view(np.uint8).reshape(values.shape[0], -1)
            np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : rows.shape[1]] = rows
        source.push(made)
    told = sink.pull().metadata
    return {key.lower(): float(told[f"lavfi.ssim.{key}"]) for key in ("Y", "U", "V", "All")}


@pytest.mark.parametrize("name", available())
@pytest.mark.parametrize(
    ("shape", "deep"),
    [
        ((11, 11), 255),
        ((11, 137), 255),
        ((140, 12), 255),
        ((97, 300), 255),
        ((60, 77), 1023),
        ((60, 77), 65535),
    ],
)
def test_gaussian_equals_scikit_image(name: str, shape: tuple[int, int], deep: int) -> None:
    x, y = near(shape, deep)
    mean, full = structural_similarity(x, y, full=True, data_range=gaussian.peak(deep), **WANG)
    have = compare(name, frame(x, data_range=deep), frame(y, data_range=deep), threads=2)
    assert have.measured["ssim-gaussian"].mean == pytest.approx(mean, abs=EXACT[name])
    # zones of single pixels: their sums are the map
    labels = (np.indices(shape)[1] % 2 + 1).astype(np.uint8)
    engine = make_engine(name, noise=pair_noise)
    plan = Plan(shape, labels, gaussian.SIDE)
    prepared = [engine.prepare(frame(p, data_range=deep)) for p in (x, y)]
    local = engine.gaussian_sums(*prepared, plan).reshape(shape)
    np.testing.assert_allclose(
        local[5:-5, 5:-5], full[5:-5, 5:-5], rtol=0, atol=max(EXACT[name], 2e-4 * (name == "cupy"))
    )


@pytest.mark.parametrize("name", available())
def test_gaussian_is_the_same_shifted_up(name: str) -> None:
    x, y = near((40, 50))
    want = compare(name, frame(x), frame(y)).measured["ssim-gaussian"].mean
    for bits in (10, 12):
        a, b = (frame(p.astype(np.uint16) << (bits - 8), data_range=(1 << bits) - 1) for p in (x, y))
        assert compare(name, a, b).measured["ssim-gaussian"].mean == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("name", available())
@pytest.mark.parametrize("deep", [255, 1023, 65535])
@pytest.mark.parametrize("shape", [(8, 8), (9, 11), (12, 8), (23, 37), (32, 41)])
def test_ffmpeg_equals_a_loop_as_in_c(name: str, shape: tuple[int, int], deep: int) -> None:
    x, y = near(shape, deep)
    have = compare(name, frame(x, data_range=deep), frame(y, data_range=deep)).measured["ssim-ffmpeg"]
    assert have.mean == pytest.approx(as_in_c(x, y, deep), abs=1e-9)
    assert have.planes == {"y": have.mean, "all": pytest.approx(have.mean)}


@pytest.mark.parametrize("name", available())
@pytest.mark.parametrize(
    ("fmt", "step", "deep", "widths"),
    [
        ("yuv420p", 2, 255, range(8, 1101)),
        ("yuv444p", 1, 255, range(8, 1101, 7)),
        ("yuv420p10le", 2, 1023, range(8, 1101, 9)),
        ("yuv444p16le", 1, 65535, (8, 72, 641)),
    ],
)
def test_ffmpeg_equals_its_filter(
    name: str, fmt: str, step: int, deep: int, widths: range, in_c: None
) -> None:
    engine = make_engine(name, noise=pair_noise, threads=2)
    big = [near((32, 1100), deep, i) for i in range(3)]
    for width in widths:
        height = 8 + width % 23
        small = -(-height // step), -(-width // step)
        shapes = [(height, width), small, small]
        first, second = (
            [pair[side][: s[0], : s[1]] for pair, s in zip(big, shapes, strict=True)] for side in range(2)
        )
        want = ffmpeg(first, second, fmt)
        prepared = [engine.prepare(frame(*planes, data_range=deep)) for planes in (first, second)]
        found = ffmpeg_ssim.measure(engine, *prepared, Plan((height, width), None)).planes
        assert np.isfinite(list(found.values())).all()
        told = [key for key in found if np.isfinite(want[key])]  # FFmpeg has no number for sides under 8
        assert told == (list(found) if min(small) >= 8 else ["y"]), (width, height)
        for key in told:
            assert abs(found[key] - want[key]) < 1e-5, (key, width, height)


@pytest.mark.parametrize("name", FAST)
@settings(max_examples=60, deadline=None)
@given(pair=pairs(), zones=st.integers(0, 3), seed=st.integers(0, 99))
@example(pair=(frame(np.zeros((1, 1), np.uint8)), frame(np.full((1, 1), 255, np.uint8))), zones=0, seed=0)
@example(
    pair=tuple(frame(np.full((41, 53), v, np.uint16), data_range=65535) for v in (0, 65535)), zones=2, seed=1
)
def test_engines_agree(name: str, pair: tuple[Frame, Frame], zones: int, seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, zones + 1, pair[0].luma.shape, np.uint8)
    labels = labels if zones and labels.any() else None
    have, want = (
        compare(engine, *pair, threads=2, labels=lambda shape: labels) for engine in (name, "numpy")
    )
    for metric in METRICS:
        a, b = have.measured[metric], want.measured[metric]
        assert np.isfinite(a.mean)
        assert -1 <= a.mean <= 1 + 1e-12
        assert abs(a.mean - b.mean) <= 1e-6
        np.testing.assert_allclose(a.by_label, b.by_label, rtol=0, atol=1e-6)
        assert (a.window, a.full_window) == (b.window, b.full_window)
        assert a.planes.keys() == b.planes.keys()
        assert all(abs(a.planes[key] - b.planes[key]) <= 1e-6 for key in a.planes)


@pytest.mark.parametrize("name", FAST)
def test_engines_agree_on_views_that_may_not_be_written(name: str) -> None:
    big = np.random.default_rng(3).integers(0, 256, (2, 64, 200), dtype=np.uint8)
    for cut in (np.s_[5:60, 8:150], np.s_[::2, ::2], np.s_[::-1], np.s_[3:8, 4:9], np.s_[3:12, 4:13]):
        a, b = big[0][cut], big[1][cut]
        a.flags.writeable = b.flags.writeable = False
        have, want = (compare(engine, frame(a), frame(b)).measured for engine in (name, "numpy"))
        assert all(abs(have[metric].mean - want[metric].mean) <= 1e-6 for metric in METRICS)


@pytest.mark.parametrize("name", available())
@settings(max_examples=30, deadline=None)
@given(pair=pairs())
def test_a_picture_is_itself(name: str, pair: tuple[Frame, Frame]) -> None:
    diff = Regions(metrics=METRICS).find(compare(name, pair[0], pair[0]))
    assert diff.score == diff.mssim == 1.0
    assert all(diff.metrics[metric] == 1.0 for metric in ("ssim", *METRICS))
    assert set(diff.planes["ssim-ffmpeg"].values()) == {1.0}


@pytest.mark.parametrize("name", available())
def test_zones(name: str) -> None:
    x, y = near((64, 80))
    x[:, :40] = y[:, :40]
    labels = np.zeros(x.shape, np.uint8)
    labels[:, :32], labels[:, 48:], labels[0:2, 60:64], labels[20:24, 77:] = 1, 2, 3, 4
    u, v = np.full((32, 40), 9, np.uint8), np.full((32, 40), 90, np.uint8)
    have = compare(name, frame(x, u, u), frame(y, u, v), labels=lambda shape: labels).measured
    windows = ffmpeg_ssim.windows(make_engine("numpy", noise=pair_noise), x, y, x.shape, 255)
    centres = labels[4:-3:4, 4:-3:4]
    assert windows.shape == centres.shape
    for label in (1, 2):
        assert have["ssim-ffmpeg"].by_label[label] == pytest.approx(windows[centres == label].mean())
    assert not (centres >= 3).any()  # zones without a centre have the windows nearest to them
    assert have["ssim-ffmpeg"].by_label[3] == pytest.approx(windows[0, 14:16].mean())
    assert have["ssim-ffmpeg"].by_label[4] == pytest.approx(windows[[4, 5], -1].mean())
    assert have["ssim-ffmpeg"].planes["u"] == 1.0
    assert have["ssim-ffmpeg"].planes["v"] < 0.5
    _, full = structural_similarity(x, y, full=True, data_range=255, **WANG)
    for label in (3, 4):  # wholly where the window leaves the picture: all their pixels count
        want = full[labels == label].mean()
        assert have["ssim-gaussian"].by_label[label] == pytest.approx(want, abs=1e-6)
    full[:5], full[-5:], full[:, :5], full[:, -5:] = [np.nan] * 4
    for label in (1, 2):
        want = np.nanmean(full[labels == label])
        assert have["ssim-gaussian"].by_label[label] == pytest.approx(want, abs=1e-6)


def test_alpha_counts_over_white() -> None:
    planes = [near((40, 40), seed=i) for i in range(6)]
    six = compare("numpy", frame(*(p[0] for p in planes)), frame(*(p[1] for p in planes)))
    three = compare("numpy", frame(*(p[0] for p in planes[:3])), frame(*(p[1] for p in planes[:3])))
    assert six.measured["ssim-ffmpeg"].planes == three.measured["ssim-ffmpeg"].planes


def test_what_was_not_asked_for_is_not_computed() -> None:
    x, y = near((40, 40))
    assert compare("numpy", frame(x), frame(y), metrics=("psnr",)).measured == {}
    assert compare("numpy", frame(x), frame(y), metrics=("ssim-ffmpeg",)).measured.keys() == {"ssim-ffmpeg"}
    code = (
        "import sys, rtdiff\n"
        "source = 'synthetic://static?size=64x48&frames=20'\n"
        "print(list(rtdiff.watch(source, reference='first', engine='numba')))\n"
        "print('numba_metrics loaded:', 'rtdiff.engines.numba_metrics' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "numba_metrics loaded: False" in done.stdout


@pytest.mark.parametrize("engine", available())
def test_the_first_metric_is_the_score_and_the_mask_is_always_ssims(engine: str) -> None:
    x, y = near((60, 70))
    y[10:30, 5:40] = 255 - x[10:30, 5:40]
    plain = rtdiff.compare(x, y, engine=engine)
    for metric in METRICS:
        for names in (metric, f"{metric},ssim,psnr"):
            diff = rtdiff.compare(x, y, engine=engine, metric=names)
            assert next(iter(diff.metrics)) == metric
            assert diff.score == diff.mssim == diff.metrics[metric] != plain.score
            assert diff.metrics["ssim"] == plain.mssim
            assert (diff.min_ssim, diff.min_xy) == (plain.min_ssim, plain.min_xy)
            assert [box.xyxy for box in diff.boxes] == [box.xyxy for box in plain.boxes]
            np.testing.assert_array_equal(diff.mask, plain.mask)
    both = rtdiff.compare(x, y, engine=engine, metric="psnr,ssim-ffmpeg,ssim-gaussian")
    assert both.mssim == both.metrics["ssim-ffmpeg"]
    assert both.score < 1
    assert both.score != both.mssim
    opposite = rtdiff.compare(x, 255 - x, engine=engine, metric="ssim-gaussian")
    assert opposite.mssim < -0.5
    assert opposite.score == 0


def test_small_windows_are_told() -> None:
    x, y = near((9, 10))
    diff = rtdiff.compare(x, y, metric="ssim-gaussian,ssim-ffmpeg")
    (told,) = diff.corrections
    assert (told.kind, told.before, told.after) == ("window", 11, 9)
    x, y = near((5, 9))
    kinds = [(c.kind, c.before, c.after) for c in rtdiff.compare(x, y, metric=",".join(METRICS)).corrections]
    assert kinds == [("window", 7, 5), ("window", 11, 5), ("window", 8, 5)]


def test_commands_tell_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(2)
    picture = cv2.resize(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8), (240, 180))
    paths = [str(tmp_path / name) for name in ("a.png", "b.png")]
    cv2.imwrite(paths[0], picture)
    picture[60:90, 100:150] = 255 - picture[60:90, 100:150]
    cv2.imwrite(paths[1], picture)
    assert main([*paths, "--metric", "ssim-ffmpeg,ssim-gaussian", "--json", "-"]) == 1
    made = json.loads(capsys.readouterr().out)
    schema = Path(rtdiff.__file__).parent / "reports" / "schemas" / "compare.json"
    jsonschema.validate(made, json.loads(schema.read_text()))
    planes = made["planes"]["ssim-ffmpeg"]
    assert list(planes) == ["y", "u", "v", "all"]
    assert made["score"] == made["mssim"] == made["metrics"]["ssim-ffmpeg"] == planes["y"]
    assert planes["all"] == pytest.approx((planes["y"] + planes["u"] + planes["v"]) / 3)
    assert main([*paths, "--metric", "ssim-ffmpeg,ssim-gaussian"]) == 1
    text = capsys.readouterr().out
    assert f"ssim-ffmpeg   {planes['y']:.5f} (Y {planes['y']:.5f}, U " in text
    assert f"  ssim-gaussian {made['metrics']['ssim-gaussian']:.5f}\n" in text
    assert main([*paths, "--metric", "ssim-gaussian", "--fail-under", "0.5"]) == 0


@pytest.mark.parametrize("metric", METRICS)
def test_watch_scores_every_frame(metric: str, data: Path) -> None:
    with rtdiff.open_source(data / "opencv-samples/vtest.avi") as source:
        frames = [kept for kept, _ in zip(source, range(12), strict=False)]
    with rtdiff.Differ(reference="first", engine="numba", metric=metric) as differ:
        scores = [diff.score for diff in map(differ, frames) if diff is not None]
        tracemalloc.start()
        for seen in frames[:3]:
            differ(seen)
        for seen in frames:
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            differ(seen)
            # rectangles round people, a few bytes a pixel; a plane of this video has 442 KB
            assert tracemalloc.get_traced_memory()[1] - before < 8 << 20
        tracemalloc.stop()
    for diff_frame, score in zip(frames[1:], scores[-len(frames) + 1 :], strict=True):
        have = compare("numpy", frames[0], diff_frame, metrics=(metric,)).measured[metric].mean
        assert score == pytest.approx(have, abs=1e-6)
