"""One body that every sink passes, then what each of them promises."""

import json
import os
import subprocess
import sys
import textwrap
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from rtdiff.errors import SettingsError, SinkError
from rtdiff.records import Event, Frame, Tick
from rtdiff.reports.events import event_line
from rtdiff.reports.ids import IdMaker
from rtdiff.sinks import TABLE, log, sink_class
from rtdiff.sinks.background import Background
from rtdiff.sinks.log import LogSink
from rtdiff.sinks.still import ENDINGS, write_picture
from rtdiff.sinks.video import VideoSink
from rtdiff.views.painter import Painter

IDS = IdMaker()
CHANCE = np.random.default_rng(1)
UNPRIVILEGED = not hasattr(os, "geteuid") or os.geteuid() != 0


def make_event(seq: int = 1, **extra) -> Event:
    when = "2026-11-23T10:15:02.123Z"
    return Event(IDS.make(1_795_515_302_123 + seq), seq, "heartbeat", "door", when, 10**9 * seq, extra=extra)


def make_tick(index: int = 0, time_ns: int = 0, size_wh=(64, 48), level: int = 100) -> Tick:
    picture = np.full((size_wh[1], size_wh[0], 3), level, np.uint8)
    frame = Frame((picture[:, :, 0],), 255, "full", "bt601", time_ns, index, "door", lambda: picture)
    return Tick(frame, "live", time_ns)


def noise(height: int, width: int) -> np.ndarray:
    return CHANCE.integers(0, 256, (height, width, 3)).astype(np.uint8)


def plain(tick, diff):
    return tick.frame.picture()


def open_log(folder: Path) -> LogSink:
    return LogSink(folder / "events.jsonl", event_line)


def open_video(folder: Path) -> VideoSink:
    return VideoSink(folder / "out.mp4", Painter())


OPENERS = {"log": open_log, "video": open_video}
MISPLACED = {
    "log": lambda path: LogSink(path / "x.jsonl", event_line),
    "video": lambda path: VideoSink(path / "x.mp4", plain),
}


def lines_of(path: Path) -> list[dict]:
    text = path.read_bytes()
    assert text == b"" or text.endswith(b"\n")
    return [json.loads(line) for line in text.splitlines()]


def times_of(path: Path) -> list[Fraction]:
    with av.open(str(path)) as video:
        stream = video.streams.video[0]
        return [frame.pts * stream.time_base for frame in video.decode(stream)]


# Every sink


def test_every_row_of_the_table_is_tested():
    assert OPENERS.keys() == TABLE.keys() == MISPLACED.keys()


@pytest.mark.parametrize("name", TABLE)
def test_face(name, tmp_path):
    made = sink_class(name)
    assert isinstance(made.wants_picture, bool)
    with OPENERS[name](tmp_path) as sink:
        assert type(sink) is made
        for index in range(3):
            sink.write(make_tick(index, index * 10**8), None, [make_event(index + 1)])
            sink.write(Tick(None, "stalled", index * 10**8 + 1), None, [])
    sink.close()
    written = list(tmp_path.iterdir())
    assert len(written) == 1, "one file, nothing half beside it"
    assert written[0].stat().st_size > 0


@pytest.mark.parametrize("name", TABLE)
def test_a_wrong_place_is_told_at_the_start(name, tmp_path):
    with pytest.raises(SinkError, match="does not exist; create it first") as caught:
        MISPLACED[name](tmp_path / "missing")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not UNPRIVILEGED, reason="root may write anywhere")
