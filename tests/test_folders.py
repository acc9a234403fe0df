"""Folders and patterns of pictures as sequences."""

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtdiff.errors import SettingsError, SourceError
from rtdiff.sources.folder import FolderSource

NS = 1_000_000_000


def paint(path: Path, level: int, size_wh: tuple[int, int] = (16, 12)) -> None:
    width, height = size_wh
    assert cv2.imwrite(str(path), np.full((height, width, 3), level, np.uint8))


def fill(folder: Path, names: dict[str, int]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, level in names.items():
        paint(folder / name, level)
    return folder


def levels(uri: str | Path, **options: Any) -> list[int]:
    with FolderSource(str(uri), **options) as source:
        return [int(frame.luma[0, 0]) for frame in source]


def said(uri: str | Path, kind: type[Exception] = SourceError, **options: Any) -> str:
    with pytest.raises(kind) as caught:
        list(FolderSource(str(uri), **options))
    text = str(caught.value)
    assert "\n" not in text
    assert "; " in text.split(": ", 1)[1]
    return text


def test_real_frames_are_the_published_ones(data: Path) -> None:
    folder = data / "pyscenedetect/tests/resources/counter"
    with FolderSource(str(folder)) as source:
        assert source.info.detail == "30 pictures, frame001.png to frame030.png; skipped: 1 .txt"
        assert source.info.duration_ns == 30 * NS // 25
        for frame, path in zip(source, sorted(folder.glob("*.png")), strict=True):
            published = cv2.imread(str(path))
            assert np.array_equal(frame.picture(), published)
            assert np.array_equal(frame.luma, cv2.cvtColor(published, cv2.COLOR_BGR2GRAY))
            assert frame.time_ns == frame.index * NS // 25


def test_numbers_sort_as_numbers(tmp_path: Path) -> None:
    names = ["a2 b10.png", "a2 b9.png", "a10 b1.png", "A3.png", "a02 b9.png", "b.png"]
    fill(tmp_path, {name: 10 * at for at, name in enumerate(names)})
    with FolderSource(str(tmp_path)) as source:
        assert [path.name for path in source.files] == [
            "a02 b9.png",
            "a2 b9.png",
            "a2 b10.png",
            "A3.png",
            "a10 b1.png",
            "b.png",
        ]
    assert levels(tmp_path) == [40, 10, 0, 30, 20, 50]


def test_only_pictures_count(tmp_path: Path) -> None:
    fill(tmp_path, {"in2.png": 2, "in10.BMP": 10, "in1.jpg": 1, ".in0.png": 0})
    (tmp_path / "in3.txt").write_text("no")
    (tmp_path / "README").write_text("no")
    (tmp_path / "in4.png").mkdir()
    assert levels(tmp_path) == [1, 2, 10]
    assert levels(tmp_path / "*") == [1, 2, 10]
    with FolderSource(str(tmp_path)) as source:
        assert source.info.frames == 3
        assert source.info.detail.startswith("3 pictures, in1.jpg to in10.BMP; skipped: ")
        for told in ("1 hidden", "1 folders", "1 .txt", "1 without an ending"):
            assert told in source.info.detail


def test_nothing_to_show_says_what_there_is(tmp_path: Path) -> None:
    assert "(it is empty)" in said(tmp_path)
    for name in ("a.txt", "b.txt", "c.mp4"):
        (tmp_path / name).write_text("no")
    assert "no picture in this folder (only 2 .txt, 1 .mp4); " in said(tmp_path)
    assert "(none)" in said(tmp_path / "*.png")
    assert "(3 of them, but no picture)" in said(tmp_path / "*")
    fill(tmp_path, {"shot001.png": 1})
    assert "did you mean shot001.png?" in said(tmp_path / "shot%04d.png")
    assert "cannot be listed (" in said(tmp_path / "nowhere" / "shot%04d.png")


def test_a_missing_number_keeps_its_time(tmp_path: Path) -> None:
    fill(tmp_path, {f"s{n:03d}.png": n for n in (7, 8, 12, 14, 100, 101)})
    fill(tmp_path, {"s9.png": 9, "s0010.png": 10, "s011x.png": 11, "t013.png": 13})
    with FolderSource(str(tmp_path / "s%03d.png"), fps=10) as source:
        frames = list(source)
        assert source.info.frames == 6
        assert source.info.detail == "6 pictures, s007.png to s101.png; 89 numbers missing: 9-11, 13, 15-99"
        assert source.info.duration_ns == 95 * NS // 10
    assert [frame.index for frame in frames] == [0, 1, 5, 7, 93, 94]
    assert [frame.time_ns * 10 // NS for frame in frames] == [0, 1, 5, 7, 93, 94]
    assert [int(frame.luma[0, 0]) for frame in frames] == [7, 8, 12, 14, 100, 101]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("%d.png", {"9.png": 1, "10.png": 2, "08.png": 0}),
        ("100%%_%02d.png", {"100%_98.png": 1, "100%_100.png": 2, "100_99.png": 0}),
        ("a%3d.png", {"a  9.png": 1, "a 10.png": 2, "a11.png": 0}),
        ("a(%d)+.png", {"a(1)+.png": 1, "a(2)+.png": 2, "a(3).png": 0}),
    ],
)
def test_numbers_are_written_as_printf_does(tmp_path: Path, pattern: str, names: dict[str, int]) -> None:
    fill(tmp_path, names)
    assert levels(tmp_path / pattern) == [1, 2]


