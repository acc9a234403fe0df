"""Files of bare samples: read by what was typed, refused in one line when that cannot be."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from test_video_seek import same_frames
from video_files import MS, coded, kinds, moving, read, write

from rtdiff.errors import SettingsError, SourceError
from rtdiff.sources import open_source
from rtdiff.sources.planes import layout_of
from rtdiff.sources.raw import is_raw
from rtdiff.sources.video import VideoSource

PAIRS = "vmaf/python/test/resource/yuv"


def bare(path: Path, fmt: str, count: int = 4, width: int = 34, height: int = 22) -> list[list[np.ndarray]]:
    """Write frames of noise one after the other and return their planes, rows as samples."""
    frames = [coded(width, height, fmt, seed)[1] for seed in range(count)]
    path.write_bytes(b"".join(row.tobytes() for rows in frames for row in rows))
    return frames


@pytest.mark.parametrize(
    "fmt", ["yuv420p", "yuv422p10le", "yuv444p12le", "gray", "gray16le", "nv12", "p010le"]
)
def test_samples_come_as_they_lie(tmp_path: Path, fmt: str) -> None:
    written = bare(tmp_path / "a.raw", fmt)
    made = read(tmp_path / "a.raw", size=(34, 22), pix_fmt=fmt, fps=Fraction(30000, 1001))
    assert [frame.time_ns for frame in made] == [i * 1001 * 10**9 // 30000 for i in range(4)]
    for frame, (luma, *chroma) in zip(made, written, strict=True):
        shift = 6 if fmt == "p010le" else 0
        assert np.array_equal(frame.luma, luma >> shift)
        if len(chroma) == 1:
            chroma = [chroma[0][:, 0::2], chroma[0][:, 1::2]]
        for plane, values in zip(frame.planes[1:], chroma, strict=True):
            assert np.array_equal(plane, values >> shift)
        assert not kinds(frame)


@pytest.mark.parametrize("width", [33, 34])
def test_odd_sizes_have_chroma_rounded_up(tmp_path: Path, width: int) -> None:
    written = bare(tmp_path / "a.yuv", "yuv420p", 3, width, 21)
    made = read(tmp_path / "a.yuv", size=(width, 21))
    assert [[plane.tolist() for plane in frame.planes] for frame in made] == [
        [row.tolist() for row in rows] for rows in written
    ]


def test_published_pairs_are_read(data: Path) -> None:
    sides = {}
    for name in ("hrc00", "hrc01"):
        path = data / PAIRS / f"src01_{name}_576x324.yuv420p10le.yuv"
        with open_source(path, size=(576, 324), pix_fmt="yuv420p10le") as source:
            assert source.info.frames == 3
            assert source.info.size_wh == (576, 324)
            assert source.info.duration_ns == 120 * MS
            sides[name] = list(source)
        samples = np.fromfile(path, "<u2").reshape(3, -1)
        for frame, own in zip(sides[name], samples, strict=True):
            assert np.array_equal(frame.luma, own[: 576 * 324].reshape(324, 576))
            assert np.array_equal(frame.planes[2], own[-288 * 162 :].reshape(162, 288))
            assert frame.data_range == 1023
    assert not np.array_equal(sides["hrc00"][0].luma, sides["hrc01"][0].luma)


def test_the_ending_decides_where_nobody_says(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (22, 34, 3), np.uint8)
    (tmp_path / "a.rgb").write_bytes(picture.tobytes())
    assert np.array_equal(read(tmp_path / "a.rgb", size=(34, 22))[0].picture(), picture[..., ::-1])
    written = bare(tmp_path / "a.nv12", "nv12")
    assert np.array_equal(read(tmp_path / "a.nv12", size=(34, 22))[3].planes[1], written[3][1][:, 0::2])
    bare(tmp_path / "any.thing", "yuv420p")
    assert len(list(open_source(tmp_path / "any.thing", size=(34, 22)))) == 4


def test_a_rest_that_is_no_frame_is_told(tmp_path: Path) -> None:
    bare(tmp_path / "a.yuv", "yuv420p")
    with (tmp_path / "a.yuv").open("ab") as file:
        file.write(bytes(100))
    with VideoSource(str(tmp_path / "a.yuv"), size=(34, 22)) as source:
        made = list(source)
        assert source.info.frames == 4
        assert source.errors == 1
    assert [frame.index for frame in made] == [0, 1, 2, 3]
    assert not any(frame.corrupt for frame in made)
    (note,) = made[0].corrections
    assert (note.kind, note.before) == ("dropped", "100 bytes at the end")
    assert "1122 bytes (34x22 yuv420p)" in note.detail


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "raw samples, which do not say their size; give --size"),
        ({"size": (640, 480)}, "4488 bytes are less than a frame of 640x480 yuv420p (460800); check --size"),
        (
            {"size": (34, 22), "pix_fmt": "yuv420"},
            "no format of samples in a file; did you mean yuv420p or ",
        ),
        ({"size": (34, 22), "pix_fmt": "nv13"}, "did you mean nv"),
        ({"size": (34, 22), "pix_fmt": "cuda"}, "no format of samples"),
        ({"size": (34, 0)}, "no width and height"),
        ({"size": (34, 22), "fps": 0}, "fps: 0 frames a second are not possible; give 0.125 to"),
        ({"size": (34, 22), "fps": float("nan")}, "fps: nan frames a second"),
        ({"size": (34, 22), "max_pixels": 700}, "34x22 is more than 700 pixels"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, options: dict[str, object], said: str) -> None:
    bare(tmp_path / "a.yuv", "yuv420p")
    with pytest.raises((SourceError, SettingsError)) as raised:
        open_source(str(tmp_path / "a.yuv"), **options)  # type: ignore[arg-type]
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_format_may_leave_out_the_order_of_bytes(tmp_path: Path) -> None:
    written = bare(tmp_path / "a.yuv", "yuv420p10le")
    assert np.array_equal(read(tmp_path / "a.yuv", size=(34, 22), pix_fmt="YUV420P10")[0].luma, written[0][0])


def test_a_name_that_says_its_size_is_read_out(tmp_path: Path) -> None:
    path = tmp_path / "src01_hrc00_576x324.yuv420p10le.yuv"
    path.write_bytes(bytes(999))
    with pytest.raises(SourceError, match="its name looks like --size 576x324 --pix-fmt yuv420p10le"):
        open_source(path)


def test_a_size_is_for_bare_samples_alone(tmp_path: Path) -> None:
    for name, codec in (
        ("a.mp4", "libx264"),
        ("a.mkv", "ffv1"),
        ("a.ts", "libx264"),
        ("a.y4m", "wrapped_avframe"),
    ):
        write(tmp_path / name, moving(count=2), codec)
        (tmp_path / "a").write_bytes((tmp_path / name).read_bytes())
        for path in (tmp_path / name, tmp_path / "a"):
            with open_source(path, size=(34, 22), pix_fmt="nv12") as source:
                assert source.info.size_wh == (160, 120), name
    assert is_raw(bytes(512), ".yuv")
    assert not is_raw(b"YUV4MPEG2 W4", ".yuv")


PIPED = (
    "from rtdiff.sources import open_source;"
    "s = open_source('-', size=(34, 22), pix_fmt='nv12', start_ns=40_000_000);"
    "print([(f.index, int(f.luma.sum())) for f in s])"
)


def test_samples_may_be_piped(tmp_path: Path) -> None:
    written = bare(tmp_path / "a", "nv12")
    content = (tmp_path / "a").read_bytes()
    done = subprocess.run([sys.executable, "-c", PIPED], input=content, capture_output=True, check=True)
    assert done.stdout.decode().strip() == str([(i, int(written[i][0].sum())) for i in (1, 2, 3)])


@pytest.mark.parametrize("start", [1, 40 * MS, 50 * MS, 159 * MS])
def test_a_start_is_exact(tmp_path: Path, start: int) -> None:
    bare(tmp_path / "a.yuv", "yuv420p", 5)
    options = {"size": (34, 22)}
    wanted = [frame for frame in read(tmp_path / "a.yuv", **options) if frame.time_ns >= start]
    same_frames(read(tmp_path / "a.yuv", **options, start_ns=start), wanted)


@pytest.mark.parametrize(
    ("fmt", "tag"),
    [
        ("yuv420p", "420jpeg"),
        ("yuv420p10le", "420p10"),
        ("yuv422p10le", "422p10"),
        ("yuv444p12le", "444p12"),
        ("gray10le", "mono10"),
    ],
)
def test_y4m_of_any_depth(tmp_path: Path, fmt: str, tag: str) -> None:
    frames = [coded(34, 22, fmt, seed)[1] for seed in range(3)]
    content = b"".join(b"FRAME\n" + b"".join(row.tobytes() for row in rows) for rows in frames)
    (tmp_path / "a.y4m").write_bytes(f"YUV4MPEG2 W34 H22 F30000:1001 Ip A1:1 C{tag}\n".encode() + content)
    made = read(tmp_path / "a.y4m")
    for frame, rows in zip(made, frames, strict=True):
        assert [plane.tolist() for plane in frame.planes] == [row.tolist() for row in rows]
        assert frame.data_range == layout_of(fmt).data_range
    assert [frame.time_ns for frame in made] == [i * 1001 * 10**9 // 30000 for i in range(3)]
