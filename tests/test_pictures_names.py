"""What the name of a picture may lead to: nothing, no picture, a pipe, and names that are strange."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from picture_files import RGB, RGBA, coded, said, said_of

from rtdiff.errors import SourceError
from rtdiff.records import Frame
from rtdiff.sources.paths import read_whole
from rtdiff.sources.picture import PictureSource, read_picture, read_picture_bytes


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