def test_globs(tmp_path: Path) -> None:
    for cam in ("cam 2", "cam 10", "cam [1]"):
        fill(tmp_path / cam, {"in1.png": 1, "in2.png": 2, "out.png": 9})
    assert levels(tmp_path / "cam [1]" / "in?.png") == [1, 2], "an existing folder is no pattern"
    assert levels(tmp_path / "cam*" / "in[12].png") == [1, 2] * 3
    shutil.copy(tmp_path / "cam 2" / "in1.png", tmp_path / "x.dat")
    assert levels(tmp_path / "*.dat") == [1], "a named ending is meant"


def test_size_and_depth_may_change(tmp_path: Path) -> None:
    paint(tmp_path / "1.png", 10, (20, 10))
    paint(tmp_path / "2.jpg", 10, (31, 17))
    assert cv2.imwrite(str(tmp_path / "3.png"), np.full((5, 7), 40000, np.uint16))
    with FolderSource(str(tmp_path)) as source:
        frames = list(source)
        assert source.info.size_wh == (20, 10)
    assert [frame.size_wh for frame in frames] == [(20, 10), (31, 17), (7, 5)]
    assert [frame.data_range for frame in frames] == [255, 255, 65535]


def test_what_cannot_be_read_is_named(data: Path, tmp_path: Path) -> None:
    fill(tmp_path, {"1.png": 1, "2.png": 2, "4.png": 4})
    shutil.copy(data / "scikit-image/src/_skimage2/data/truncated.jpg", tmp_path / "3.jpg")
    source = FolderSource(str(tmp_path))
    frames = iter(source)
    assert [next(frames).index for _ in range(2)] == [0, 1]
    with pytest.raises(SourceError, match=r"3\.jpg: .*; "):
        next(frames)
    (tmp_path / "3.jpg").unlink()
    with pytest.raises(SourceError, match=r"3\.jpg: .*; "):
        list(source)
    assert "1.png: " in said(fill(tmp_path / "b", {"1.png": 1}), max_pixels=100)
    (tmp_path / "0.png").symlink_to("gone.png")
    assert "0.png: " in said(tmp_path)


def test_a_closed_source_says_so(tmp_path: Path) -> None:
    source = FolderSource(str(fill(tmp_path, {"1.png": 1, "2.png": 2})))
    assert [frame.index for frame in source] == [frame.index for frame in source] == [0, 1]
    source.close()
    source.close()
    with pytest.raises(SourceError, match="this source was closed; "):
        iter(source)


def test_every_pass_reads_anew(tmp_path: Path) -> None:
    source = FolderSource(str(fill(tmp_path, {"1.png": 1, "2.png": 2})))
    assert [int(frame.luma[0, 0]) for frame in source] == [1, 2]
    fill(tmp_path, {"1.png": 3})
    assert [int(frame.luma[0, 0]) for frame in source] == [3, 2]


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf"), 1e300, 1e-300])
def test_what_is_no_rate(tmp_path: Path, fps: float) -> None:
    assert "fps: " in said(fill(tmp_path, {"1.png": 1}), SettingsError, fps=fps)


@given(num=st.integers(1, 120_000), den=st.sampled_from([1, 100, 1001]))
def test_times_are_exact(tmp_path_factory: pytest.TempPathFactory, num: int, den: int) -> None:
    folder = tmp_path_factory.getbasetemp() / "far apart"
    if not folder.exists():
        fill(folder, {"0.png": 0, "1215.png": 1, "1000003.png": 2})
    with FolderSource(str(folder / "%d.png"), fps=Fraction(num, den)) as source:
        assert [f.time_ns for f in source] == [n * NS * den // num for n in (0, 1215, 1_000_003)]


def test_a_rate_may_be_a_decimal(tmp_path: Path) -> None:
    with FolderSource(str(fill(tmp_path, {"1.png": 1})), fps=29.97) as source:
        assert source.info.fps == Fraction(2997, 100)
