"""Zones: exact pixels, and every shape that cannot be meant."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtdiff.errors import SettingsError, SourceError
from rtdiff.zones import Polygon, Stencil, label_map, parse_shape


def png(path: Path, picture: np.ndarray) -> str:
    assert cv2.imwrite(str(path), picture)
    return str(path)


def test_nothing_named_is_no_map() -> None:
    assert label_map((10, 10)) is None


def test_a_rectangle_is_half_open_also_as_a_polygon() -> None:
    rectangle = label_map((50, 60), [("a", parse_shape("10:20-30:40"))])
    polygon = label_map((50, 60), [("a", parse_shape("10,20 30,20 30,40 10,40"))])
    expected = np.zeros((50, 60), np.uint8)
    expected[20:40, 10:30] = 1
    np.testing.assert_array_equal(rectangle, expected)
    np.testing.assert_array_equal(polygon, expected)


def test_a_polygon_has_the_pixels_whose_centre_is_inside() -> None:
    labels = label_map((4, 4), [("a", parse_shape("0,0 4,0 0,4"))])
    # centres on the diagonal x + y = 4 are the next shape's
    np.testing.assert_array_equal(labels, [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])


@settings(max_examples=60, deadline=None)
@given(st.integers(-5, 25), st.integers(-5, 25), st.integers(-5, 25))
def test_two_polygons_that_share_an_edge_share_no_pixel_and_leave_none(
    top: int, middle: int, low: int
) -> None:
    left = Polygon(((-9, -9), (top, -9), (middle, 8), (low, 30), (-9, 30)), "left")
    right = Polygon(((40, -9), (top, -9), (middle, 8), (low, 30), (40, 30)), "right")
    try:
        one, two = (label_map((20, 20), [("a", shape)]) for shape in (left, right))
    except SettingsError:
        return  # one of them is outside
    assert one is not None
    assert two is not None
    np.testing.assert_array_equal(one + two, 1)


def test_the_first_zone_named_has_the_overlap_and_ignored_is_zero(tmp_path: Path) -> None:
    mask = np.full((10, 10), 255, np.uint8)
    mask[9] = 0
    labels = label_map(
        (10, 10),
        [("a", parse_shape("0:0-6:10")), ("b", parse_shape("4:0-10:10"))],
        [parse_shape("0:0-10:1")],
        png(tmp_path / "mask.png", mask),
    )
    assert labels is not None
    assert labels[5].tolist() == [1] * 6 + [2] * 4
    assert not labels[0].any()
    assert not labels[9].any()


def test_ignoring_without_zones_leaves_one_zone() -> None:
    labels = label_map((4, 4), ignores=[parse_shape("0:0-2:2")])
    np.testing.assert_array_equal(labels, [[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]])


def test_a_stencil_counts_what_is_neither_black_nor_transparent(tmp_path: Path) -> None:
    picture = np.zeros((1, 4, 4), np.uint8)
    picture[0, 1] = (0, 0, 7, 255)
    picture[0, 2] = (255, 255, 255, 0)
    picture[0, 3] = (255, 255, 255, 1)
    deep = np.array([[0, 1, 0, 65535]], np.uint16)
    for name, stencil in (("a.png", picture), ("b.png", deep)):
        labels = label_map((1, 4), [("a", parse_shape(png(tmp_path / name, stencil)))])
        assert labels is not None
        assert labels.tolist() == [[0, 1, 0, 1]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must be a region"),
        ("10:20-10:40", "is empty"),
        ("30:20-10:40", "is empty"),
        ("10:20-30", "must be a region"),
        ("1,2 3,4", "has 2 corners"),
        ("0,0 9,0 9,9 9,9", "twice in a row"),
        ("0,0 9,9 9,0 0,9", "encloses nothing"),
        ("0,0 9,9 9,0 0,5", "crosses itself"),
        ("0,0 4,4 8,8", "encloses nothing"),
        ("0,0 9,0 9,9 4,0 0,9", "crosses itself"),
        ("mask.jpg", "must be a region"),
        (5, "must be a region"),
        (" ".join(f"{i},{i * i}" for i in range(300)), "has 300 corners"),
    ],
)
def test_a_shape_that_cannot_be_meant_is_refused(text: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_shape(text)


def test_places_outside_the_picture_and_zones_without_pixels_are_refused() -> None:
    with pytest.raises(SettingsError, match="outside the picture of 20x10"):
        label_map((10, 20), [("a", parse_shape("20:0-30:10"))])
    with pytest.raises(SettingsError, match=r"ignore-region: .* outside"):
        label_map((10, 20), ignores=[parse_shape("0:10-5:12")])
    with pytest.raises(SettingsError, match="zone 'b': no pixel is left"):
        label_map((10, 20), [("a", parse_shape("0:0-9:9")), ("b", parse_shape("1:1-2:2"))])
    with pytest.raises(SettingsError, match="whole picture is ignored"):
        label_map((10, 20), ignores=[parse_shape("0:0-20:10")])
    with pytest.raises(SettingsError, match="at most 254"):
        label_map((10, 20), [(str(i), parse_shape("0:0-9:9")) for i in range(255)])


def test_a_mask_must_be_a_whole_png_of_the_pictures_size(tmp_path: Path) -> None:
    good = png(tmp_path / "m.png", np.full((10, 20), 255, np.uint8))
    with pytest.raises(SettingsError, match="is 20x10, the picture is 21x10"):
        label_map((10, 21), mask=good)
    with pytest.raises(SourceError, match=r"cannot be read \(No such file"):
        label_map((10, 20), mask=str(tmp_path / "none.png"))
    (tmp_path / "cut.png").write_bytes(Path(good).read_bytes()[:40])
    with pytest.raises(SourceError, match="damaged"):
        label_map((10, 20), mask=str(tmp_path / "cut.png"))
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(SettingsError, match="is no PNG"):
        label_map((10, 20), [("a", Stencil(str(tmp_path / "text.png")))])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text("0123456789,:- ", max_size=30), st.integers(), st.none()))
def test_any_text_is_a_shape_or_one_line_why_not(text: object) -> None:
    try:
        shape = parse_shape(text)
    except ValueError as error:
        if "\n" in str(error):
            raise
    else:
        assert parse_shape(str(shape)) == shape
