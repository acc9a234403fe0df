"""One body that every source passes, and what the names of sources mean."""

import io
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtdiff.errors import SettingsError, SourceError
from rtdiff.records import Frame
from rtdiff.sources import Source, SourceInfo, open_source

COUNTER = "pyscenedetect/tests/resources/counter"
MANY = 12  # frames that are looked at
FDS = Path("/proc/self/fd")


@dataclass(frozen=True)
class Case:
    name: str
    uri: str
    kind: str
    size_wh: tuple[int, int]
    frames: int | None
    numbers: tuple[int, ...] = tuple(range(MANY))


CASES = [
    Case("picture", f"{{data}}/{COUNTER}/frame001.png", "picture", (1920, 1080), 1, (0,)),
    Case("jpeg", "{data}/cdnet-highway/input/in000001.jpg", "picture", (320, 240), 1, (0,)),
    Case("folder", f"{{data}}/{COUNTER}", "folder", (1920, 1080), 30),
    Case("printf", f"{{data}}/{COUNTER}/frame%03d.png", "folder", (1920, 1080), 30),
    Case(
        "printf with gaps",
        "{data}/cdnet-highway/input/in%06d.jpg",
        "folder",
        (320, 240),
        347,
        tuple(range(0, 120, 10)),
    ),
    Case("glob", "{data}/cdnet-highway/input/in0013*.jpg", "folder", (320, 240), 70),
    Case("file address", f"{{address}}/{COUNTER}", "folder", (1920, 1080), 30),
    Case("mp4", f"{{data}}/{COUNTER}.mp4", "video", (1920, 1080), None),
    Case("avi", "{data}/opencv-samples/vtest.avi", "video", (768, 576), None),
    Case("stdin", "-", "video", (480, 270), None, tuple(range(10))),
    Case("synthetic", "synthetic://shelf?size=320x240&frames=40", "synthetic", (320, 240), 40),
]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture
def opened(case: Case, data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Source]]:
    """Return what opens the case's source; stdin is a new pipe each time."""
    clip = data / "vmaf/python/test/resource/y4m/park_joy_420_720p50_frm0to9_480x270.y4m"
    ends: list[tuple[Any, threading.Thread]] = []

    def feed(write_end: int) -> None:
        with suppress(BrokenPipeError), os.fdopen(write_end, "wb") as pipe:
            pipe.write(clip.read_bytes())

    def one() -> Source:
        if case.uri == "-":
            read_end, write_end = os.pipe()
            stdin = io.TextIOWrapper(os.fdopen(read_end, "rb"))
            writer = threading.Thread(target=feed, args=(write_end,))
            writer.start()
            ends.append((stdin, writer))
            monkeypatch.setattr(sys, "stdin", stdin)
        return open_source(case.uri.format(data=data.as_posix(), address=data.as_uri()))

    yield one
    for stdin, writer in ends:
        stdin.close()
        writer.join()


def samples(frame: Frame) -> list[bytes]:
    return [plane.tobytes() for plane in (*frame.planes, frame.picture())]


def files_open(data: Path) -> list[str]:
    links = []
    for link in FDS.iterdir():
        with suppress(FileNotFoundError):
            links.append(str(link.readlink()))
    return [link for link in links if link.startswith(str(data))]


def test_it_says_what_it_is(opened: Callable[[], Source], case: Case) -> None:
    with opened() as source:
        info = source.info
        assert isinstance(info, SourceInfo)
        assert (info.kind, info.size_wh, info.frames) == (case.kind, case.size_wh, case.frames)
        assert info.name
        assert "\n" not in info.name
        assert info.fps is None or (isinstance(info.fps, Fraction) and info.fps > 0)
        assert info.duration_ns is None or info.duration_ns > 0
        first = next(iter(source))
        assert first.source == info.name
        assert first.size_wh == info.size_wh


