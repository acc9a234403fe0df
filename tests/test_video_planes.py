"""Planes, light and orientation of video frames, against the samples that were written."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from video_files import coded, kinds, moving, read, write

from rtdiff.sources.hdr import tone_mapped
from rtdiff.sources.look import make_look
from rtdiff.sources.planes import Orientation, layout_of, planes_of
from rtdiff.sources.video import VideoSource

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


DEEP = ["gbrp10le", "rgb48le", "rgba64le"]


@pytest.mark.parametrize("fmt", ["bgr24", "rgb24", "gbrp", "bgra", "rgba", "pal8", "bgr0", "rgb565le", *DEEP])
def test_rgb_becomes_full_range_bt601(tmp_path: Path, fmt: str) -> None:
    picture = np.full((20, 30, 3), (0, 0, 248), np.uint8)  # red, exact in 565 too
    picture[:10] = 255
    frame = av.VideoFrame.from_ndarray(picture, "bgr24")
    if fmt == "pal8":
        palette = np.array([[255, 255, 255, 255], [255, 248, 0, 0]], np.uint8)  # A R G B
        full = np.vstack([palette, np.zeros((254, 4), np.uint8)])
        frame = av.VideoFrame.from_ndarray(((picture[..., 0] == 0).astype(np.uint8), full), "pal8")
    made = read(write(tmp_path / "a.nut", [frame], "rawvideo", fmt))[0]
    assert (made.color_range, made.matrix) == ("full", "bt601")
    assert made.data_range == (65535 if fmt in DEEP else 255)
    y, cb, cr = (int(plane[15, 15]) * 255 / made.data_range for plane in made.planes)
    assert abs(y - 0.299 * 248) < 2
    assert cb < 90
    assert cr > 240
    assert made.luma[0, 0] >= made.data_range * 254 // 255
    assert np.abs(made.picture().astype(int) - picture).max() <= 8
    assert ("alpha" in kinds(made)) == (fmt in ("bgra", "rgba", "rgba64le"))


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


# Code values of PQ (ST 2084) and HLG (BT.2100), from the light of a screen in cd/m2, in double precision.
def pq(light: np.ndarray) -> np.ndarray:
    power = (light / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg(light: np.ndarray) -> np.ndarray:
    scene = (light / 1000) ** (1 / 1.2)  # of gray: BT.2100's OOTF with a gamma of 1.2
    return np.where(
        scene <= 1 / 12,
        np.sqrt(3 * scene),
        0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073,
    )


@pytest.mark.parametrize(("transfer", "code"), [(16, pq), (18, hlg)])
def test_pictures_of_hdr_are_for_a_screen_and_planes_as_coded(
    tmp_path: Path, transfer: int, code: Any
) -> None:
    light = np.array([0, 5, 50, 80, 203, 500, 1000.0])
    luma = np.rint(64 + 876 * code(light)).astype(np.uint16).repeat(16)[None].repeat(16, 0)
    frame = av.VideoFrame(luma.shape[1], 16, "yuv420p10le")
    for plane, values in zip(
        frame.planes, (luma, *[np.full((8, luma.shape[1] // 2), 512, np.uint16)] * 2), strict=True
    ):
        padded = np.zeros((plane.height, plane.line_size // 2), np.uint16)
        padded[:, : plane.width] = values
        plane.update(padded)

    def set_up(stream: Any) -> None:
        for one in (stream.codec_context, frame):
            one.color_range, one.colorspace, one.color_trc, one.color_primaries = 1, 9, transfer, 9

    path = write(tmp_path / "a.mkv", [frame], "ffv1", "yuv420p10le", set_up=set_up)
    with VideoSource(str(path)) as source:
        made = next(iter(source))
        assert [(note.kind, note.before) for note in source.info.shown] == [
            ("tone_map", "pq" if transfer == 16 else "hlg")
        ]
    assert np.array_equal(made.luma, luma)
    assert not kinds(made), "what is compared is as coded"
    picture = made.picture()[8, 8::16].astype(int)
    assert np.ptp(picture, axis=1).max() <= 2, "gray stays gray"
    shown = picture[:, 1]
    assert all(a < b for a, b in pairwise(shown))
    assert (shown[0], shown[-1]) == (0, 255)
    linear = np.array([5, 50, 80]) / 203  # below the bend of the curve: light as it is
    assert np.abs(shown[1:4] - 255 * (1.055 * linear ** (1 / 2.4) - 0.055)).max() <= 2
    assert 200 < shown[4] < 235, "diffuse white leaves room for what is brighter"


def test_red_of_hdr_is_red(tmp_path: Path) -> None:
    red = np.array([[[0.0173, 0.0690, 0.6274]]]) * 100  # B, G, R of BT.709's red in BT.2020, cd/m2 (BT.2087)
    codes = np.rint(65535 * pq(red)).astype(np.uint16).repeat(16, 0).repeat(16, 1)
    picture = tone_mapped(codes, "pq", True)[8, 8].astype(int)
    assert picture[2] == pytest.approx(255 * (1.055 * (100 / 203) ** (1 / 2.4) - 0.055), abs=6)
    assert picture[:2].max() <= 12


def test_interlaced_and_wide_pixels_are_told(tmp_path: Path) -> None:
    def set_up(stream: Any) -> None:
        stream.codec_context.sample_aspect_ratio = Fraction(16, 11)

    made = read(write(tmp_path / "a.mp4", moving(), set_up=set_up, **{"x264-params": "interlaced=1:tff=1"}))[
        0
    ]
    assert {c.kind: c.before for c in made.corrections} == {"aspect": "16:11", "interlaced": "fields"}