@pytest.mark.parametrize("name", TABLE)
def test_no_permission_is_told_at_the_start(name, tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SinkError, match="cannot be written"):
            MISPLACED[name](tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_unknown_sink_is_refused():
    with pytest.raises(SettingsError, match="choose from log, video"):
        sink_class("telex")


def limited(body: str, folder: Path, most: int) -> str:
    """Run `body` where no file may grow beyond `most` bytes: the way a full disk behaves."""
    pytest.importorskip("resource")
    code = f"""
        import resource, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from test_sinks import *
        folder = Path({str(folder)!r})
        def limit(most):
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
        limit({most})
    """
    code = textwrap.dedent(code) + textwrap.dedent(body)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# The log


def test_log_is_readable_after_every_write_and_appends(tmp_path):
    path = tmp_path / "events.jsonl"
    for start in (1, 4):
        with LogSink(path, event_line) as sink:
            for seq in range(start, start + 3):
                sink.write(make_tick(), None, [make_event(seq, score=float("inf"))])
                assert [line["seq"] for line in lines_of(path)] == list(range(1, seq + 1))
    assert lines_of(path)[0]["score"] == "inf"


@pytest.mark.parametrize("left", [b'{"seq": 1', b'{"seq": 1}\n', b""])
def test_log_begins_on_a_fresh_line(tmp_path, left):
    path = tmp_path / "events.jsonl"
    path.write_bytes(left)
    with LogSink(path, event_line) as sink:
        sink.write(make_tick(), None, [make_event(2)])
    lines = path.read_bytes().splitlines()
    assert json.loads(lines[-1])["seq"] == 2
    assert lines[:-1] == ([left.strip()] if left else [])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let an open file be moved")
def test_log_that_was_moved_is_begun_anew(tmp_path):
    path = tmp_path / "events.jsonl"
    sink = LogSink(path, event_line)
    sink.write(make_tick(), None, [make_event(1)])
    path.rename(tmp_path / "events.jsonl.1")
    sink.write(make_tick(), None, [make_event(2)])
    path.unlink()
    sink.write(make_tick(), None, [make_event(3)])
    sink.close()
    assert [line["seq"] for line in lines_of(path)] == [3]
    assert [line["seq"] for line in lines_of(tmp_path / "events.jsonl.1")] == [1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let an open file be moved")
def test_log_goes_on_when_its_folder_returns(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    sink = LogSink(folder / "events.jsonl", event_line)
    folder.rename(tmp_path / "gone")
    with pytest.raises(SinkError, match="does not exist"):
        sink.write(make_tick(), None, [make_event(1)])
    folder.mkdir()
    sink.write(make_tick(), None, [])
    sink.write(make_tick(), None, [make_event(2)])
    sink.close()
    assert [line["seq"] for line in lines_of(folder / "events.jsonl")] == [1, 2]


def test_log_on_a_full_disk_keeps_whole_lines_and_catches_up(tmp_path):
    one = len(event_line(make_event(1)).encode())
    said = limited(
        """
        sink = open_log(folder)
        for seq in range(1, 5):
            try:
                sink.write(make_tick(), None, [make_event(seq)])
            except SinkError as error:
                print(error)
        assert [line["seq"] for line in lines_of(folder / "events.jsonl")] == [1, 2]
        limit(resource.RLIM_INFINITY)
        sink.write(make_tick(), None, [])
        sink.close()
        """,
        tmp_path,
        one * 2 + one // 2,
    )
    assert said.count("cannot be written") == 2
    assert [line["seq"] for line in lines_of(tmp_path / "events.jsonl")] == [1, 2, 3, 4]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let an open file be moved")
def test_log_keeps_a_bounded_number_of_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(log, "WAITING_MOST", 3)
    (tmp_path / "logs").mkdir()
    sink = LogSink(tmp_path / "logs" / "events.jsonl", event_line)
    (tmp_path / "logs").rename(tmp_path / "gone")
    for seq in range(1, 6):
        with pytest.raises(SinkError):
            sink.write(make_tick(), None, [make_event(seq)])
    (tmp_path / "gone").rename(tmp_path / "logs")
    sink.close()
    assert sink.dropped == 2
    assert [line["seq"] for line in lines_of(tmp_path / "logs" / "events.jsonl")] == [3, 4, 5]


def test_log_to_stdout_is_the_lines_and_nothing_else(capfdbinary):
    with LogSink("-", event_line) as sink:
        sink.write(make_tick(), None, [make_event(1), make_event(2)])
        out = capfdbinary.readouterr().out
        assert [json.loads(line)["seq"] for line in out.splitlines()] == [1, 2]
    os.write(1, b"stdout is still open\n")
    assert capfdbinary.readouterr().out == b"stdout is still open\n"


def test_log_to_a_reader_that_has_gone():
    code = (
        "from test_sinks import *\nimport time\nsink = LogSink('-', event_line)\nsys.stdin.read()\n"
        "try:\n    sink.write(make_tick(), None, [make_event(1)])\n"
        "except SinkError as error:\n    sys.stderr.write(str(error))"
    )
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent, **pipes) as child:
        child.stdout.close()
        child.stdin.close()
        assert child.stderr.read().startswith(b"stdout: cannot be written (")
        assert child.wait(30) == 0


def test_log_refuses_what_is_no_file(tmp_path):
    with pytest.raises(SinkError, match="is a folder"):
        LogSink(tmp_path, event_line)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(SinkError, match="neither a file nor a terminal"):
            LogSink(tmp_path / "pipe", event_line)


# The video


@pytest.mark.parametrize("frames", [1, 2, 9])
@pytest.mark.parametrize("ending", [".mp4", ".m4v", ".mov", ".mkv"])
def test_video_is_valid_after_any_number_of_frames(tmp_path, frames, ending):
    path = tmp_path / f"out{ending}"
    with VideoSink(path, plain) as sink:
        for index in range(frames):
            sink.write(make_tick(index, 10**9 + index * 40_000_000, (65, 47), 20 * index), None, [])
        assert not path.exists(), "nothing is there before it is whole"
    with av.open(str(path)) as video:
        stream = video.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (66, 48)
        levels = [float(f.to_ndarray(format="bgr24").mean()) for f in video.decode(stream)]
    assert levels == pytest.approx([20 * i for i in range(frames)], abs=3)
    assert list(tmp_path.iterdir()) == [path]


def test_video_keeps_the_times_of_an_uneven_source(tmp_path):
    path = tmp_path / "out.mp4"
    times = [0, 33_366_667, 66_733_333, 66_733_333, 1_000_000_000, 7_250_000_000]
    with VideoSink(path, plain, Fraction(30_000, 1001)) as sink:
        for index, time_ns in enumerate(times):
            sink.write(make_tick(index, 5 * 10**9 + time_ns), None, [])
    shown = [float(time) for time in times_of(path)]
    assert shown == pytest.approx([t / 1e9 for t in times], abs=2 / 90_000)
    assert len(set(shown)) == len(times)
    with av.open(str(path)) as video:
        length = video.streams.video[0].duration * video.streams.video[0].time_base
    assert float(length) == pytest.approx(7.25 + 1001 / 30_000, abs=0.001), "players show the last frames"


def test_video_starts_at_its_first_byte(tmp_path):
    with open_video(tmp_path) as sink:
        sink.write(make_tick(), None, [])
    data = (tmp_path / "out.mp4").read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_video_colours_are_tagged_and_true(tmp_path):
    path = tmp_path / "out.mp4"
    red = np.zeros((720, 1280, 3), np.uint8)
    red[:] = (20, 30, 220)
    with VideoSink(path, lambda tick, diff: red) as sink:
        sink.write(make_tick(), None, [])
    with av.open(str(path)) as video:
        frame = next(video.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (1, 1)
        shown = frame.to_ndarray(format="bgr24", src_colorspace="ITU709")[360, 640]
    assert shown.astype(int) == pytest.approx(red[0, 0].astype(int), abs=4)


def test_video_scales_a_picture_of_another_size(tmp_path):
    with open_video(tmp_path) as sink:
        for index, size in enumerate([(64, 48), (128, 96), (30, 31), (64, 48)]):
            sink.write(make_tick(index, index * 10**8, size, 60), None, [])
    assert len(times_of(tmp_path / "out.mp4")) == 4


def test_video_without_a_frame_is_no_file_and_says_so(tmp_path):
    sink = open_video(tmp_path)
    sink.write(Tick(None, "connecting", 0), None, [])
    with pytest.raises(SinkError, match="no frame was written"):
        sink.close()
    sink.close()
    assert list(tmp_path.iterdir()) == []


def test_video_is_whole_when_an_error_ends_the_run(tmp_path):
    def run(ticks: int) -> None:
        with open_video(tmp_path) as sink:
            for index in range(ticks):
                sink.write(make_tick(index), None, [])
            raise RuntimeError("the run")

    with pytest.raises(RuntimeError, match="the run") as caught:
        run(0)
    assert "no frame was written" in caught.value.__notes__[0], (
        "told beside the first error, not instead of it"
    )
    with pytest.raises(RuntimeError, match="the run"):
        run(1)
    assert len(times_of(tmp_path / "out.mp4")) == 1


def test_video_leaves_the_old_file_alone_until_it_is_whole(tmp_path):
    (tmp_path / "out.mp4").write_bytes(b"old")
    sink = open_video(tmp_path)
    sink.write(make_tick(), None, [])
    assert (tmp_path / "out.mp4").read_bytes() == b"old"
    sink.close()
    assert len(times_of(tmp_path / "out.mp4")) == 1
    with pytest.raises(SinkError, match="is closed"):
        sink.write(make_tick(), None, [])


@pytest.mark.parametrize("name", ["out.avi", "out", "out.mp4.txt"])
def test_video_refuses_an_ending(tmp_path, name):
    with pytest.raises(SinkError, match=r"use \.mp4, \.m4v, \.mov, \.mkv"):
        VideoSink(tmp_path / name, plain)
    assert list(tmp_path.iterdir()) == []


def test_video_on_a_full_disk_leaves_nothing_half(tmp_path):
    said = limited(
        """
        sink = VideoSink(folder / "out.mp4", lambda tick, diff: noise(240, 320))
        try:
            for index in range(60):
                sink.write(make_tick(index, index * 40_000_000), None, [])
        except SinkError as error:
            print(error)
        try:
            sink.close()
        except SinkError as error:
            print(error)
        """,
        tmp_path,
        200_000,
    )
    assert "out.mp4: cannot be written (" in said
    assert list(tmp_path.iterdir()) == []


# Stills


@pytest.mark.parametrize("ending", [*ENDINGS, ".PNG"])
def test_still_comes_back(tmp_path, ending):
    picture = cv2.GaussianBlur(
        np.random.default_rng(1).integers(0, 256, (50, 70, 3)).astype(np.uint8), (9, 9), 3
    )
    path = tmp_path / f"ü{ending}"
    path.write_bytes(b"old")
    write_picture(path, picture)
    back = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    exact = ending.lower() in (".png", ".tif", ".tiff", ".bmp")
    assert cv2.absdiff(back, picture).max() <= (0 if exact else 40)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "why"),
    [("out.svg", "'.svg' is not one"), ("out", "no ending"), ("no/out.png", "folder .*no does not exist")],
)
def test_still_refuses(tmp_path, name, why):
    with pytest.raises(SinkError, match=why) as caught:
        write_picture(tmp_path / name, np.zeros((4, 4, 3), np.uint8))
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_still_too_large_for_its_format(tmp_path):
    wide = np.zeros((1, 70_000, 3), np.uint8)
    for ending in (".jpg", ".webp", ".gif"):
        with pytest.raises(SinkError, match=r"70000x1 does not fit .* write a \.png"):
            write_picture(tmp_path / f"out{ending}", wide)
    write_picture(tmp_path / "out.png", wide)


def test_still_on_a_full_disk_keeps_the_old_one(tmp_path):
    (tmp_path / "out.png").write_bytes(b"old")
    said = limited(
        """
        try:
            write_picture(folder / "out.png", noise(99, 99))
        except SinkError as error:
            print(error)
        """,
        tmp_path,
        5_000,
    )
    assert "cannot be written" in said
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("out.png", b"old")]


