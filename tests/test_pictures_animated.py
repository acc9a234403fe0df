"""Frames of animations, pages of documents: which one, and drawn as a browser draws it."""

import io
import itertools
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from picture_files import MORE, RGB, chunk, coded, is_as_pillow_sees_it, over, pillow_bgra, said
from PIL import Image

from rtdiff.errors import SettingsError
from rtdiff.records import Frame
from rtdiff.sources.picture import read_picture_bytes

rng = np.random.default_rng(11)
HOW = list(itertools.product((0, 1, 2), (False, True)))  # dispose, blend


def pieces(count: int, kind: Any, still: bool) -> list[tuple[tuple[int, int, int, int], Any]]:
    """Return rectangles of a 19x13 animation and what they show, B, G, R, A."""
    made = []
    for number in range(count):
        width, height = (19, 13) if number == 0 and not still else rng.integers(1, (20, 14))
        left, top = rng.integers(0, (20 - width, 14 - height))
        bgra = rng.integers(0, np.iinfo(kind).max + 1, (height, width, 4)).astype(kind)
        draw = rng.random((height, width))
        bgra[..., 3] = np.where(draw < 0.3, 0, np.where(draw < 0.7, np.iinfo(kind).max, bgra[..., 3]))
        made.append(((int(left), int(top), int(width), int(height)), bgra))
    return made


def apng(parts: list[Any], still: Any = None) -> bytes:
    """Return an animated PNG of `parts`, which have every way to end and to blend in turn."""
    depth = parts[0][1].itemsize * 8
    out = [
        b"\x89PNG\r\n\x1a\n",
        chunk(b"IHDR", struct.pack(">IIBBBBB", 19, 13, depth, 6, 0, 0, 0)),
        chunk(b"acTL", struct.pack(">II", len(parts), 0)),
    ]
    if still is not None:
        out.append(chunk(b"IDAT", packed(still)))
    for number, ((left, top, width, height), bgra) in enumerate(parts):
        dispose, blend = HOW[number % 6]
        frame = (2 * number, width, height, left, top, 1, 10, dispose, blend)
        out.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", *frame)))
        first = number == 0 and still is None
        out.append(
            chunk(b"IDAT", packed(bgra))
            if first
            else chunk(b"fdAT", struct.pack(">I", 2 * number + 1) + packed(bgra))
        )
    return b"".join([*out, chunk(b"IEND", b"")])


def packed(bgra: Any) -> bytes:
    rows = bgra[..., [2, 1, 0, 3]].astype(bgra.dtype.newbyteorder(">"))
    return zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))


def drawn(parts: list[Any]) -> list[Any]:
    """Return every frame as the PNG specification says, in plain float arithmetic."""
    top = np.iinfo(parts[0][1].dtype).max
    canvas, frames = np.zeros((13, 19, 4)), []
    for number, ((x, y, width, height), bgra) in enumerate(parts):
        dispose, blend = HOW[number % 6]
        before = canvas.copy()
        area, new = canvas[y : y + height, x : x + width], bgra / top
        alpha = new[..., 3:] + area[..., 3:] * (1 - new[..., 3:])
        mixed = new[..., :3] * new[..., 3:] + area[..., :3] * area[..., 3:] * (1 - new[..., 3:])
        blended = np.dstack([mixed / np.where(alpha == 0, 1, alpha), alpha])
        area[:] = blended if blend else new
        frames.append(canvas.copy())
        if dispose == 1:
            area[:] = 0
        elif dispose == 2:
            canvas = before
    return frames