def test_frames_are_whole_and_in_order(opened: Callable[[], Source], case: Case) -> None:
    with opened() as source:
        frames = list(islice(source, MANY))
    assert tuple(frame.index for frame in frames) == case.numbers
    assert frames[0].time_ns == 0
    assert all(isinstance(frame.time_ns, int) for frame in frames)
    assert all(a.time_ns < b.time_ns for a, b in pairwise(frames))
    for frame in frames:
        height, width = frame.luma.shape
        assert len(frame.planes) in (1, 3, 6)
        assert frame.luma is frame.planes[0]
        for plane in frame.planes:
            assert plane.ndim == 2
            assert plane.dtype in (np.uint8, np.uint16)
            assert plane.dtype.isnative
            assert plane.strides[1] == plane.itemsize, "samples of a row are contiguous"
            assert plane.shape[0] in (height, (height + 1) // 2)
            assert plane.shape[1] in (width, (width + 1) // 2)
            assert plane.max() <= frame.data_range
        picture = frame.picture()
        assert picture.shape == (height, width, 3)
        assert picture.dtype == np.uint8
        assert frame.picture() is picture, "made once"
        gray = picture @ np.array([0.114, 0.587, 0.299])
        assert np.corrcoef(gray.ravel()[::7], frame.luma.ravel()[::7])[0, 1] > 0.98, "luma comes first"


def test_what_is_held_stays_as_it_is(opened: Callable[[], Source], case: Case) -> None:
    source, held = opened(), []
    for frame in islice(source, MANY):
        held.append((frame, [plane.tobytes() for plane in frame.planes]))
    source.close()
    for frame, before in held:
        assert [plane.tobytes() for plane in frame.planes] == before
        assert frame.picture().any(), "also a picture made after the source was closed"


def test_iterating_again_starts_again_or_says_why_not(opened: Callable[[], Source], case: Case) -> None:
    with opened() as source:
        once = [(frame.index, frame.time_ns, samples(frame)) for frame in islice(source, 4)]
        if case.uri == "-":
            with pytest.raises(SourceError, match="stdin: a pipe can be read once; "):
                iter(source)
            return
        again = [(frame.index, frame.time_ns, samples(frame)) for frame in islice(source, 4)]
        assert again == once


def test_closing_ends_an_iteration(opened: Callable[[], Source], case: Case) -> None:
    source = opened()
    seen = 0
    for _ in source:
        seen += 1
        source.close()
        source.close()
        if seen == 3:
            break
    assert seen == 1 or case.kind == "synthetic"


@pytest.mark.skipif(not FDS.is_dir(), reason="needs /proc to list open files")
def test_no_file_stays_open(opened: Callable[[], Source], data: Path, case: Case) -> None:
    with opened() as source:
        next(iter(source))
    assert not files_open(data), "closed by with"
    for _ in opened():
        break
    assert not files_open(data), "left early, without with"
    source = opened()
    source.close()
    assert not files_open(data), "closed unread"
    if case.frames is None or case.frames < 100:
        assert sum(1 for _ in islice(opened(), 100)) in (1, 10, 30, 40, 70, 100)
        assert not files_open(data), "read to its end"


@pytest.mark.skipif(sys.platform == "win32", reason="'|' and ':' cannot be in a file's name")
@pytest.mark.parametrize(
    "name", ["frame001.txt", "frame001", "a.mp4", "100% [1]*.png", "-", "0", "synthetic:a"]
)
def test_content_decides_and_a_path_is_a_path(
    data: Path, tmp_path: Path, monkeypatch: Any, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(data / COUNTER / "frame001.png", tmp_path / name)
    assert open_source(tmp_path / name).info.kind == "picture"
    assert open_source(Path(name)).info.kind == "picture"
    if name not in ("-", "0"):
        assert open_source(name).info.kind == "picture"


def test_a_video_may_be_named_like_a_picture(data: Path, tmp_path: Path) -> None:
    shutil.copy(data / f"{COUNTER}.mp4", tmp_path / "a.png")
    assert open_source(str(tmp_path / "a.png")).info.kind == "video"
    (tmp_path / "b.png").write_text("<html>not found</html>")
    with pytest.raises(SourceError, match=r"b\.png: is an HTML page, not a picture; "):
        open_source(tmp_path / "b.png")


def test_stills_of_a_video_format_are_no_video(tmp_path: Path) -> None:
    assert "is HEIC" in said(_file(tmp_path / "a.heic", b"\0\0\0\x18ftypheic" + bytes(99)))


def test_a_stream_of_jpegs_is_not_shown_as_its_first_picture(data: Path, tmp_path: Path) -> None:
    jpegs = b"".join((data / f"cdnet-highway/input/in0013{n}.jpg").read_bytes() for n in (66, 67, 68))
    said(_file(tmp_path / "a.mjpeg", jpegs))


def test_stdin_is_a_picture_or_a_video_by_content(data: Path) -> None:
    code = (
        "from rtdiff.sources import open_source; s = open_source('-'); f = next(iter(s));"
        "print(s.info.name, s.info.kind, f.source, f.size_wh, int(f.luma.sum()))"
    )
    ask = [sys.executable, "-c", code]
    for file, kind in ((data / COUNTER / "frame001.png", "picture"), (data / f"{COUNTER}.mp4", "video")):
        luma = int(next(iter(open_source(file))).luma.sum())
        expected = f"stdin {kind} stdin (1920, 1080) {luma}\n"
        with file.open("rb") as content:  # an mp4 is sought in, although its first bytes were looked at
            assert subprocess.check_output(ask, stdin=content, text=True) == expected
        if kind == "picture":
            assert subprocess.check_output(ask, input=file.read_bytes()).decode() == expected


def test_a_file_address_may_hold_blanks(data: Path, tmp_path: Path) -> None:
    shutil.copy(data / COUNTER / "frame001.png", tmp_path / "a b.png")
    assert open_source((tmp_path / "a b.png").as_uri()).info.kind == "picture"
    with pytest.raises(SettingsError, match="not a file of this machine"):
        open_source("file://elsewhere/a.png")


def said(uri: str | Path, kind: type[Exception] = SourceError) -> str:
    with pytest.raises(kind) as caught:
        open_source(uri)
    text = str(caught.value)
    assert "\n" not in text
    subject, what = text.split(": ", 1)
    assert subject
    assert "; " in what, "says what to do"
    return text


@pytest.mark.parametrize(
    "uri",
    [
        f"{s}://user:canary@host/p?token=canary"
        for s in ("rtsp", "rtsps", "http", "https", "tcp", "udp", "rtmp")
    ]
    + ["RTSP://user:can@ary@host", "rtsp://user:can/ary@host", "0", "12", "/dev/video0", "/dev/v4l/by-id/x"],
)
def test_live_sources_are_refused_without_their_password(uri: str) -> None:
    text = said(uri)
    assert ": live sources are not in this version; " in text
    assert "ary" not in text


def test_an_unknown_scheme_names_the_known_ones() -> None:
    text = said("syntetic://shelf", SettingsError)
    assert "did you mean synthetic://?" in text
    assert "file://" in text
    assert "canary" not in said("s3://key:canary@host/x?t=canary", SettingsError)
    said("", SettingsError)
    said("synthetic://nowhere", SettingsError)


def test_what_is_missing_comes_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "Golden.png").write_bytes(b"x")
    assert said(tmp_path / "golden.pgn").endswith("did you mean Golden.png?")
    assert said(tmp_path / "zebra").endswith("no such file; check the name")
    assert "no folder" in said(tmp_path / "nowhere" / "golden.png")
    assert "did you mean" not in said(tmp_path / "Golden.png" / "x.png")
    said("a\0b.png")
    said("x" * 5000)
    said("a\nb.png")
    assert "empty" in said(_file(tmp_path / "none.png", b""))


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices have no path there")
def test_what_is_no_file_is_refused_before_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.mp4")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "lost").symlink_to("gone.png")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.png")
        assert "socket, not a file; " in said("socket.png")
    assert "named pipe, not a file; " in said("pipe.mp4")
    assert "device, not a file; " in said("/dev/zero")
    assert "mend the link" in said("loop")
    assert "mend the link" in said("lost")
    assert "named pipe" in said(tmp_path / "pipe.mp4")


def test_importing_costs_nothing() -> None:
    code = (
        "import sys, rtdiff.sources as s; print([m for m in ('cv2', 'av', 'numba') if m in sys.modules]);"
        "s.open_source('synthetic://flat'); print('av' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "False"]
