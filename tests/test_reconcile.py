"""Two frames made comparable: sizes, depths, planes; a still in a stream's format."""

import cv2
import numpy as np
import pytest

from rtdiff.errors import SettingsError
from rtdiff.reconcile import convert, fit_still, match_pair
from rtdiff.records import Frame
from rtdiff.sources.arrays import frame_from_array
from rtdiff.sources.colour import planes_to_bgr


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def video_frame(bgr: np.ndarray, matrix: str, color_range: str, data_range: int = 255) -> Frame:
    """Return what a stream of that matrix, range and depth would hold, 4:2:0."""
    height, width = bgr.shape[:2]
    kr, kb = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}[matrix]
    blue, green, red = (bgr[..., k] / 255.0 for k in range(3))
    y = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - y) / (2 * (1 - kb)), (red - y) / (2 * (1 - kr))
    unit = (data_range + 1) / 256
    black, luma, chroma = (
        (16 * unit, 219 * unit, 224 * unit) if color_range == "limited" else (0, data_range, data_range)
    )
    planes = [y * luma + black]
    for c in (cb, cr):
        halved = c.reshape(height // 2, 2, width // 2, 2).mean((1, 3))
        planes.append(halved * chroma + 128 * unit)
    kind = np.uint8 if data_range == 255 else np.uint16
    made = tuple(np.clip(np.rint(p), 0, data_range).astype(kind) for p in planes)
    return Frame(made, data_range, color_range, matrix, 0, 0, "v", lambda: bgr)


@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
@pytest.mark.parametrize("color_range", ["full", "limited"])
@pytest.mark.parametrize("data_range", [255, 1023])
def test_a_still_becomes_what_the_stream_holds(matrix: str, color_range: str, data_range: int) -> None:
    bgr = picture(60, 80)
    stream = video_frame(bgr, matrix, color_range, data_range)
    still = fit_still(frame_from_array(bgr), stream)
    for have, want in zip(still.planes, stream.planes, strict=True):
        assert have.shape == want.shape
        assert have.dtype == want.dtype
        assert np.abs(have.astype(int) - want).max() <= 2 * (data_range + 1) // 256
    kinds = {c.kind for c in still.corrections}
    assert ("matrix" in kinds) == (matrix != "bt601")
    assert ("range" in kinds) == (color_range != "full")
    assert ("depth" in kinds) == (data_range != 255)


def test_pure_red_is_no_difference_between_matrices() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 2] = 255
    stream = video_frame(red, "bt709", "limited")
    still = fit_still(frame_from_array(red), stream)
    assert (
        max(int(np.abs(a.astype(int) - b).max()) for a, b in zip(still.planes, stream.planes, strict=True))
        <= 1
    )


def test_converting_there_shows_the_same_picture() -> None:
    bgr = picture(40, 60)
    stream = video_frame(bgr, "bt709", "limited", 1023)
    there = convert(frame_from_array(bgr), stream)
    back = planes_to_bgr(there.planes, 1023, "limited", "bt709")
    assert np.abs(back.astype(int) - bgr).mean() < 4  # chroma was halved


@pytest.mark.parametrize(("policy", "size"), [("pad", (90, 70)), ("crop", (80, 60))])
def test_sizes(policy: str, size: tuple[int, int]) -> None:
    a, b = picture(60, 90), picture(70, 80)
    first, second = match_pair(frame_from_array(a), frame_from_array(b), policy)
    assert first.size_wh == second.size_wh == size
    assert first.picture().shape == (size[1], size[0], 3)
    for made, original in ((first, a), (second, b)):
        h, w = min(original.shape[0], size[1]), min(original.shape[1], size[0])
        np.testing.assert_array_equal(made.luma[:h, :w], cv2.cvtColor(original, cv2.COLOR_BGR2GRAY)[:h, :w])
    assert [c.kind for c in first.corrections + second.corrections] == [policy, policy]


def test_the_padded_strip_is_as_different_as_can_be() -> None:
    a, b = picture(60, 90), picture(60, 80)
    first, second = match_pair(frame_from_array(a), frame_from_array(b), "pad")
    strip = np.abs(first.luma[:, 80:].astype(int) - second.luma[:, 80:])
    assert strip.min() >= 127


def test_scale_is_test_to_reference() -> None:
    first, second = match_pair(frame_from_array(picture(60, 90)), frame_from_array(picture(30, 45)), "scale")
    assert first.corrections == ()
    assert second.size_wh == (90, 60)
    (told,) = second.corrections
    assert (told.kind, told.before, told.after) == ("scale", [45, 30], [90, 60])


def test_fail_names_both_sizes() -> None:
    with pytest.raises(SettingsError, match=r"90x60.*80x60"):
        match_pair(frame_from_array(picture(60, 90)), frame_from_array(picture(60, 80)), "fail")


def test_depths_meet_at_the_greater() -> None:
    shallow = picture(20, 30)
    deep = shallow.astype(np.uint16) * 257
    first, second = match_pair(frame_from_array(shallow), frame_from_array(deep, data_range=65535), "pad")
    assert first.data_range == second.data_range == 65535
    assert np.abs(first.luma.astype(int) - second.luma).max() <= 257


def test_gray_meets_colour_and_opaque_meets_transparent() -> None:
    gray = picture(20, 30)[..., 0]
    first, second = match_pair(frame_from_array(gray), frame_from_array(np.stack([gray] * 3, axis=2)), "pad")
    for a, b in zip(first.planes, second.planes, strict=True):
        np.testing.assert_array_equal(a, b)
    clear = np.dstack([picture(20, 30), np.full((20, 30), 255, np.uint8)])
    clear[5, 5, 3] = 0
    first, second = match_pair(frame_from_array(picture(20, 30)), frame_from_array(clear), "pad")
    assert len(first.planes) == len(second.planes) == 6
