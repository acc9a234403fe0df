"""Pictures that were changed at random or on purpose, and damage that only libjpeg notices."""

import os
import random
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from picture_files import MORE, RGB, WHOLE, chunk, coded, made, one_line

from rtdiff.errors import RtdiffError
from rtdiff.sources.heard import native_messages
from rtdiff.sources.picture import read_picture_bytes

MORE_KINDS = {
    "WebP animated": coded(RGB, "WEBP", **MORE),
    "AVIF animated": coded(RGB, "AVIF", **MORE),
    "JPEG in TIFF": coded(RGB, "TIFF", compression="jpeg"),
    "palette": coded(made("P"), "PNG"),
}
KINDS = WHOLE | MORE_KINDS
NUMBERS = (0, 1, 255, 65_535, 1 << 20, 0x7FFFFFFF, 0xFFFFFFFF)


def changed(data: bytes, rng: random.Random) -> bytes:
    """Return `data` with bytes changed, numbers made extreme, parts lost, doubled or cut off."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        place = rng.randrange(min(len(out), rng.choice((200, 1 << 30))) or 1)
        way = rng.random()
        if way < 0.6:
            out[place : place + 1] = rng.randbytes(1)
        elif way < 0.75:
            out[place : place + 4] = struct.pack(rng.choice("<>") + "I", rng.choice(NUMBERS))
        elif way < 0.85:
            del out[place : place + rng.randrange(1, 9)]
        elif way < 0.95:
            out[place:place] = rng.randbytes(rng.randrange(1, 9))
        else:
            del out[place + 1 :]
    return bytes(out)


def mended(data: bytes) -> bytes:
    """Return a PNG with right checksums, as far as its chunks can be followed."""
    out, place = [data[:8]], 8
    while place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        out.append(chunk(kind, data[place + 8 : place + 8 + min(length, len(data))]))
        place += 12 + length
    return b"".join(out)


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_changed_gives_a_picture_or_one_line(kind: str) -> None:
    rng = random.Random(kind)
    for _ in range(50):
        data = changed(KINDS[kind], rng)
        if data.startswith(b"\x89PNG"):
            data = mended(data)
        for number in (0, rng.randrange(1, 4)):
            try:
                frame = read_picture_bytes(data, "a", max_pixels=10**6, frame=number)
            except RtdiffError as error:
                one_line(error)
            else:
                assert frame.picture().dtype == np.uint8
                assert frame.luma.size <= 10**6


def test_junk_between_the_segments_of_a_jpeg_is_left_out(capfd: Any) -> None:
    clean = WHOLE["JPEG"]
    tables = clean.index(b"\xff\xdb")
    junked = clean[:tables] + b"junk" + clean[tables:]
    assert np.array_equal(read_picture_bytes(junked, "a").picture(), read_picture_bytes(clean, "a").picture())
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="libjpeg's words cannot be caught there")
def test_a_jpeg_damaged_in_its_middle_is_refused_by_the_command(tmp_path: Path) -> None:
    whole = coded(RGB.resize((400, 300)), "JPEG", quality=95)
    middle = len(whole) // 2
    damaged = whole[:middle] + whole[middle + 1000 :]
    (tmp_path / "a.jpg").write_bytes(whole)
    (tmp_path / "b.jpg").write_bytes(damaged)
    for names in (("a.jpg", "b.jpg"), ("b.jpg", "a.jpg"), ("a.jpg", "-"), ("-", "a.jpg")):
        command = [sys.executable, "-m", "rtdiff", *names]
        done = subprocess.run(command, input=damaged, capture_output=True, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, b"")
        (line,) = done.stderr.decode().splitlines()
        guilty = "stdin" if "-" in names else "b.jpg"
        assert line.startswith(
            f"rtdiff: {guilty}: the JPEG data are damaged (premature end of data segment); "
        )
    assert len(read_picture_bytes(damaged, "b.jpg").planes) == 3, "a library leaves stderr alone"


def test_what_native_code_says_is_caught_and_stderr_comes_back(capfd: Any) -> None:
    with native_messages() as said:
        os.write(2, b"one\n")
        os.write(2, b"x" * 200_000)
    os.write(2, b"after")
    assert said[0] == "one" or sys.platform == "win32"
    assert capfd.readouterr().err.endswith("after")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux")
def test_twelve_megapixels_with_alpha_need_their_planes_and_little_else(tmp_path: Path) -> None:
    code = """if True:
        import sys, cv2, numpy as np
        from rtdiff.sources.picture import read_picture
        def peak():
            return int(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1]) // 1024
        before = peak()
        frames = [read_picture(sys.argv[1]) for _ in range(2)]
        assert len(frames[1].planes) == 6
        assert not any(frame._made for frame in frames)
        print(peak() - before)
        assert frames[1].picture().shape == (3000, 4000, 3)
    """
    ramp = np.tile(np.arange(4000).astype(np.uint8), (3000, 1))
    cv2.imwrite(str(tmp_path / "a.png"), cv2.merge([ramp] * 4))
    command = [sys.executable, "-c", code, str(tmp_path / "a.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # Twice six planes of 12 MB, one picture of 48 MB while it is split, and some libraries.
    assert int(done.stdout) < 144 + 48 + 40