def test_still_through_a_link_and_with_usual_permissions(tmp_path):
    (tmp_path / "real.png").write_bytes(b"old")
    try:
        (tmp_path / "link.png").symlink_to(tmp_path / "real.png")
    except OSError:
        pytest.skip("no right to make a link")
    write_picture(tmp_path / "link.png", np.zeros((4, 4, 3), np.uint8))
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "real.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "touched").touch()
    assert (tmp_path / "real.png").stat().st_mode == (tmp_path / "touched").stat().st_mode


# Behind a thread


def test_background_writes_all_in_order(tmp_path):
    with Background(open_log(tmp_path)) as sink:
        for seq in range(1, 50):
            sink.write(make_tick(), None, [make_event(seq)])
    assert [line["seq"] for line in lines_of(tmp_path / "events.jsonl")] == list(range(1, 50))
    assert sink.dropped == 0


def test_background_does_not_wait_for_a_reader_that_hangs():
    code = (
        "import time\nfrom test_sinks import *\nsink = Background(LogSink('-', event_line), most=50)\n"
        "for seq in range(1, 3000):\n    sink.write(make_tick(), None, [make_event(seq)])\n"
        "    time.sleep(0.001 * (seq < 900))\n"  # the thread fills the pipe before anything is dropped
        "try:\n    sink.close()\n"
        "except SinkError as error:\n    sys.stderr.write(f'{sink.dropped} {error}')"
    )
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent, **pipes) as child:
        dropped, said = child.stderr.read().decode().split(" ", 1)
        assert child.wait(30) == 0
        lines = child.stdout.read().splitlines(keepends=True)
    assert said.startswith("output: nobody reads it, 50 events were not written")
    assert int(dropped) > 1000
    whole = [json.loads(line)["seq"] for line in lines if line.endswith(b"\n")]
    assert whole == sorted(whole)
    assert len(whole) > 50


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let an open file be moved")
def test_background_tells_the_error_of_its_thread(tmp_path):
    (tmp_path / "logs").mkdir()
    sink = Background(open_log(tmp_path / "logs"))
    (tmp_path / "logs").rename(tmp_path / "gone")
    sink.write(make_tick(), None, [make_event(1)])
    with pytest.raises(SinkError, match="does not exist"):
        sink.close()


def test_background_is_not_for_pictures(tmp_path):
    with open_video(tmp_path) as video:
        video.write(make_tick(), None, [])
        with pytest.raises(ValueError, match="wants pictures"):
            Background(video)