def is_drawn_so(frame: Frame, bgra: Any, tolerance: float) -> None:
    """Hold a frame against B, G, R, A of 0..1, over white and over black."""
    for plane, backdrop in ((0, 1), (3, 0)):
        seen = (bgra[..., :3] * bgra[..., 3:] + backdrop * (1 - bgra[..., 3:])).astype(np.float32)
        luma = cv2.cvtColor(seen, cv2.COLOR_BGR2GRAY)
        assert np.abs(frame.planes[plane] / frame.data_range - luma).max() <= tolerance


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("still", [False, True])
def test_apng_is_drawn_as_its_specification_says(kind: Any, still: bool) -> None:
    parts = pieces(8, kind, still)
    picture = rng.integers(0, 256, (13, 19, 4)).astype(kind) if still else None
    data = apng(parts, picture)
    frames = [read_picture_bytes(data, "a", frame=n) for n in range(8 + still)]
    for frame, expected in zip(frames[still:], drawn(parts), strict=True):
        is_drawn_so(frame, expected, 3 / 255)  # colours are rounded at each step, as in a browser
    if picture is not None:
        is_drawn_so(frames[0], picture / np.iinfo(kind).max, 1 / 255)
        assert frames[0].corrections[-1].before == "9 frames"
        assert "the still beside the animation" in frames[0].corrections[-1].detail
    assert [f.corrections[-1].after for f in frames] == [f"frame {n}" for n in range(8 + still)]


def test_apng_with_alpha_is_drawn_as_opencv_draws_it() -> None:
    data = apng(pieces(8, np.uint8, False))
    _, animation = cv2.imdecodeanimation(np.frombuffer(data, np.uint8))
    for number, bgra in enumerate(animation.frames):
        frame = read_picture_bytes(data, "a", frame=number)
        assert np.abs(frame.picture().astype(int) - over(bgra, 255)).max() <= 3


def gif(how: list[int], clear: int | None = 0) -> tuple[bytes, list[Any]]:
    """Return a GIF whose frames end as `how` says, and what its frames show; palette index 0 is clear."""
    colours = np.concatenate([[[9, 9, 9]], rng.integers(0, 256, (15, 3))]).astype(np.uint8)
    out = [b"GIF89a", struct.pack("<HHBBB", 19, 13, 0xF3, 5, 0), colours[:, ::-1].tobytes()]
    canvas, frames = np.zeros((13, 19, 4), np.uint8), []
    for number, dispose in enumerate(how):
        width, height = rng.integers(1, (20, 14)) if number != 1 else (19, 13)
        left, top = rng.integers(0, (20 - width, 14 - height))
        index = rng.integers(0, 16, (height, width)).astype(np.uint8)
        alone = Image.fromarray(index, "P")
        alone.putpalette(colours[:, ::-1].tobytes())
        file = io.BytesIO()
        alone.save(file, "GIF", optimize=False)
        whole = file.getvalue()
        image = whole.index(b",", 13 + (3 << ((whole[10] & 7) + 1)))
        place = struct.pack("<HH", int(left), int(top))
        control = struct.pack("<BBBBHBB", 0x21, 0xF9, 4, dispose << 2 | (clear is not None), 5, clear or 0, 0)
        out += [control, b",", place, whole[image + 5 : -1]]
        before = canvas.copy()
        area, new = canvas[top : top + height, left : left + width], index != clear
        area[new] = np.dstack([colours[index], np.full(index.shape, 255, np.uint8)])[new]
        frames.append(canvas.copy())
        if dispose == 2:
            area[:] = 0
        elif dispose == 3:
            canvas = before
    return b"".join([*out, b";"]), frames


@pytest.mark.parametrize("clear", [0, None])
def test_gif_is_drawn_as_browsers_draw_it(clear: int | None) -> None:
    data, frames = gif([0, 1, 2, 3, 1, 3, 2, 0, 7], clear)
    for number, bgra in enumerate(frames):
        frame = read_picture_bytes(data, "a", frame=number)
        assert np.array_equal(frame.picture(), over(bgra, 255)), number
        assert np.array_equal(frame.luma, cv2.cvtColor(over(bgra, 255), cv2.COLOR_BGR2GRAY))


