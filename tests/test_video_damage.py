"""Damaged, cut and unreadable videos: what is marked, what is kept, one line per error."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from video_files import moving, read, spoil, write

from rtdiff.errors import SourceError
from rtdiff.sources.video import VideoSource


def test_damage_is_marked_until_the_next_key_frame(tmp_path: Path) -> None:
    path = spoil(write(tmp_path / "a.mp4", moving(count=48), g="12", bf="0", sc_threshold="0"), [15])
    made = read(path)
    marked = [frame.index for frame in made if frame.corrupt]
    assert len(made) >= 47
    assert marked
    assert min(marked) in (15, 16)
    assert max(marked) <= 23
    assert marked == list(range(min(marked), max(marked) + 1))


def test_a_lost_packet_of_a_transport_stream_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ts", moving(320, 240, 30), g="10", bf="0", sc_threshold="0")
    with av.open(str(path)) as container:
        lost = [p.pos for p in container.demux(video=0) if p.size][14] + 188
    content = path.read_bytes()
    path.write_bytes(content[:lost] + content[lost + 188 :])
    with av.open(str(path)) as container:
        assert not any(frame.is_corrupt for frame in container.decode(video=0)), "the decoder does not see it"
    made = read(path)
    assert len(made) in (29, 30)
    marked = [frame.index for frame in made if frame.corrupt]
    assert marked == list(range(13, len(made) - 10)), "up to the last key frame, the tenth from the end"


@pytest.mark.parametrize(
    ("name", "codec", "fmt", "marked"),
    [("a.mov", "prores_ks", "yuv422p10le", []), ("a.mkv", "ffv1", "yuv420p", [37, 38])],
)
def test_a_damaged_end_gives_the_same_frames_whatever_the_threads(
    tmp_path: Path, name: str, codec: str, fmt: str, marked: list[int]
) -> None:
    path = spoil(write(tmp_path / name, moving(count=40), codec, fmt, g="10"), [37])
    runs = [read(path, threads=threads) for threads in (1, 2, 8)]
    for run in runs:
        assert [frame.index for frame in run] == list(range(39))
        assert [frame.pts_ns for frame in run] == [frame.pts_ns for frame in runs[0]]
        assert [frame.index for frame in run if frame.corrupt] == marked
        for one, other in zip(run, runs[0], strict=True):
            assert one.corrupt or np.array_equal(one.luma, other.luma)


def test_a_cut_file_ends_with_what_there_is(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.mkv", moving(count=40), g="10").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) * 6 // 10])
    made = read(tmp_path / "cut.mkv")
    assert 10 < len(made) < 40
    assert not made[0].corrupt
    header = write(tmp_path / "b.mp4", moving(count=40), flags="faststart").read_bytes()
    with av.open(str(tmp_path / "b.mp4"), "r") as container:
        last = [p.pos for p in container.demux(video=0) if p.size][20]
    (tmp_path / "cut.mp4").write_bytes(header[: last + 60])
    assert 10 < len(read(tmp_path / "cut.mp4")) < 40


def encrypted(path: Path) -> None:
    plain = write(path.with_suffix(".mkv"), moving(count=10))
    key = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "76" * 16, "encryption_kid": "a7" * 16}
    with av.open(str(plain)) as given, av.open(str(path), "w", options=key) as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux():
            if packet.size:
                packet.stream = stream
                made.mux(packet)


def unknown(path: Path) -> None:
    path.write_bytes(write(path, moving(count=2)).read_bytes().replace(b"avc1", b"zzzz"))


MADE_BADLY: dict[str, tuple[Callable[[Path], Any], str]] = {
    "missing.mp4": (lambda path: None, "cannot be read"),
    "folder.mp4": (lambda path: path.mkdir(), "a folder"),
    "empty.mp4": (lambda path: path.touch(), "empty"),
    "text.mp4": (lambda path: path.write_text("hello\n" * 99), "text, not a video"),
    "noise.mp4": (lambda path: path.write_bytes(np.random.default_rng(1).bytes(9999)), "not a video"),
    "list.m3u8": (lambda path: path.write_text("#EXTM3U\n#EXTINF:1,\na.ts\n"), "playlist"),
    "list.mp4": (lambda path: path.write_text("ffconcat version 1.0\nfile a.mp4\n"), "playlist"),
    "picture.mp4": (lambda path: path.write_bytes(cv2.imencode(".png", np.zeros((9, 9)))[1]), "a picture"),
    "moov.mp4": (lambda path: path.write_bytes(write(path, moving()).read_bytes()[:3000]), "no index"),
    "secret.mp4": (encrypted, "encrypted"),
    "codec.mp4": (unknown, "codec"),
    "concat:a.mp4|b.mp4": (lambda path: None, "cannot be read"),
    "raw.yuv": (lambda path: path.write_bytes(np.random.default_rng(1).bytes(9999)), "raw samples"),
}


@pytest.mark.parametrize("name", MADE_BADLY)
def test_what_cannot_be_read_says_so_in_one_line(tmp_path: Path, name: str) -> None:
    prepare, why = MADE_BADLY[name]
    path = tmp_path / name
    prepare(path)
    with pytest.raises(SourceError, match=why) as raised:
        VideoSource(str(path))
    said = str(raised.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    assert "; " in said


@pytest.mark.parametrize(
    "uri",
    ["concat:{0}|{0}", "subfile,,start,0,end,999,,:{0}", "http://user:canary@127.0.0.1:9/a.mp4", "file:{0}"],
)
def test_a_path_is_never_a_protocol(tmp_path: Path, uri: str) -> None:
    path = write(tmp_path / "a.ts", moving(count=2))
    with pytest.raises(SourceError) as raised:
        VideoSource(uri.format(path))
    assert "canary" not in str(raised.value)


def test_too_many_pixels_are_refused_at_the_start_and_in_mid_stream(tmp_path: Path) -> None:
    small, large = write(tmp_path / "a.ts", moving(96, 64, 8)), write(tmp_path / "b.ts", moving(640, 480, 8))
    with pytest.raises(SourceError, match="640x480 is more than 100000 pixels"):
        VideoSource(str(large), max_pixels=100_000)
    (tmp_path / "c.ts").write_bytes(small.read_bytes() + large.read_bytes())
    assert {frame.size_wh for frame in read(tmp_path / "c.ts", max_pixels=100_000)} == {(96, 64)}
