"""Every layout and palette on real pairs, through the command and through functions; what `-o` writes."""

import itertools

import cv2
import numpy as np
import pytest
from PIL import Image
from test_reports import make_diff, make_frame

import rtdiff
from rtdiff import cli
from rtdiff.commands.pictures import exact_map, picture
from rtdiff.errors import SettingsError, SinkError
from rtdiff.records import Box, Tick
from rtdiff.sinks.animation import ANIMATED, write_animation
from rtdiff.views.canvas import Canvas
from rtdiff.views.fills import gain_for
from rtdiff.views.layouts import LAYOUTS, SINGLE, arrange
from rtdiff.views.overlay import draw, draw_into
from rtdiff.views.painter import Painter
from rtdiff.views.palette import PALETTES, Palette, palette_of

WIDE, HIGH = 400, 300
BOX = Box(1, (100, 80, 180, 140), 4800, 0.1, 80.0)


def flat(height: int, width: int, *bgr: int) -> np.ndarray:
    return np.full((height, width, 3), bgr if len(bgr) == 3 else bgr * 3, np.uint8)


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    reference = cv2.GaussianBlur(
        np.random.default_rng(1).integers(0, 256, (HIGH, WIDE, 3)).astype(np.uint8), (0, 0), 3
    )
    test = reference.copy()
    test[80:140, 100:180] = 255 - test[80:140, 100:180]
    return reference, test


@pytest.fixture
def files(tmp_path, pair) -> list[str]:
    for name, bgr in zip(("a.png", "b.png"), pair, strict=True):
        cv2.imwrite(str(tmp_path / name), bgr)
    return [str(tmp_path / name) for name in ("a.png", "b.png")]


# What a layout shows


def test_split_has_the_reference_left_and_the_test_right(pair):
    pair = pair[0], 255 - pair[0]
    drawn = draw(*pair, [], layout="split")
    middle = WIDE // 2
    assert np.array_equal(drawn[:60, : middle - 4], pair[0][:60, : middle - 4])
    assert np.array_equal(drawn[:60, middle + 4 :], pair[1][:60, middle + 4 :])
    line = drawn[:60, middle - 4 : middle + 4].astype(int).sum(axis=2)
    assert line.min() == 0, "black"
    assert line.max() == 765, "and white: seen on any ground"


def test_split_shows_boxes_across_both_halves(pair):
    across = Box(1, (150, 80, 260, 140), 4800, 0.1, 80.0)
    drawn, bare = draw(*pair, [across], layout="split"), draw(*pair, [], layout="split")
    changed = (drawn != bare).any(axis=2)
    assert changed[:, :190].any()
    assert changed[:, 210:].any()


def test_blink_shows_the_one_then_the_other_and_nothing_else_moves(pair):
    first, second = (draw(*pair, [], layout="blink", first=first) for first in (True, False))
    assert np.array_equal(first[:200], pair[0][:200])
    assert np.array_equal(second[:200], pair[1][:200])
    boxed = [draw(*pair, [BOX], layout="blink", first=first) for first in (True, False)]
    moved = (boxed[0][:250] != boxed[1][:250]).any(axis=2)
    assert not np.argwhere(moved & ~np.pad(np.ones((60, 80), bool), ((80, 110), (100, 220)))).size


def test_difference_is_black_where_equal_and_bright_where_not(pair):
    drawn = draw(*pair, [], layout="diff")
    assert not drawn[:70].any()
    assert drawn[80:140, 100:180].max(axis=2).mean() > 100


@pytest.mark.parametrize("bgr", [(9, 0, 0), (0, 9, 0), (0, 0, 9)])
def test_a_faint_difference_of_any_colour_can_be_seen(bgr):
    reference, test = flat(HIGH, WIDE, 100), flat(HIGH, WIDE, 100)
    test[80:140, 100:180] += np.array(bgr, np.uint8)
    seen = cv2.cvtColor(draw(reference, test, [], layout="diff"), cv2.COLOR_BGR2GRAY)
    assert seen[100, 140] > 100
    assert seen[20, 20] == 0


def test_gain_follows_the_usual_difference_and_has_limits():
    reference = flat(50, 50, 100)
    assert gain_for(reference, reference) == 1
    assert gain_for(reference, flat(50, 50, 101)) == 32
    assert gain_for(reference, flat(50, 50, 110)) == pytest.approx(25.5)
    assert gain_for(flat(50, 50, 0), flat(50, 50, 255)) == 1
    assert gain_for(flat(50, 50, 0), flat(20, 70, 255)) == 1, "also of two sizes"


