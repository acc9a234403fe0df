"""What is a difference and what is not, at default settings."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

import rtdiff
from rtdiff.records import Diff
from tests.text_pages import LINES, STEP, Page, gray, ink, page, striped

RED = (0, 0, 255)
COLOURS = {
    "black on white": ((0, 0, 0), (255, 255, 255)),
    "gray on white": ((150, 150, 150), (255, 255, 255)),
    "white on dark": ((230, 230, 230), (40, 36, 30)),
    "blue on yellow": ((180, 60, 20), (200, 250, 255)),
}
PHOTOS = (
    "opencv-samples/aloeL.jpg",
    "opencv-samples/basketball1.png",
    "opencv-samples/box_in_scene.png",
    "opencv-samples/rubberwhale1.png",
    "odiff/test/png/orange.png",
    "odiff/test/jpg/tiger.jpg",
    "pixelmatch/test/fixtures/3a.png",
    "pixelmatch/test/fixtures/7a.png",
    "blazediff/fixtures/blazediff/2a.png",
    "image-area-diff/test/fixtures/1a.png",
    "exif-orientation/Landscape_1.jpg",
    "scikit-image/src/_skimage2/data/camera.png",
    "scikit-image/src/_skimage2/data/chelsea.png",
)


def jpeg(picture: Page, quality: int, *more: int) -> Page:
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality, *more])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def told(diff: Diff) -> str:
    return f"{diff.reasons}, {len(diff.boxes)} boxes, {np.count_nonzero(diff.mask)} px: {diff.boxes[:3]}"


def hits(diff: Diff, x: int, y: int) -> bool:
    return any(b.xyxy[0] <= x < b.xyxy[2] and b.xyxy[1] <= y < b.xyxy[3] for b in diff.boxes)


@pytest.fixture(scope="module", params=COLOURS)
def painted(request: pytest.FixtureRequest) -> Callable[..., Page]:
    """Returns a page in one of the colours."""
    colours = COLOURS[request.param]
    return lambda amount: page(amount, *colours)


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(lambda: gray(ink(right=0.5)), id="half a pixel to the right"),
        pytest.param(lambda: gray(ink(down=0.4)), id="part of a pixel down"),
        pytest.param(lambda: striped(ink()), id="subpixel rendering"),
        pytest.param(lambda: gray(ink()) ** 0.9, id="bolder by a gamma"),
        pytest.param(lambda: gray(ink()) ** 1.15, id="finer by a gamma"),
    ],
)
def test_another_renderer_is_no_difference(painted: Callable[..., Page], again: Callable[[], Page]) -> None:
    diff = rtdiff.compare(painted(gray(ink())), painted(again()))
    assert diff.same, told(diff)
    assert not diff.identical


def test_subpixel_text_of_a_browser_is_no_difference() -> None:
    gray_text, subpixels = (
        Path(__file__).parent / "pictures" / f"text-{name}.png" for name in ("gray", "subpixel")
    )
    diff = rtdiff.compare(gray_text, subpixels)  # Chromium's, hinted: thin stems all lean one way
    assert diff.same, told(diff)
    assert not diff.identical


def changed(line: int, old: str, new: str) -> Callable[[], Page]:
    lines = [text.replace(old, new) if k == line else text for k, text in enumerate(LINES)]
    assert lines != LINES
    return lambda: gray(ink(lines))


@pytest.mark.parametrize(
    ("line", "again"),
    [
        pytest.param(0, changed(0, "fox", "f x"), id="a letter missing"),
        pytest.param(2, changed(2, "quick", "qu\u0131ck"), id="the dot of an i missing"),
        pytest.param(1, changed(1, ", 42", ". 42"), id="a comma made a point"),
        pytest.param(0, changed(0, "0123", "0128"), id="a digit changed"),
        pytest.param(4, lambda: gray(ink(moved=(4, 0, 1))), id="a line one pixel lower"),
        pytest.param(4, lambda: gray(ink(moved=(4, 1, 0))), id="a line one pixel to the right"),
    ],
)
def test_another_text_is_found(painted: Callable[..., Page], line: int, again: Callable[[], Page]) -> None:
    diff = rtdiff.compare(painted(gray(ink())), painted(again()))
    assert diff.reasons == ("boxes",)
    top, bottom = 10 + line * STEP - 4, 10 + (line + 1) * STEP
    assert all(top <= box.xyxy[1] and box.xyxy[3] <= bottom for box in diff.boxes), told(diff)


def test_a_caret_and_a_red_pixel_are_found(painted: Callable[..., Page]) -> None:
    before = painted(gray(ink()))
    caret, dot = before.copy(), before.copy()
    caret[40:56, 200] = 255 - before[0, 0]
    dot[50, 300] = RED
    assert [box.xyxy for box in rtdiff.compare(before, caret).boxes] == [(200, 40, 201, 56)]
    assert [box.xyxy for box in rtdiff.compare(before, dot).boxes] == [(300, 50, 301, 51)]


@pytest.mark.parametrize(
    "light",
    [
        pytest.param(lambda p: p + (255 - p) * 0.1, id="10 % paler"),
        pytest.param(lambda p: p * 0.9, id="10 % darker"),
        pytest.param(lambda p: (p - 128) * 0.9 + 128, id="10 % less contrast"),
    ],
)
def test_light_is_named_counted_and_forgiven_when_asked(light: Callable[..., Page]) -> None:
    before = page(gray(ink()))
    after = np.rint(light(before.astype(float))).clip(0, 255).astype(np.uint8)
    diff = rtdiff.compare(before, after)
    assert "light" in diff.reasons
    assert diff.whole.light is not None
    assert diff.whole.light[0] == pytest.approx(0.9, abs=0.02)
    forgiven = rtdiff.compare(before, after, ignore="light")
    assert forgiven.same, told(forgiven)
    assert [c.kind for c in forgiven.corrections] == ["light"]
    after[40:50, 100:130] = 0
    assert hits(rtdiff.compare(before, after, ignore="light"), 115, 45)


def test_bolder_letters_are_no_light() -> None:
    assert rtdiff.compare(page(gray(ink())), page(gray(ink()) ** 0.8)).whole.light is None


@pytest.mark.parametrize("by", [(1, 0), (0, -1), (-3, 2), (20, 7)])
def test_a_shift_is_named_counted_and_forgiven_when_asked(by: tuple[int, int]) -> None:
    before = page(gray(ink()))
    after = np.roll(before, by[::-1], (0, 1))
    diff = rtdiff.compare(before, after)
    assert "shift" in diff.reasons
    assert diff.whole.shift == by
    forgiven = rtdiff.compare(before, after, ignore=("shift",))
    assert forgiven.same, told(forgiven)
    assert [(c.kind, c.side, c.before) for c in forgiven.corrections] == [("shift", "test", list(by))]
    after[100:110, 200:230] = RED
    left = rtdiff.compare(before, after, ignore=("shift",))
    assert hits(left, 215 - by[0], 105 - by[1])


@pytest.mark.parametrize("name", PHOTOS)
def test_recompression_is_no_difference_and_hides_none(data: Path, name: str) -> None:
    picture = cv2.imread(str(data / name), cv2.IMREAD_COLOR)
    height, width = picture.shape[:2]
    rng = np.random.default_rng(len(name))
    for quality in (70, 77, 85, 90, 95):
        saved = jpeg(picture, quality)
        diff = rtdiff.compare(picture, saved)
        assert diff.same, f"quality {quality}: {told(diff)}"
        assert not diff.identical
    for base in (picture, saved):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        dotted = base.copy()
        dotted[y, x] = RED if base[y, x, 2] < 200 else (255, 0, 0)
        diff = rtdiff.compare(picture, dotted)
        assert [box.xyxy for box in diff.boxes] == [(x, y, x + 1, y + 1)], f"{picture[y, x]}: {told(diff)}"


@pytest.mark.parametrize("sampling", ["444", "422", "420"])
def test_recompression_of_text_and_either_way_round(sampling: str) -> None:
    before = page(gray(ink()), (180, 60, 20), (200, 250, 255))
    saved = jpeg(
        before, 80, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, getattr(cv2, f"IMWRITE_JPEG_SAMPLING_FACTOR_{sampling}")
    )
    for pair in ((before, saved), (saved, before)):
        diff = rtdiff.compare(*pair)
        assert diff.same, told(diff)
    missing = rtdiff.compare(
        before, jpeg(page(changed(0, "fox", "f x")(), (180, 60, 20), (200, 250, 255)), 80)
    )
    assert len(missing.boxes) == 1, told(missing)


def test_a_flat_part_repainted_among_moved_edges_is_found(data: Path) -> None:
    # the woods are 20 levels greener; streets all over were drawn anew, which is no noise
    folder = data / "pixelmatch/test/fixtures"
    diff = rtdiff.compare(folder / "4a.png", folder / "4b.png")
    assert hits(diff, 350, 60)
    assert diff.mask[60, 350]


@pytest.mark.parametrize(
    ("pair", "same"),
    [
        ("pixelmatch/test/fixtures/5a.png pixelmatch/test/fixtures/5b.png", True),
        ("odiff/test/png/extreme-alpha.png odiff/test/png/extreme-alpha-1.png", True),
        ("blazediff/fixtures/same/1a.png blazediff/fixtures/same/1b.png", True),
        ("pixelmatch/test/fixtures/8a.png pixelmatch/test/fixtures/5b.png", False),
        ("blazediff/fixtures/blazediff/1a.png blazediff/fixtures/blazediff/1b.png", False),
        ("blazediff/fixtures/blazediff/2a.png blazediff/fixtures/blazediff/2b.png", False),
        ("odiff/test/jpg/tiger.jpg odiff/test/jpg/tiger-2.jpg", False),
        ("image-area-diff/test/fixtures/1a.png image-area-diff/test/fixtures/1c.png", False),
    ],
)
def test_published_pairs(data: Path, pair: str, same: bool) -> None:
    diff = rtdiff.compare(*(data / name for name in pair.split()))
    assert diff.same == same, told(diff)


@pytest.mark.parametrize(("number", "marks"), [(1, "1diffdefaultthreshold"), (3, "3diff"), (7, "7diff")])
def test_what_pixelmatch_marks_is_boxed(data: Path, number: int, marks: str) -> None:
    folder = data / "pixelmatch/test/fixtures"
    diff = rtdiff.compare(folder / f"{number}a.png", folder / f"{number}b.png")
    blue, green, red = cv2.split(cv2.imread(str(folder / f"{marks}.png")).astype(int))
    marked = ((red > 200) & (green < 60) & (blue < 60)).astype(np.uint8)
    count, labels = cv2.connectedComponents(cv2.dilate(marked, np.ones((9, 9))))
    boxed = np.zeros(marked.shape, np.bool_)
    for left, top, right, bottom in (box.xyxy for box in diff.boxes):
        boxed[max(top - 4, 0) : bottom + 4, max(left - 4, 0) : right + 4] = True
    sizes = [int(marked[labels == k].sum()) for k in range(1, count)]
    missed = [size for k, size in enumerate(sizes, 1) if not (boxed & (labels == k)).any()]
    assert max(missed, default=0) <= 2, f"clusters of {missed} pixels of {sizes}"


def test_density_is_the_fullest_square_and_decides() -> None:
    before = np.full((60, 80), 200, np.uint8)
    after = before.copy()
    after[10:13, 20:24] = 0  # 12 pixels
    after[40:44:3, 60:70:3] = 0  # 8 apart
    diff = rtdiff.compare(before, after, max_density="12/8")
    assert diff.densest is not None
    assert diff.densest[0] == 12
    x, y = diff.densest[1]
    assert np.count_nonzero(diff.mask[y : y + 8, x : x + 8]) == 12
    assert diff.same
    assert diff.boxes
    assert not rtdiff.compare(before, after, max_density="11/8").same


@pytest.mark.parametrize("name", ["pixelmatch/test/fixtures/7", "odiff/test/png/orange"])
def test_every_engine_comes_to_the_same_verdict(data: Path, name: str) -> None:
    ends = ("a.png", "b.png") if name.endswith("7") else (".png", "_changed.png")
    pair = [data / f"{name}{end}" for end in ends]
    numpy_, numba = (rtdiff.compare(*pair, engine=engine) for engine in ("numpy", "numba"))
    assert np.array_equal(numpy_.mask, numba.mask)
    assert [b.xyxy for b in numpy_.boxes] == [b.xyxy for b in numba.boxes]
    for one, two in zip(numpy_.boxes, numba.boxes, strict=True):
        assert one.min_ssim == pytest.approx(two.min_ssim, abs=1e-5)
        assert one.max_diff == two.max_diff


def test_strict_counts_what_another_renderer_did() -> None:
    pair = page(gray(ink())), page(gray(ink(right=0.5)))
    assert rtdiff.compare(*pair).same
    strict = rtdiff.compare(*pair, strict=True)
    assert np.array_equal(strict.mask > 0, (pair[0] != pair[1]).any(axis=2))


@pytest.mark.parametrize("side", [1, 2, 7, 8, 16, 40, 64])
@pytest.mark.parametrize("level", [0, 60, 90, 100, 130, 255])
def test_a_red_pixel_in_a_flat_picture_is_found(side: int, level: int) -> None:
    # saved as a poor JPEG the dot would vanish; that is no reason to think that it was
    before = np.full((side, side, 3), level, np.uint8)
    after = before.copy()
    after[side // 2, side // 2] = RED
    assert [box.area_px for box in rtdiff.compare(before, after).boxes] == [1]
    assert not rtdiff.compare(after, before).same


@pytest.mark.parametrize("ink_level", [150, 200, 225])
def test_a_pale_pattern_that_moved_or_went_is_found(ink_level: int) -> None:
    # every textured block differs, and so does nothing else: that is another picture, and no noise
    blank = np.full((300, 400, 3), 255, np.uint8)
    grid = blank.copy()
    grid[::20] = ink_level
    grid[:, ::20] = ink_level
    for other in (np.roll(grid, 1, (0, 1)), blank):
        assert not rtdiff.compare(grid, other).same
    text = page(gray(ink(LINES * 2)), (ink_level,) * 3)
    assert not rtdiff.compare(text, np.full_like(text, 255)).same
    rows, columns = np.mgrid[:300, :400]
    hatched = (np.where((rows + way * columns) % 4 == 0, ink_level, 255).astype(np.uint8) for way in (1, -1))
    if ink_level < 225:
        assert not rtdiff.compare(*hatched).same
    others = [line[::-1] for line in LINES * 2]
    assert not rtdiff.compare(text, page(gray(ink(others)), (ink_level,) * 3)).same


@pytest.mark.parametrize("levels", [4, 6, -5])
def test_a_flat_patch_that_is_a_little_other_is_found(levels: int) -> None:
    before = page(gray(ink()), paper=(240, 240, 240))
    after = before.copy()
    patch = after[30:70, 430:500]
    patch += np.uint8(levels % 256)
    diff = rtdiff.compare(before, after)
    assert [box.xyxy for box in diff.boxes] == [(430, 30, 500, 70)]
    one_level = before + np.uint8(1)
    assert rtdiff.compare(before, np.minimum(one_level, 254)).same


def test_one_thing_of_another_colour_is_no_light() -> None:
    before = np.full((200, 300, 3), 240, np.uint8)
    before[60:140, 80:220] = (200, 120, 40)
    for more in (8, 20, 30):
        after = before.copy()
        after[60:140, 80:220, 2] += np.uint8(more)
        diff = rtdiff.compare(before, after, ignore="light")
        assert [box.xyxy for box in diff.boxes] == [(80, 60, 220, 140)], told(diff)


@pytest.mark.parametrize("pair", ["38", "56", "08", "S5", "ce", "O0"])
def test_one_small_letter_is_found(pair: str) -> None:
    lines = [f"Total price 12{pair[0]}45 items in cart now"] * 5
    other = [line.replace(*pair) if k == 2 else line for k, line in enumerate(lines)]
    for size in (10, 12, 14):
        for colour in ((0, 0, 0), (120, 120, 120)):
            pages = (page(gray(ink(text, size=size)), colour) for text in (lines, other))
            assert not rtdiff.compare(*pages).same


def test_two_lossy_files_of_one_picture_are_the_same(data: Path) -> None:
    picture = cv2.imread(str(data / "opencv-samples/box_in_scene.png"))
    for one, other in ((jpeg(picture, 92), jpeg(picture, 75)), (picture, webp(picture, 80))):
        diff = rtdiff.compare(one, other)
        assert diff.same, told(diff)


def webp(picture: Page, quality: int) -> Page:
    data = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def test_a_padded_strip_is_no_light_and_a_cropped_picture_is_not_identical() -> None:
    before = page(gray(ink()))
    for after in (before[:60], before[:, :100], before[:1, :1]):
        padded = rtdiff.compare(before, after, ignore="light")
        assert padded.whole.light is None
        assert "size" in padded.reasons
        height, width = after.shape[:2]
        lacking = 1 - height * width / (before.shape[0] * before.shape[1])
        assert padded.changed_fraction == pytest.approx(lacking, abs=0.01)
        cropped = rtdiff.compare(before, after, size_policy="crop")
        assert cropped.same
        assert not cropped.identical
