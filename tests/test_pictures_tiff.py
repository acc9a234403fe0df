"""TIFF of every photometric interpretation and depth, built by hand; right, or one clear line."""

import struct
from typing import Any

import cv2
import numpy as np
import pytest
from picture_files import said

from rtdiff.sources.picture import read_picture_bytes

WIDTH, HEIGHT = 16, 6
rng = np.random.default_rng(5)


def tiff(samples: Any, bits: int, photometric: int, extra: int | None = None, **more: list[int]) -> bytes:
    """Return an uncompressed little-endian TIFF of (H, W, samples); `more` is t320=[..] and the like."""
    count = samples.shape[2]
    width = [(samples[..., None] >> np.arange(bits - 1, -1, -1)) & 1]
    body = np.packbits(width[0].reshape(HEIGHT, -1).astype(np.uint8), axis=1).tobytes()
    if bits in (16, 32):
        body = samples.astype(f"<u{bits // 8}").tobytes()
    tags = {256: [WIDTH], 257: [HEIGHT], 258: [bits] * count, 259: [1], 262: [photometric]}
    tags |= {273: [0], 277: [count], 278: [HEIGHT], 279: [len(body)]}
    if extra is not None:
        tags[338] = [extra] * (count - 3 if photometric == 2 else 1)
    tags |= {int(key[1:]): values for key, values in more.items()}
    place = 8 + 2 + 12 * len(tags) + 4
    entries, tail = b"", b""
    for tag, values in sorted(tags.items()):
        long = tag in (273, 279)
        packed = struct.pack(f"<{len(values)}{'I' if long else 'H'}", *values)
        if len(packed) > 4:
            at, tail = struct.pack("<I", place + len(tail)), tail + packed
        else:
            at = packed.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, 4 if long else 3, len(values)) + at
    whole = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + b"\0\0\0\0" + tail
    strips = struct.pack("<HHII", 273, 4, 1, 0)
    return whole.replace(strips, strips[:-4] + struct.pack("<I", len(whole))) + body


@pytest.mark.parametrize("bits", [1, 8, 10, 12, 14, 16])
@pytest.mark.parametrize("white_is_0", [False, True])
def test_gray_of_any_depth_and_direction(bits: int, white_is_0: bool) -> None:
    samples = rng.integers(0, 1 << bits, (HEIGHT, WIDTH, 1))
    top = (1 << bits) - 1
    frame = read_picture_bytes(tiff(samples, bits, 0 if white_is_0 else 1), "a.tif")
    shown = top - samples[..., 0] if white_is_0 else samples[..., 0]
    assert np.array_equal(frame.luma, np.rint(shown * (frame.data_range / top)))
    assert frame.data_range == (255 if bits <= 8 else 65535)
    assert [told.kind for told in frame.corrections] == (["depth"] if bits in (10, 12, 14) else [])


@pytest.mark.parametrize("bits", [4, 8])
def test_palette(bits: int) -> None:
    index, palette = rng.integers(0, 1 << bits, (HEIGHT, WIDTH, 1)), rng.integers(0, 256, (3, 1 << bits))
    data = tiff(index, bits, 3, t320=(palette * 257).ravel().tolist())
    bgr = palette[::-1, index[..., 0]].transpose(1, 2, 0).astype(np.uint8)
    assert np.array_equal(read_picture_bytes(data, "a").picture(), bgr)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("multiplied", [False, True])
def test_alpha_multiplied_or_not(bits: int, multiplied: bool) -> None:
    top = (1 << bits) - 1
    rgba = rng.integers(0, top + 1, (HEIGHT, WIDTH, 4))
    if multiplied:
        rgba[..., :3] = rgba[..., :3] * rgba[..., 3:] // top
    frame = read_picture_bytes(tiff(rgba, bits, 2, 1 if multiplied else 2), "a")
    black = rgba[..., 2::-1] if multiplied else (rgba[..., 2::-1] * rgba[..., 3:] + top // 2) // top
    for plane, backdrop in ((0, top - rgba[..., 3:]), (3, 0)):
        expected = cv2.cvtColor((black + backdrop).astype(f"u{bits // 8}"), cv2.COLOR_BGR2GRAY)
        assert np.array_equal(frame.planes[plane], expected)


def test_what_loses_bits_or_alpha_says_so() -> None:
    frame = read_picture_bytes(tiff(rng.integers(0, 65536, (HEIGHT, WIDTH, 2)), 16, 1, 2), "a")
    assert [(told.kind, told.before) for told in frame.corrections] == [("depth", 16), ("alpha", "LA")]


@pytest.mark.parametrize(
    ("bits", "photometric", "count", "words"),
    [
        (2, 1, 1, "has samples of 2 bit, which are not read; convert it to 8 bit"),
        (4, 0, 1, "has samples of 4 bit, which are not read; convert it to 8 bit"),
        (4, 2, 3, "has samples of 4 bit, which are not read; convert it to 8 bit"),
        (8, 2, 5, "has 5 samples a pixel, which are not read; convert it to RGB"),
        (16, 5, 4, "holds ink of 16 bit, which is not read; convert it to RGB"),
        (32, 1, 1, "samples are uint32; convert them to 8 or 16 bit"),
    ],
)
def test_what_is_not_read_is_named(bits: int, photometric: int, count: int, words: str) -> None:
    samples = rng.integers(0, 1 << min(bits, 16), (HEIGHT, WIDTH, count))
    extra = 0 if count == 5 else None
    assert words in said(tiff(samples, bits, photometric, extra))
