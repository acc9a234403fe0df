"""Between B, G, R and Y, Cb, Cr; arrays as frames."""

import tracemalloc
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtdiff.errors import SettingsError
from rtdiff.records import Correction
from rtdiff.sources.arrays import frame_from_array
from rtdiff.sources.colour import bgr_to_planes, over_white_and_black, planes_to_bgr

KR_KB = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}
DTYPES = [np.uint8, np.uint16]


def noise(shape: tuple[int, ...], dtype: Any = np.uint8, top: int | None = None) -> Any:
    largest = np.iinfo(dtype).max if top is None else top
    return np.random.default_rng(sum(shape)).integers(0, largest + 1, shape).astype(dtype)


def from_bgr(matrix: str) -> Any:
    """Return the matrix that makes Y, Cb, Cr of B, G, R, all of them 0..1 or -0.5..0.5."""
    kr, kb = KR_KB[matrix]
    y = np.array([kb, 1 - kr - kb, kr])
    cb = (np.array([1, 0, 0]) - y) / (2 * (1 - kb))
    cr = (np.array([0, 0, 1]) - y) / (2 * (1 - kr))
    return np.stack([y, cb, cr])


@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from(DTYPES), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_luma_is_opencv_gray_bit_for_bit(height: int, width: int, dtype: Any, seed: int) -> None:
    bgr = np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, (height, width, 3)).astype(dtype)
    y, cb, cr = bgr_to_planes(bgr)
    assert np.array_equal(y, cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY))
    b, g, r = np.moveaxis(bgr.astype(np.int64), 2, 0)
    assert np.array_equal(y, (b * 3735 + g * 19235 + r * 9798 + (1 << 14)) >> 15)
    assert y.dtype == cb.dtype == cr.dtype == dtype
    assert y.shape == cb.shape == cr.shape == (height, width)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.uint8, 1), (np.uint16, 20)])
