"""Drawing is pure, stays inside the picture, and can be seen on any ground, in gray too."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reports import make_diff, make_frame

from rtdiff.errors import SettingsError
from rtdiff.records import Box, Tick
from rtdiff.views.canvas import Canvas
from rtdiff.views.heads_up import HeadsUp, plan_heads_up
from rtdiff.views.layouts import LAYOUTS, arrange, gutter
from rtdiff.views.overlay import draw, draw_into
from rtdiff.views.painter import Painter
from rtdiff.views.palette import Palette
from rtdiff.views.text import SMALLEST_PX, plate, plate_wh, text_size_for, text_width

FIGURES = HeadsUp(False, 0.96215, "ssim", 0.0331, 3, "numba", 15_123_000_000, 454, "ALARM shelf", "top-left")
SIDES = st.integers(1, 90)


def flat(height: int, width: int, level: int) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def boxes_at(*places: tuple[int, int, int, int]) -> list[Box]:
    return [Box(i + 1, p, (p[2] - p[0]) * (p[3] - p[1]), 0.1, 80.0) for i, p in enumerate(places)]


def gray(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(int)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_inputs_stay_and_the_result_repeats(layout):
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 256, (150, 200, 3)).astype(np.uint8) for _ in range(2)]
    mask = np.zeros((150, 200), np.uint8)
    mask[40:60, 30:90] = 255
    before = [p.copy() for p in (*pictures, mask)]
    drawn = [
        draw(*pictures, boxes_at((30, 40, 90, 60)), layout=layout, heads_up=FIGURES, mask=mask)
        for _ in range(2)
    ]
    assert np.array_equal(*drawn)
    assert all(np.array_equal(*both) for both in zip(before, (*pictures, mask), strict=True))
    assert drawn[0].dtype == np.uint8


def test_without_anything_to_say_it_is_the_test_picture():
    rng = np.random.default_rng(2)
    reference, test = (rng.integers(0, 256, (150, 200, 3)).astype(np.uint8) for _ in range(2))
    assert np.array_equal(draw(reference, test, []), test)
    # and side by side, but for the captions
    both = draw(reference, test, [], layout="side")
    assert np.array_equal(both[:100, :200], reference[:100])
    assert np.array_equal(both[:100, 200 + gutter(150, 200) :], test[:100])


def test_unknown_layout_is_refused():
    with pytest.raises(SettingsError, match="choose from overlay, split, side, stack, blink, diff, heat"):
        draw(flat(9, 9, 0), flat(9, 9, 0), [], layout="spiral")


@pytest.mark.parametrize("level", [0, 64, 128, 192, 255])
@pytest.mark.parametrize(
    "place", [(100, 80, 220, 160), (300, 200, 301, 201), (0, 0, 1, 1), (390, 290, 400, 300)]
)
def test_a_box_is_seen_in_gray_on_any_ground(level, place):
    drawn = gray(draw(flat(300, 400, level), flat(300, 400, level), boxes_at(place)))
    left, top, right, bottom = place
    near = drawn[max(0, top - 20) : bottom + 20, max(0, left - 20) : right + 20]
    assert (abs(near - level) > 60).sum() > 25
    assert np.ptp(near) > 120, "both a light and a dark line"


def test_outline_and_ring_leave_the_region_itself_alone():
    ground = flat(300, 400, 90)
    for left, top, right, bottom in [(100, 80, 220, 160), (300, 200, 301, 201)]:
        drawn = draw(ground, ground, boxes_at((left, top, right, bottom)))
        assert (drawn[top:bottom, left:right] == 90).all()


def test_the_mask_is_tinted_and_nothing_else():
    ground = flat(200, 300, 90)
    mask = np.zeros((200, 300), np.uint8)
    mask[50, 60] = mask[150:160, 200:240] = 255
    drawn = draw(ground, ground, [], mask=mask)
    assert np.array_equal((drawn != 90).any(axis=2), mask > 0)
    assert not np.array_equal(drawn[50, 60], Palette().tint), "the picture shows through"


@pytest.mark.parametrize("layout", ["overlay", "side", "stack", "blink"])
@pytest.mark.parametrize("sizes", [((120, 160), (200, 130)), ((200, 130), (120, 160))])
def test_pictures_of_two_sizes(layout, sizes):
    reference, test = flat(*sizes[0], 200), flat(*sizes[1], 100)
    drawn = draw(reference, test, [], layout=layout)
    (height, width), panels = arrange(layout, *sizes)
    assert drawn.shape == (height, width, 3)
    last = panels[-1]
    view = drawn[last.top : last.top + last.height, last.left : last.left + last.width]
    assert (view[: sizes[1][0] - 30, : sizes[1][1]] == 100).all()
    if sizes[1][1] < last.width:
        assert (view[:50, sizes[1][1] :] == Palette().ground).all()


@settings(max_examples=60, deadline=None)
@given(st.data(), SIDES, SIDES, SIDES, SIDES, st.sampled_from(LAYOUTS), st.booleans())
def test_any_size_any_boxes(data, height, width, other_height, other_width, layout, enlarge):
    """Nothing raises, nothing is drawn outside: a canvas inside a larger array keeps its surroundings."""
    tall, wide = max(height, other_height), max(width, other_width)
    places = data.draw(st.lists(st.tuples(*[st.integers(0, 89)] * 4), max_size=5))
    boxes = boxes_at(*[(x % wide, y % tall, x % wide + 1 + w, y % tall + 1 + h) for x, y, w, h in places])
    mask = np.zeros((tall, wide), np.uint8)
    mask[tall // 2 :, wide // 2 :] = 255
    reference, test = flat(height, width, 30), flat(other_height, other_width, 220)
    draw(reference, test, boxes, layout=layout, heads_up=FIGURES, mask=mask, enlarge=enlarge)
    canvas = Canvas(layout, reference.shape[:2], test.shape[:2])
    high, across = canvas.picture.shape[:2]
    around = np.full((high + 40, across + 40, 3), 7, np.uint8)
    canvas.picture = around[20:-20, 20:-20]
    draw_into(canvas, reference, test, boxes, heads_up=FIGURES, mask=mask)
    around[20:-20, 20:-20] = 7
    assert (around == 7).all()


def test_drawing_into_a_buffer_is_the_same_and_keeps_no_trace():
    first, second = flat(240, 320, 40), flat(240, 320, 180)
    mask = np.zeros((240, 320), np.uint8)
    mask[100:140, 100:200] = 255
    boxes = boxes_at((100, 100, 200, 140))
    canvas = Canvas("side", first.shape[:2], second.shape[:2])
    buffer = canvas.picture
    draw_into(canvas, second, first, boxes, heads_up=FIGURES, mask=mask)
    draw_into(canvas, None, first, [])
    assert (buffer[:200, :320] == Palette().ground).all(), "no reference is no old reference"
    draw_into(canvas, first, second, boxes, heads_up=FIGURES, mask=mask)
    assert canvas.picture is buffer
    assert np.array_equal(buffer, draw(first, second, boxes, layout="side", heads_up=FIGURES, mask=mask))
    assert canvas.fits("side", (240, 320), (240, 320))
    assert not canvas.fits("side", (240, 320), (240, 321))


def test_five_hundred_boxes_leave_most_of_the_picture_readable():
    rng = np.random.default_rng(3)
    corners = rng.integers(0, 1000, (500, 2))
    boxes = boxes_at(*[(int(x), int(y), int(x) + 12, int(y) + 9) for x, y in corners])
    ground = flat(1080, 1080, 128)
    drawn = draw(ground, ground, boxes)
    assert (drawn == 128).all(axis=2).mean() > 0.7


def test_tags_do_not_lie_over_each_other():
    """Four regions side by side: every tag has its whole black plate somewhere."""
    boxes = boxes_at(*[(200 + 14 * i, 200, 213 + 14 * i, 300) for i in range(4)])
    drawn = draw(flat(480, 640, 250), flat(480, 640, 250), boxes)
    size = text_size_for(640, 480)
    found = 0
    for box in boxes:
        tag = flat(*reversed(plate_wh(str(box.id), size)), 250)
        plate(tag, str(box.id), (0, 0), size, edge=Palette().box)
        found += cv2.matchTemplate(drawn, tag, cv2.TM_SQDIFF).min() < 1
    assert found == 4


def test_the_corner_hides_the_fewest_boxes_unless_it_is_fixed():
    boxes = boxes_at((0, 0, 600, 200), (0, 300, 200, 480))
    auto = HeadsUp(False, 0.5, regions=2)
    plan = plan_heads_up(640, 480, auto, boxes)
    assert plan is not None
    assert plan.rect[2:] == (640, 480)
    fixed = plan_heads_up(640, 480, FIGURES, boxes)
    assert fixed is not None
    assert fixed.rect[:2] == (0, 0)


def test_figures_shrink_to_the_verdict_and_then_to_nothing():
    rows = [plan_heads_up(width, width, FIGURES, []) for width in (640, 200, 120, 16)]
    assert [len(plan.lines) if plan else 0 for plan in rows][::3] == [5, 0]
    assert rows[1] is not None
    assert 0 < len(rows[1].lines) < 5
    for plan, side in zip(rows[:3], (640, 200, 120), strict=True):
        assert plan is None or max(plan.rect) <= side


def test_a_score_below_one_is_never_shown_as_one():
    texts = [
        plan.lines[1][0] for s in (1.0, 0.999964) if (plan := plan_heads_up(640, 480, HeadsUp(True, s), []))
    ]
    assert texts == ["SSIM 1.0000", "SSIM 0.99996"]


def test_verdicts_differ_in_shape():
    """In gray and with the letters cut away, a check is not a cross is not a ring."""
    marks = []
    for same in (True, False, None):
        drawn = gray(
            draw(flat(1080, 1920, 0), flat(1080, 1920, 0), [], heads_up=HeadsUp(same, corner="top-left"))
        )
        side = round(text_size_for(1920, 1080) * 1.35)
        pad = text_size_for(1920, 1080) // 2
        marks.append(drawn[pad : pad + side, pad : pad + side] > 200)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert (marks[a] ^ marks[b]).mean() > 0.1


def test_text_grows_with_the_picture_and_is_never_too_small():
    sizes = [text_size_for(*wh) for wh in ((16, 16), (320, 240), (1920, 1080), (3840, 2160))]
    assert sizes == sorted(sizes)
    assert sizes[0] == SMALLEST_PX
    assert sizes[3] == pytest.approx(2 * sizes[2], abs=1)
    assert text_width("DIFFERENT", 30) > 2 * text_width("DIFFERENT", 14)


def test_text_from_outside_cannot_hurt():
    for text in ("", "\x00\x1b[2J\n", "\udcff", "日本 ä µ", "x" * 5000):
        picture = flat(50, 80, 0)
        plate(picture, text, (5, 5), 14)
        plate(picture, text, (-500, 40), 14)


def test_a_small_still_is_enlarged_so_that_it_can_be_read():
    small = flat(16, 16, 128)
    assert min(draw(small, small, boxes_at((3, 3, 4, 4)), heads_up=FIGURES).shape[:2]) >= 200
    assert draw(small, small, [], enlarge=False).shape == (16, 16, 3)
    assert draw(flat(1, 5000, 9), flat(1, 5000, 9), []).shape == (1, 5000, 3)


def test_painter_shows_the_diff_in_one_buffer():
    frame = make_frame(320, 240)
    diff = make_diff(reference=frame, test=frame, _mask=lambda: np.zeros((240, 320), np.uint8))
    tick = Tick(frame, "live", 0)
    paint = Painter("side", alarm=lambda: "ALARM")
    learning = paint(tick, None).copy()
    first = paint(tick, diff)
    shown = first.copy()
    assert first is paint(tick, diff)
    assert np.array_equal(first, shown)
    assert not np.array_equal(learning, shown)
    assert (shown == Palette().alarm).all(axis=2).any()
    large = make_frame(640, 480)
    assert paint(Tick(large, "live", 0), None).shape[0] == 480
    with pytest.raises(ValueError, match="without a frame"):
        paint(Tick(None, "live", 0), None)
    with pytest.raises(SettingsError, match="layout 'blob'"):
        Painter("blob")


def test_real_pictures(data):
    folder = data / "odiff" / "test" / "png"
    pair = [cv2.imread(str(folder / name)) for name in ("orange.png", "orange_changed.png")]
    boxes = boxes_at((210, 32, 300, 90), (150, 45, 206, 88), (25, 175, 98, 194))
    drawn = draw(*pair, boxes, layout="side", heads_up=HeadsUp(False, 0.97, regions=3))
    panel = drawn[:, pair[0].shape[1] + gutter(*pair[0].shape[:2]) :]
    for left, top, right, bottom in (box.xyxy for box in boxes):
        assert np.array_equal(
            panel[top + 3 : bottom - 3, left + 3 : right - 3],
            pair[1][top + 3 : bottom - 3, left + 3 : right - 3],
        )
