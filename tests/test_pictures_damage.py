"""Pictures that are damaged, cut short, too large, or none at all, and names that lead elsewhere."""

import os
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_files import RGB, RGBA, WHOLE, coded, one_line, png, said, said_of
from PIL import Image

from rtdiff.errors import RtdiffError, SourceError
from rtdiff.records import Frame
from rtdiff.sources.paths import read_whole
from rtdiff.sources.picture import PictureSource, read_picture, read_picture_bytes

# Damage


@pytest.mark.parametrize("kind", WHOLE)
def test_cut_at_any_byte_is_refused(kind: str, capfd: Any) -> None:
    whole = WHOLE[kind]
    read_picture_bytes(whole, "a")
    step = max(1, len(whole) // 150)
    for length in [*range(0, len(whole), step), len(whole) - 2, len(whole) - 1]:
        said(whole[:length])
    assert capfd.readouterr().err == ""


def test_a_cut_photo_is_refused(data: Path, capfd: Any) -> None:
    assert "cut short" in said_of(data / "scikit-image/src/_skimage2/data/truncated.jpg")
    assert "no end marker" in said(WHOLE["thumbnail"][:-2]), "the one of the thumbnail does not count"
    photo = (data / "exif-orientation/Landscape_3.jpg").read_bytes()
    assert "no end marker" in said(photo[: len(photo) // 2])
    assert capfd.readouterr().err == ""


@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_changed_bytes_give_a_picture_or_one_line(kind: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE[kind])
    for place, value in changes:
        data[place % len(data)] = value
    try:
        frame = read_picture_bytes(bytes(data), "a", max_pixels=10**6)
    except RtdiffError as error:
        one_line(error)
    else:
        assert frame.picture().dtype == np.uint8


def test_too_little_data_under_right_checksums_is_refused() -> None:
    rows = zlib.compress(b"\0" * (3 * 8 + 1) * 8)
    assert read_picture_bytes(png(8, 8, rows), "a").size_wh == (8, 8)
    said(png(8, 9, rows))


def test_what_libpng_warns_of_is_left_out(capfd: Any) -> None:
    rows = zlib.compress(b"\0" * (3 * 8 + 1) * 8)
    extra = ((b"iCCP", b"x\0\0" + zlib.compress(b"no profile")), (b"tIME", b"?"), (b"hIST", b"?"))
    assert read_picture_bytes(png(8, 8, rows, *extra), "a").size_wh == (8, 8)
    assert capfd.readouterr().err == ""


# Size


def bombs() -> dict[str, bytes]:
    side = 20_000
    wide = struct.pack("<I", side - 1)[:3]
    return {
        "PNG": png(side, side, zlib.compress(b"\0" * 10**6)),
        "JPEG": WHOLE["JPEG"].replace(struct.pack(">HH", 23, 37), struct.pack(">HH", side, side)),
        "GIF": WHOLE["GIF"][:6] + struct.pack("<HH", side, side) + WHOLE["GIF"][10:],
        "BMP": WHOLE["BMP"][:18] + struct.pack("<ii", side, -side) + WHOLE["BMP"][26:],
        "WebP": b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + wide + wide + b"\0\0\0\0",
        "PNM": b"P6 # a comment\n20000 20000 255\n",
        "TIFF": WHOLE["TIFF"].replace(
            struct.pack("<HHIHH", 256, 4, 1, 37, 0), struct.pack("<HHII", 256, 4, 1, side**2)
        ),
        "AVIF": WHOLE["AVIF"].replace(struct.pack(">II", 37, 23), struct.pack(">II", side, side)),
        "JPEG 2000": WHOLE["JPEG2000"].replace(struct.pack(">II", 23, 37), struct.pack(">II", side, side)),
    }


@pytest.mark.parametrize("kind", bombs())
def test_a_bomb_is_refused_by_its_header(kind: str) -> None:
    assert "pixels are more than the 200000000 allowed; " in said(bombs()[kind])


def test_a_bomb_is_never_decoded() -> None:
    data = bombs()["PNG"]
    begun = time.process_time()
    said(data)
    assert time.process_time() - begun < 1, "decoding takes six seconds and two gigabytes"


def test_the_cap_is_a_setting() -> None:
    data = coded(RGB, "PNG")
    assert "37x23 pixels are more than the 850 allowed; " in said(data, max_pixels=850)
    assert read_picture_bytes(data, "a", max_pixels=851).size_wh == (37, 23)
    assert "0x5 pixels" in said(png(0, 5, b""))


def test_long_and_small_pictures() -> None:
    line = Image.new("RGB", (65_500, 1), (1, 2, 3))
    for kind in ("PNG", "JPEG", "TIFF", "BMP"):
        assert read_picture_bytes(coded(line, kind), "a").size_wh == (65_500, 1)
        assert read_picture_bytes(coded(line.crop((0, 0, 1, 1)), kind), "a").size_wh == (1, 1)


def test_opencv_is_capped_before_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    RGB.save(path)
    code = (
        "import os, sys; from rtdiff.sources.picture import read_picture; assert 'cv2' not in sys.modules;"
        f"read_picture({str(path)!r}); print(os.environ['OPENCV_IO_MAX_IMAGE_PIXELS'])"
    )
    for wanted in (None, "5"):
        env = {k: v for k, v in os.environ.items() if k != "OPENCV_IO_MAX_IMAGE_PIXELS"}
        env |= {"OPENCV_IO_MAX_IMAGE_PIXELS": wanted} if wanted else {}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
        if wanted is None:
            assert done.stdout.strip() == "200000000"
        else:
            assert "a.png: more pixels than OpenCV was started with; set OPENCV_IO" in done.stderr


# What a name may lead to


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty; "),
        (b"<!DOCTYPE html><html>404</html>", "is an HTML page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is SVG; render it"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><svg/>", "is SVG; render it"),
        (b"just some words\n", "is text, not a picture; "),
        (b"\x89PNG\n\x1a\n" + bytes(50), "has a damaged PNG signature; copy it again, not as text"),
        (bytes(range(200)), "is not a picture; give PNG, JPEG, "),
        (b"%PDF-1.7", "is a PDF, which is not read; "),
        (b"\0\0\0\x18ftypheic", "is HEIC, which is not read; convert it to PNG"),
    ],
)
def test_what_is_no_picture_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert f"a.png: {words}" in said_of(path)


def test_content_decides_and_not_the_ending(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(coded(RGB, "PNG"))
    assert np.array_equal(read_picture(tmp_path / "a.jpg").picture(), np.array(RGB)[..., ::-1])


@pytest.mark.skipif(sys.platform == "win32", reason="such names and files do not exist there")
def test_strange_names_and_files(tmp_path: Path) -> None:
    strange = tmp_path / "a\nb.png"
    strange.write_bytes(coded(RGB, "PNG"))
    assert "\n" not in read_picture(strange).source
    strange.write_bytes(b"")
    assert "a b.png: is empty" in said_of(strange)
    (tmp_path / "loop.png").symlink_to("loop.png")
    said_of(tmp_path / "loop.png")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s.png")) if len(str(tmp_path)) < 90 else pytest.skip("path too long")
        assert "is a socket" in said_of(tmp_path / "s.png")
    assert "is a device" in said_of("/dev/zero")
    assert "is a folder, not a file; " in said_of(tmp_path)
    (tmp_path / "link.png").symlink_to(strange)
    strange.write_bytes(coded(RGB, "PNG"))
    assert read_picture(tmp_path / "link.png").size_wh == (37, 23)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes of this kind")
def test_pictures_come_through_named_pipes(tmp_path: Path) -> None:
    data = coded(RGB.resize((400, 300)), "PPM")  # more than a pipe holds
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    began = time.monotonic()
    with pytest.raises(SourceError, match=r"nobody wrote to it for 0\.3 s; start the writer first"):
        read_whole(pipe, 0.3)
    assert time.monotonic() - began < 20
    writer = threading.Thread(target=slowly, args=(pipe, data))
    writer.start()
    assert read_picture(pipe).size_wh == (400, 300)
    writer.join()
    writer = threading.Thread(target=slowly, args=(pipe, data[:5000]))
    writer.start()
    said_of(pipe)
    writer.join()


def slowly(pipe: Path, data: bytes) -> None:
    time.sleep(0.1)
    with pipe.open("wb") as file:
        for place in range(0, len(data), 100_000):
            file.write(data[place : place + 100_000])
            file.flush()
            time.sleep(0.1)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="the shell has no process substitution here")
def test_process_substitution(tmp_path: Path) -> None:
    RGB.save(tmp_path / "a.png")
    line = f"exec {sys.executable} -m rtdiff <(cat a.png) <(sleep 0.2; cat a.png)"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("SAME")


def test_a_missing_file_comes_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "Golden.png").write_bytes(b"x")
    assert said_of(tmp_path / "golden.pgn").endswith("no such file; did you mean Golden.png?")
    assert said_of(tmp_path / "zebra.tif").endswith("no such file; check the name")
    assert "there is no folder" in said_of(tmp_path / "no" / "golden.png")
    said_of(tmp_path / "Golden.png" / "x.png")
    said_of("a\0b.png")
    said_of("x" * 5000)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(coded(RGB, "PNG"))
    path.chmod(0)
    assert "permission denied; " in said_of(path)


def test_a_file_replaced_while_it_is_read_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    RGB.save(path)
    with PictureSource(str(path)) as source:
        path.write_bytes(b"gone")
        assert np.array_equal(next(iter(source)).picture(), np.array(RGB)[..., ::-1])
    with pytest.raises(SourceError, match="closed"):
        next(iter(source))


def test_credentials_stay_out_of_names() -> None:
    frame = read_picture_bytes(coded(RGB, "PNG"), "http://user:canary@host/a.png")
    assert frame.source == "http://***@host/a.png"
    assert "canary" not in said(b"", "http://user:canary@host/a.png")


def test_what_was_read_can_be_kept() -> None:
    frame = read_picture_bytes(coded(RGBA, "PNG"), "a")
    kept = frame.copy()
    assert len(kept.planes) == 6
    assert kept.corrections == frame.corrections
    checks: list[Callable[[Frame], Any]] = [lambda f: f.picture(), lambda f: f.luma]
    assert all(np.array_equal(check(kept), check(frame)) for check in checks)