def test_chroma_is_that_of_bt601(dtype: Any, tolerance: int) -> None:
    bgr = noise((300, 700, 3), dtype)  # several bands of rows
    top = np.iinfo(dtype).max
    exact = np.rint(bgr @ from_bgr("bt601").T + [0, (top + 1) // 2, (top + 1) // 2]).clip(0, top)
    for plane, expected in zip(bgr_to_planes(bgr)[1:], np.moveaxis(exact, 2, 0)[1:], strict=True):
        assert np.abs(plane - expected).max() <= tolerance


@pytest.mark.parametrize("dtype", DTYPES)
def test_gray_has_no_chroma(dtype: Any) -> None:
    top = np.iinfo(dtype).max
    levels = np.linspace(0, top, 1024).astype(dtype).reshape(1, -1, 1).repeat(3, 2)
    y, cb, cr = bgr_to_planes(levels)
    assert np.array_equal(y, levels[..., 0])
    assert set(np.unique(cb)) == set(np.unique(cr)) == {(top + 1) // 2}


@pytest.mark.parametrize("shape", [(4, 1), (1, 4), (1, 1), (300, 70)])
def test_chroma_of_ten_bit_is_that_of_ten_bit(shape: tuple[int, int]) -> None:
    bgr = noise((*shape, 3), np.uint16, 1023)
    bgr[0, 0] = 1023, 0, 0
    planes = bgr_to_planes(bgr, data_range=1023)
    exact = np.rint(bgr @ from_bgr("bt601").T + [0, 512, 512]).clip(0, 1023)
    assert max(np.abs(plane - exact[..., k]).max() for k, plane in enumerate(planes)) <= 1
    frame = frame_from_array(bgr, data_range=1023)
    assert all(np.array_equal(one, other) for one, other in zip(frame.planes, planes, strict=True))
    assert np.abs(planes_to_bgr(planes, 1023).astype(int) - np.rint(bgr * (255 / 1023))).max() <= 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_given_planes_are_used_and_nothing_big_is_allocated(dtype: Any) -> None:
    bgr = noise((1080, 1920, 3), dtype)
    out = tuple(np.zeros((1080, 1920), dtype) for _ in range(3))
    tracemalloc.start()
    try:
        planes = bgr_to_planes(bgr, out)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 80_000, "64 KiB of scratch, and small change"
    for plane, buffer, fresh in zip(planes, out, bgr_to_planes(bgr), strict=True):
        assert plane is buffer
        assert np.array_equal(plane, fresh)


@pytest.mark.parametrize("matrix", KR_KB)
@pytest.mark.parametrize("color_range", ["full", "limited"])
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_planes_become_the_picture_they_stand_for(matrix: str, color_range: str, bits: int) -> None:
    top, unit = (1 << bits) - 1, 1 << (bits - 8)
    dtype = np.uint8 if bits == 8 else np.uint16
    planes = tuple(np.moveaxis(noise((40, 61, 3), dtype, top), 2, 0).copy())
    y, cb, cr = (plane.astype(float) for plane in planes)
    if color_range == "limited":
        levels = [
            (y - 16 * unit) / (219 * unit),
            (cb - 128 * unit) / (224 * unit),
            (cr - 128 * unit) / (224 * unit),
        ]
    else:
        levels = [y / top, (cb - 128 * unit) / top, (cr - 128 * unit) / top]
    expected = (np.stack(levels, 2) @ np.linalg.inv(from_bgr(matrix)).T * 255).clip(0, 255)
    shown = planes_to_bgr(planes, top, color_range, matrix)
    assert shown.dtype == np.uint8
    assert np.abs(shown - expected).max() <= 0.51
    gray = planes_to_bgr(planes[:1], top, color_range, matrix)
    assert np.abs(gray - (levels[0] * 255).clip(0, 255)[..., None]).max() <= 0.51


def test_subsampled_chroma_is_spread_over_odd_sizes() -> None:
    y = noise((35, 51))
    small = (np.full((18, 26), 90, np.uint8), np.full((18, 26), 160, np.uint8))
    large = tuple(np.full(y.shape, level, np.uint8) for level in (90, 160))
    assert np.array_equal(planes_to_bgr((y, *small), 255), planes_to_bgr((y, *large), 255))
    ramp = np.arange(0, 240, 8, dtype=np.uint8).reshape(1, -1).repeat(10, 0)
    blue = planes_to_bgr((np.full((20, 60), 100, np.uint8), ramp, np.full_like(ramp, 128)), 255)[..., 0]
    assert (np.diff(blue[5].astype(int)) >= 0).all()
    assert np.abs(np.diff(blue[5].astype(int))).max() <= 8, "between the samples, not in steps"


def test_there_and_back_again() -> None:
    bgr = noise((64, 64, 3))
    back = planes_to_bgr(bgr_to_planes(bgr), 255)
    assert np.abs(back.astype(int) - bgr).max() <= 2


def test_every_colour_over_white_and_black_is_the_nearest_integer() -> None:
    colour, alpha = (plane.astype(np.uint8) for plane in np.mgrid[0:256, 0:256])
    white, black = over_white_and_black(np.dstack([colour] * 3 + [alpha]))
    c, a = colour.astype(int), alpha.astype(int)
    assert np.array_equal(black[..., 1], (c * a + 127) // 255)
    assert np.array_equal(white[..., 2], (c * a + 255 * (255 - a) + 127) // 255)


def test_sixteen_bit_over_white_and_black_is_the_nearest_integer() -> None:
    bgr, alpha = noise((97, 101, 3), np.uint16), noise((97, 101), np.uint16)
    bgr[0], alpha[0] = 65535, 65535
    white, black = over_white_and_black(np.dstack([bgr, alpha]))
    c, a = bgr.astype(int), alpha.astype(int)[..., None]
    assert np.array_equal(black, (c * a + 32767) // 65535)
    assert np.array_equal(white, (c * a + 65535 * (65535 - a) + 32767) // 65535)


def test_gray_arrays_are_looked_at_where_they_are() -> None:
    for gray in (noise((9, 7)), noise((9, 20))[:, 3:11], noise((9, 7, 1)), noise((9, 7), np.uint16)):
        frame = frame_from_array(gray, data_range=None if gray.dtype == np.uint8 else 65535)
        assert np.shares_memory(frame.luma, gray)
        assert len(frame.planes) == 1
        assert frame.size_wh == (gray.shape[1], gray.shape[0])
    assert frame.picture().shape == (9, 7, 3)


@pytest.mark.parametrize("view", ["reversed", "mirrored", "rgb", "transposed", "cut"])
def test_views_are_read_as_they_look(view: str) -> None:
    base = noise((12, 12, 3))
    bgr = {
        "reversed": base[::-1],
        "mirrored": base[:, ::-1],
        "rgb": base[..., ::-1],
        "transposed": base.transpose(1, 0, 2),
        "cut": base[2:9, 3:8],
    }[view]
    for array in (bgr, bgr[..., 0]):
        frame, plain = frame_from_array(array), frame_from_array(np.ascontiguousarray(array))
        for plane, expected in zip(frame.planes, plain.planes, strict=True):
            assert np.array_equal(plane, expected)
            assert plane.strides[1] == 1
            assert plane.strides[0] >= plane.shape[1]
        assert np.array_equal(frame.picture(), plain.picture())


def test_colour_arrays_use_the_buffers_of_a_pool() -> None:
    taken: list[Any] = []

    def take(shape: tuple[int, ...], dtype: Any) -> Any:
        taken.append(np.empty(shape, dtype))
        return taken[-1]

    bgr = noise((30, 40, 3))
    frame = frame_from_array(bgr, take=take, index=7, time_ns=9, source="lens")
    assert all(plane is buffer for plane, buffer in zip(frame.planes, taken, strict=True))
    assert (frame.index, frame.time_ns, frame.source, frame.matrix) == (7, 9, "lens", "bt601")
    assert frame.picture() is bgr


def test_transparent_arrays_have_six_planes_and_opaque_ones_three() -> None:
    bgra = noise((20, 30, 4))
    frame = frame_from_array(bgra)
    white, black = over_white_and_black(bgra)
    for plane, expected in zip(frame.planes, (*bgr_to_planes(white), *bgr_to_planes(black)), strict=True):
        assert np.array_equal(plane, expected)
    assert np.array_equal(frame.picture(), white)
    assert [told.kind for told in frame.corrections] == ["alpha"]
    assert isinstance(frame.corrections[0], Correction)
    bgra[..., 3] = 255
    frame = frame_from_array(bgra)
    assert (len(frame.planes), frame.corrections) == (3, ())


def test_depth_of_arrays() -> None:
    assert frame_from_array(np.array([[True, False]])).luma.tolist() == [[255, 0]]
    wide = noise((5, 6), np.uint16, 1023)
    frame = frame_from_array(wide, data_range=1023)
    assert frame.data_range == 1023
    assert np.array_equal(frame.picture()[..., 0], np.rint(wide * (255 / 1023)))
    swapped = wide.astype(wide.dtype.newbyteorder())
    assert np.array_equal(frame_from_array(swapped, data_range=1023).luma, wide)
    assert frame_from_array(swapped, data_range=1023).luma.dtype.isnative


@pytest.mark.parametrize(
    ("array", "options", "words"),
    [
        ([[1, 2]], {}, "a list is not a picture; "),
        (np.zeros((4, 4)), {}, "samples are float64, not uint8 or uint16; "),
        (np.zeros((4, 4), np.int16), {}, "samples are int16"),
        (np.zeros((4, 4), np.uint32), {}, "samples are uint32"),
        (np.zeros((4, 4), object), {}, "samples are object"),
        (np.zeros((4,), np.uint8), {}, r"shape \(4,\) is not a picture; "),
        (np.zeros((4, 4, 2), np.uint8), {}, r"shape \(4, 4, 2\) is not a picture; "),
        (np.zeros((0, 4), np.uint8), {}, r"shape \(0, 4\) holds no pixel; "),
        (np.zeros((4, 4), np.uint16), {}, "uint16 samples do not say their depth; give data_range=1023"),
        (np.zeros((4, 4), np.uint16), {"data_range": 1000}, "data_range 1000 is no depth; "),
        (np.full((4, 4), 1024, np.uint16), {"data_range": 1023}, "a sample is 1024, above data_range 1023; "),
        (np.zeros((4, 4), np.uint8), {"data_range": 1023}, "data_range 1023 does not fit uint8 samples; "),
        (np.zeros((4, 4, 4), np.uint16), {"data_range": 1023}, "alpha needs data_range 255 or 65535"),
    ],
)
def test_other_arrays_are_refused_in_one_line(array: Any, options: dict[str, int], words: str) -> None:
    with pytest.raises(SettingsError, match=f"^mine: {words}") as caught:
        frame_from_array(array, source="mine", **options)
    assert "\n" not in str(caught.value)