# Not RGBA in GIF and PNG: Pillow draws these over each other in its own way.
@pytest.mark.parametrize(
    ("kind", "mode"),
    [*itertools.product(("WEBP", "AVIF", "TIFF"), ("RGB", "RGBA")), ("GIF", "RGB"), ("PNG", "RGB")],
)
def test_every_frame_is_as_pillow_shows_it(kind: str, mode: str) -> None:
    stack = []
    for number in range(4):
        bgra = np.zeros((23, 37, 4), np.uint8)
        bgra[3 + number : 12 + number, 5 * number : 5 * number + 9] = (40 * number, 200, 90, 255)
        stack.append(Image.fromarray(bgra).convert(mode))
    options: dict[str, Any] = {"WEBP": {"lossless": True}, "AVIF": {"quality": 100, "subsampling": "4:4:4"}}
    data = coded(stack[0], kind, save_all=True, append_images=stack[1:], **options.get(kind, {}))
    for number in range(4):
        frame = read_picture_bytes(data, "a", frame=number)
        is_as_pillow_sees_it(frame, pillow_bgra(data, number), 3 if kind == "AVIF" else 0)


def test_pages_of_a_document_have_their_own_size_depth_and_orientation() -> None:
    deep = Image.fromarray(np.arange(24, dtype=np.uint16).reshape(4, 6) * 2700)
    pages = [RGB, deep, RGB.convert("CMYK").resize((9, 5)), RGB.convert("1")]
    data = coded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    frames = [read_picture_bytes(data, "a.tif", frame=n) for n in range(4)]
    assert [f.size_wh for f in frames] == [(37, 23), (6, 4), (9, 5), (37, 23)]
    assert np.array_equal(frames[1].luma, np.array(deep))
    assert [told.before for told in frames[2].corrections] == ["4 frames", "CMYK"]
    assert "9x5 pixels" not in said(data, max_pixels=850, frame=3)
    assert read_picture_bytes(data, "a", max_pixels=850, frame=2).size_wh == (9, 5)


@pytest.mark.parametrize("kind", ["TIFF", "WEBP"])
def test_every_frame_is_turned_as_the_file_says(kind: str) -> None:
    exif = Image.Exif()
    exif[274] = 6
    options: dict[str, Any] = {"tiffinfo": {274: 6}} if kind == "TIFF" else {"exif": exif.tobytes()}
    data = coded(RGB, kind, lossless=True, **MORE, **options)
    for number in (0, 2):
        frame = read_picture_bytes(data, "a", frame=number)
        turned = np.rot90(pillow_bgra(data, number)[..., :3], -1)
        expected = pillow_bgra(data, number)[..., :3] if kind == "TIFF" else turned
        assert np.array_equal(frame.picture(), expected), "Pillow turns TIFF itself"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "GIF"])
def test_a_still_has_one_frame(kind: str) -> None:
    data = coded(RGB, kind)
    assert read_picture_bytes(data, "a").frames == 1
    assert "there is no frame 2, it holds one picture, 0; change --frame" in said(
        data, kind=SettingsError, frame=2
    )


def test_a_frame_with_a_wrong_checksum_is_refused_when_it_is_wanted() -> None:
    data = bytearray(coded(RGB, "PNG", **MORE))
    data[data.rindex(b"fdAT") + 30] ^= 1
    assert read_picture_bytes(bytes(data), "a", frame=1).frames == 3
    assert "wrong checksum of fdAT" in said(bytes(data), frame=2)


def test_the_command_says_which_of_how_many_on_each_side(tmp_path: Path) -> None:
    RGB.save(tmp_path / "a.png")
    (tmp_path / "b.gif").write_bytes(coded(RGB, "GIF", **MORE))

    def run(*options: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "rtdiff", "a.png", "b.gif", *options]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        return done.returncode, done.stdout, done.stderr

    _, out, _ = run()
    assert "frame_choice of test: 3 frames -> frame 0" in out
    assert "frame_choice of reference" not in out
    _, out, _ = run("--frame", "0,1", "--json", "-")
    told = json.loads(out)
    assert (told["reference"]["frames"], told["test"]["frames"]) == (1, 3)
    assert [c["to"] for c in told["corrections"] if c["kind"] == "frame_choice"] == ["frame 1"]
    code, out, err = run("--frame", "1")
    assert (code, out) == (2, "")
    assert err == "rtdiff: a.png: there is no frame 1, it holds one picture, 0; change --frame\n"