@pytest.mark.parametrize("name", PALETTES)
def test_heat_rises_with_the_difference_in_every_map(name):
    """Lightness alone must tell more from less: it is all that print and some eyes have."""
    palette = palette_of(name)
    reference, test = flat(HIGH, WIDE, 0), flat(HIGH, WIDE, 0)
    test[:150] = (np.arange(WIDE) // 8).astype(np.uint8)[None, :, None]
    drawn = draw(reference, test, [], layout="heat", palette=palette)
    lightness = cv2.cvtColor(drawn, cv2.COLOR_BGR2LAB)[75, :, 0].astype(int)
    assert (np.diff(lightness) >= -1).all()
    assert lightness[-1] - lightness[0] > 150 * 49 * 4 / 255


def test_heat_shows_what_ssim_does_not_see_and_the_other_way_round():
    reference = flat(HIGH, WIDE, 100)
    colour_only = flat(HIGH, WIDE, 140, 100, 80)
    ones = np.ones((HIGH, WIDE), np.float32)
    drawn = draw(reference, colour_only, [], layout="heat", ssim=ones)
    assert drawn[20, 20].max() > 100
    ssim = ones.copy()
    ssim[:100] = -1
    drawn = draw(reference, reference, [], layout="heat", ssim=ssim)
    assert drawn[50, 50].max() > 200
    assert drawn[150, 50].max() < 20


def test_heat_has_a_scale_with_both_ends_of_the_map(pair):
    drawn = draw(*pair, [], layout="heat", palette=palette_of("cool"))
    strip = drawn[-40:, :200].reshape(-1, 3).astype(int)
    for level in (0, 255):
        colour = cv2.applyColorMap(np.full((1, 1), level, np.uint8), cv2.COLORMAP_CIVIDIS)[0, 0].astype(int)
        assert (abs(strip - colour).max(axis=1) <= 2).any()


@pytest.mark.parametrize("layout", ["diff", "heat"])
def test_a_strip_that_only_one_has_is_fully_different(layout):
    drawn = draw(flat(HIGH, WIDE, 90), flat(HIGH, WIDE - 100, 90), [], layout=layout)
    assert drawn[50, 350].max() > 150
    assert drawn[50, 100].max() < 20


# Palettes


def test_mono_has_no_colour():
    ground = flat(HIGH, WIDE, 128)
    mask = np.zeros((HIGH, WIDE), np.uint8)
    mask[80:140, 100:180] = 255
    for layout in LAYOUTS:
        drawn = draw(ground, ground, [BOX], layout=layout, mask=mask, palette=palette_of("mono"))
        assert np.ptp(drawn.astype(int), axis=2).max() == 0, layout


def test_mono_is_dashed_and_hatched_so_that_shape_says_it():
    ground = flat(HIGH, WIDE, 128)
    mask = np.zeros((HIGH, WIDE), np.uint8)
    mask[80:140, 100:180] = 255
    drawn = draw(ground, ground, [BOX], mask=mask, palette=palette_of("mono"))[..., 0].astype(int)
    outline = drawn[78, 110:170]
    assert set(outline) == {0, 255}, "dashes"
    assert (abs(np.diff(outline)) > 0).sum() > 6
    inside = drawn[90:130, 110:170]
    assert inside.max() > 128 > inside.min(), "stripes"


@pytest.mark.parametrize("name", PALETTES)
def test_boxes_of_every_palette_are_seen_in_gray_on_any_ground(name):
    for level in (0, 64, 128, 192, 255):
        ground = flat(HIGH, WIDE, level)
        drawn = draw(ground, ground, [BOX], palette=palette_of(name))
        near = cv2.cvtColor(drawn[60:160, 80:200], cv2.COLOR_BGR2GRAY).astype(int)
        assert (abs(near - level) > 60).sum() > 25
        assert np.ptp(near) > 120


def test_unknown_palette_is_refused():
    with pytest.raises(SettingsError, match="choose from vivid, cool, mono"):
        palette_of("pastel")


# Buffers and time


@pytest.mark.parametrize("layout", SINGLE)
def test_drawing_again_leaves_no_trace(layout, pair):
    canvas = Canvas(layout, (HIGH, WIDE), (HIGH, WIDE))
    buffer = canvas.picture
    draw_into(canvas, None, pair[1], [])
    draw_into(canvas, *pair, [BOX], ssim=np.zeros((HIGH, WIDE)))
    draw_into(canvas, pair[0], pair[0], [])
    fresh = Canvas(layout, (HIGH, WIDE), (HIGH, WIDE))
    draw_into(fresh, pair[0], pair[0], [])
    assert canvas.picture is buffer
    assert np.array_equal(buffer, fresh.picture)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_while_learning_every_layout_shows_something(layout):
    frame = make_frame(WIDE, HIGH)
    drawn = Painter(layout)(Tick(frame, "live", 0), None)
    (height, width), _ = arrange(layout, (HIGH, WIDE), (HIGH, WIDE))
    assert drawn.shape == (height, width, 3)
    assert drawn.max() > 200, "that it learns"


def test_a_video_blinks_by_the_time_of_its_frames():
    dark, light = make_frame(WIDE, HIGH), make_frame(WIDE, HIGH)
    light.picture()[:] = 200
    painter = Painter("blink")
    seen = []
    for time_ns in range(0, 2_000_000_000, 250_000_000):
        test = rtdiff.Frame(light.planes, 255, "full", "bt601", time_ns, 0, "b", light.picture)
        diff = make_diff(reference=dark, test=test, boxes=())
        seen.append(int(painter(Tick(test, "live", time_ns), diff)[HIGH // 2, WIDE // 2, 0]))
    assert seen == [0, 0, 200, 200] * 2


# What -o writes


@pytest.mark.parametrize(("layout", "palette"), [*itertools.product(LAYOUTS, PALETTES)])
def test_every_layout_in_every_palette_on_a_real_pair(data, tmp_path, layout, palette):
    folder = data / "odiff" / "test" / "png"
    out = tmp_path / "out.png"
    arguments = [str(folder / "orange.png"), str(folder / "orange_changed.png"), "-o", str(out)]
    assert cli.main([*arguments, "--layout", layout, "--palette", palette]) == 1
    with Image.open(out) as drawn:
        (height, width), _ = arrange(layout, (234, 510), (234, 510))
        assert drawn.size == (width, height)
        assert getattr(drawn, "n_frames", 1) == (2 if layout == "blink" else 1)


@pytest.mark.parametrize("ending", ANIMATED)
def test_blink_is_an_animation_of_half_seconds_for_ever(tmp_path, capfd, files, pair, ending):
    out = tmp_path / f"out{ending}"
    assert cli.main([*files, "-o", str(out), "--layout", "blink"]) == 1
    assert capfd.readouterr().err == "", "OpenCV warns there too"
    done, animation = cv2.imreadanimation(str(out))
    assert done
    assert list(animation.durations) == [500, 500]
    with Image.open(out) as shown:
        assert shown.info["loop"] == 0
    for frame, bgr in zip(animation.frames, pair, strict=True):
        middle = frame[200:240, 150:350, :3].astype(int)
        assert abs(middle - bgr[200:240, 150:350]).mean() < 6


@pytest.mark.parametrize("name", ["out.jpg", "out.tif", "out.bmp"])
def test_blink_into_a_still_is_refused_before_anything_is_read(tmp_path, capsys, name):
    assert cli.main(["no.png", "no.png", "-o", str(tmp_path / name), "--layout", "blink"]) == 2
    said = capsys.readouterr().err
    assert "holds no animation; write a .png, .gif or .webp, or choose another layout" in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_animation_too_large_for_its_format_is_told_in_one_line(tmp_path):
    wide = np.zeros((1, 17_000, 3), np.uint8)
    with pytest.raises(SinkError, match=r"17000x1 does not fit into \.webp \(16383 a side\); write a \.png"):
        write_animation(tmp_path / "out.webp", [wide, wide], 500)
    write_animation(tmp_path / "out.png", [wide, wide], 500)
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


@pytest.mark.parametrize("shape", [(1, 1), (4, 4, 3), (3, 1000), (1000, 3, 3), (7, 11)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_any_shape_and_depth_in_every_layout(shape, dtype):
    reference = np.zeros(shape, dtype)
    test = reference.copy()
    test[0, 0] = np.iinfo(dtype).max
    diff = rtdiff.compare(reference, test, data_range=None if dtype is np.uint8 else 65535)
    for layout in LAYOUTS:
        drawn = picture(diff, layout, "mono")
        assert drawn.dtype == np.uint8
        assert drawn.std() > 0, "something is seen"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_picture_is_the_same_from_every_engine(pair, layout):
    noisy = [cv2.add(p, np.uint8(3) * (np.indices(p.shape).sum(0) % 2).astype(np.uint8)) for p in pair]
    drawn = [picture(rtdiff.compare(*noisy, engine=engine), layout) for engine in ("numpy", "numba")]
    assert np.array_equal(*drawn)


def test_the_heat_is_of_the_exact_map_whoever_compared(pair):
    maps = [exact_map(rtdiff.compare(*pair, engine=engine)) for engine in ("numpy", "numba")]
    assert maps[1].dtype == np.float64
    assert np.array_equal(*maps)


def test_a_palette_is_a_row_of_one_table():
    assert list(PALETTES) == ["vivid", "cool", "mono"]
    assert PALETTES["vivid"] == Palette()
