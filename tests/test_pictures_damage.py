"""Pictures that are damaged, cut short, too large, or none at all, and names that lead elsewhere."""

import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_files import RGB, WHOLE, coded, one_line, png, said, said_of
from PIL import Image

from rtdiff.errors import RtdiffError
from rtdiff.sources.picture import read_picture_bytes

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
