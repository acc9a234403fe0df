"""Shadows of things: taken away where the ground is seen beneath; what only is darker stays."""

import cv2
import numpy as np
import pytest

import rtdiff
from rtdiff.records import Diff
from rtdiff.shadows import shadows

SHAPE = 240, 320
THING = 120, 60, 160, 140  # left, top, right, bottom: half-open
SHADOW = 160, 60, 300, 140  # beside it, on the ground
YELLOW = 40, 190, 245  # lighter than the ground in gray too

Picture = np.ndarray
Box = tuple[int, int, int, int]


def ground(contrast: float = 14) -> Picture:
    """Return a road of coarse grain, BGR, (240, 320, 3) float64."""
    grain = cv2.GaussianBlur(np.random.default_rng(3).standard_normal(SHAPE), (0, 0), 1.0)
    return np.dstack([132 + contrast * grain / grain.std()] * 3) * np.array([0.94, 1.0, 1.05])


def shot(clean: Picture, rng: np.random.Generator, sigma: float = 2) -> Picture:
    return (clean + rng.normal(0, sigma, clean.shape)).round().clip(0, 255).astype(np.uint8)


def put(clean: Picture, xyxy: Box, bgr: tuple[float, float, float]) -> Picture:
    """Return a scene with a thing in it, with grain of its own."""
    made = clean.copy()
    part = made[xyxy[1] : xyxy[3], xyxy[0] : xyxy[2]]
    part[:] = np.array(bgr) + 12 * np.random.default_rng(9).standard_normal((*part.shape[:2], 1))
    return made


def darkened(clean: Picture, xyxy: Box, factor: float) -> Picture:
    """Return a scene with a soft-edged shadow."""
    cover = np.zeros(SHAPE, np.float32)
    cover[xyxy[1] : xyxy[3], xyxy[0] : xyxy[2]] = 1
    return clean * (1 - (1 - factor) * cv2.GaussianBlur(cover, (0, 0), 1.0)[..., None])


def looked(reference: Picture, test: Picture, *, gray: bool = False, frames: int = 3) -> Diff:
    """Return what is found in the last of some frames with noise of their own."""
    rng = np.random.default_rng(1)

    def made(scene: Picture, sigma: float) -> Picture:
        frame = shot(scene, rng, sigma)
        return cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) if gray else frame

    with rtdiff.Differ(reference=made(reference, 0), fps=25) as differ:
        for _ in range(frames):
            diff = differ(made(test, 2))
        diff.mask.setflags(write=False)
        return diff


def away(diff: Diff, xyxy: Box) -> int:
    assert len(diff.boxes) == 1
    return int(np.abs(np.subtract(diff.boxes[0].xyxy, xyxy)).max())


@pytest.mark.parametrize("gray", [False, True], ids=["colour", "gray"])
@pytest.mark.parametrize("factor", [0.45, 0.6, 0.75])
def test_a_thing_is_boxed_without_its_shadow(factor: float, gray: bool) -> None:
    clean = ground()
    scene = put(darkened(clean, SHADOW, factor), THING, YELLOW)
    diff = looked(clean, scene, gray=gray)
    assert away(diff, THING) <= 3
    left, top, right, bottom = SHADOW
    assert not diff.mask[top + 4 : bottom - 4, left + 6 : right - 4].any()


def test_without_hue_nothing_is_told_of_even_ground() -> None:
    """A flat gray thing beside another looks as its shadow would: it stays."""
    clean = ground(contrast=0)
    scene = put(darkened(clean, SHADOW, 0.6), THING, YELLOW)
    assert away(looked(clean, scene, gray=True), (THING[0], THING[1], SHADOW[2], THING[3])) <= 3


@pytest.mark.parametrize("gray", [False, True], ids=["colour", "gray"])
@pytest.mark.parametrize("factor", [0.5, 0.7])
def test_a_small_dark_place_with_nothing_beside_it_is_a_thing(factor: float, gray: bool) -> None:
    clean = ground()
    small = 100, 100, 130, 125
    assert away(looked(clean, darkened(clean, small, factor), gray=gray), small) <= 3


@pytest.mark.parametrize("gray", [False, True], ids=["colour", "gray"])
def test_a_large_shadow_of_nothing_in_sight_is_none(gray: bool) -> None:
    clean = ground()
    assert looked(clean, darkened(clean, (60, 60, 160, 150), 0.6), gray=gray).boxes == ()


def test_what_has_another_hue_is_no_shadow() -> None:
    clean = ground()
    left, top, right, bottom = SHADOW
    scene = put(clean, THING, YELLOW)
    scene[top:bottom, left:right] *= np.array([0.45, 0.6, 0.75])  # and so a little red
    assert away(looked(clean, scene), (THING[0], THING[1], right, bottom)) <= 3


def test_what_has_a_texture_of_its_own_is_no_shadow() -> None:
    clean = ground()
    left, top, right, bottom = SHADOW
    scene = put(clean, THING, YELLOW)
    scene[top:bottom, left:right] = 0.6 * clean[20 : 20 + bottom - top, 20 : 20 + right - left]
    assert away(looked(clean, scene), (THING[0], THING[1], right, bottom)) <= 3


def test_a_shadow_that_has_gone_is_none() -> None:
    """The reference was taken while there was one; something stands beside where it was."""
    clean = ground()
    scene = put(clean, THING, YELLOW)
    assert away(looked(darkened(clean, SHADOW, 0.6), scene), THING) <= 3


def levels(reference: Picture, test: Picture) -> list[tuple[Picture, Picture]]:
    """Return Y, Cb, Cr of both, as `shadows` wants them."""
    both = [
        cv2.cvtColor(a.round().clip(0, 255).astype(np.uint8), cv2.COLOR_BGR2YCrCb).astype(np.float32)
        for a in (reference, test)
    ]
    return [(both[0][..., k].copy(), both[1][..., k].copy()) for k in (0, 2, 1)]


def car(deep: Box, colour: tuple[float, float, float] = (8, 8, 8)) -> tuple[Picture, Picture]:
    """Return a bright thing of 80x60 pixels with a nearly black part, and its mask."""
    scene = put(ground(), (100, 80, 180, 140), (210, 190, 180))
    scene[deep[1] : deep[3], deep[0] : deep[2]] = colour
    mask = np.zeros(SHAPE, np.uint8)
    mask[80:140, 100:180] = 255
    return scene, mask


LOWER, UPPER = (104, 130, 176, 140), (104, 80, 176, 90)


def test_the_black_beneath_a_car_is_its_shadow() -> None:
    scene, mask = car(LOWER)
    found = shadows(levels(ground(), scene), mask, mask.size)
    assert found is not None
    assert (found[132:139, 106:174] == 255).all()
    assert not found[80:126].any()


@pytest.mark.parametrize(
    ("deep", "colour"),
    [
        (UPPER, (8, 8, 8)),  # a roof is not beneath
        ((104, 100, 176, 140), (8, 8, 8)),  # more than a small part
        (LOWER, (2, 8, 40)),  # has a hue
        (LOWER, (10, 12, 4)),  # has a little of one
        (LOWER, (60, 62, 64)),  # not that dark
    ],
    ids=["above", "large", "red", "greenish", "not black"],
)
def test_other_dark_parts_of_a_car_are_its_own(deep: Box, colour: tuple[float, float, float]) -> None:
    scene, mask = car(deep, colour)
    found = shadows(levels(ground(), scene), mask, mask.size)
    assert found is None or not found[deep[1] + 2 : deep[3] - 2, deep[0] + 2 : deep[2] - 2].any()


def test_nothing_is_a_shadow_outside_the_mask() -> None:
    clean = ground()
    pair = levels(clean, darkened(clean, (60, 60, 160, 150), 0.6))
    mask = np.zeros(SHAPE, np.uint8)
    assert shadows(pair, mask, mask.size) is None
    mask[60:150, 60:120] = 255
    found = shadows(pair, mask, mask.size)
    assert found is not None
    assert not found[mask == 0].any()
    assert set(np.unique(found)) <= {0, 255}


@pytest.mark.parametrize("level", [60, 90, 105])
def test_an_even_dark_thing_alone_is_no_shadow_however_large(level: int) -> None:
    wall = np.full((*SHAPE, 3), 120.0)
    scene = wall.copy()
    scene[60:180, 80:240] = level  # a quarter of the picture
    assert away(looked(wall, scene), (80, 60, 240, 180)) <= 3


def drawn(outline: list[tuple[float, float]], soft: float) -> Picture:
    """Return what a polygon covers, (240, 320, 1), with soft edges."""
    cover = np.zeros(SHAPE, np.float32)
    cv2.fillPoly(cover, [np.array(outline, np.int32)], 1.0)
    return cv2.GaussianBlur(cover, (0, 0), soft)[..., None]


def walker(ground: Picture, colour: tuple[float, float, float], factor: float) -> tuple[Picture, Picture]:
    """Return somebody thin with a narrow, slanting shadow, and what of the picture that covers."""
    left, foot = 150, 160
    shadow = drawn([(left, foot), (left + 6, foot), (left - 50, foot - 16), (left - 54, foot - 12)], 1.2)
    body = drawn([(left, foot - 50), (left + 12, foot - 50), (left + 12, foot), (left, foot)], 0.8)
    scene = ground * (1 - (1 - factor) * shadow)
    return scene + body * (np.array(colour) - scene), body[..., 0]


EVEN_ROAD = np.full((*SHAPE, 3), (150.0, 152.0, 155.0))


@pytest.mark.parametrize("colour", [(25, 22, 24), (120, 40, 30), (40, 60, 190)], ids=["black", "blue", "red"])
@pytest.mark.parametrize("factor", [0.45, 0.55, 0.65])
def test_a_narrow_shadow_on_even_ground_is_none(colour: tuple[float, float, float], factor: float) -> None:
    scene, body = walker(EVEN_ROAD, colour, factor)
    found = looked(EVEN_ROAD, scene).mask > 0
    assert found[body > 0.9].mean() > 0.97  # and nothing of a thin thing is lost
    away_from_it = cv2.dilate(body, np.ones((13, 13))) < 0.1
    assert not found[away_from_it].any()


def test_somebody_all_in_gray_before_a_pale_wall_is_no_shadow() -> None:
    """Even clothes are as a shadow would be, but for the head that is left of him."""
    wall = np.full((*SHAPE, 3), (172.0, 176.0, 180.0))
    body = drawn([(130, 90), (190, 90), (195, 239), (125, 239)], 1.0)
    head = drawn([(145, 50), (175, 50), (175, 90), (145, 90)], 1.0)
    scene = wall + body * (np.array([92.0, 92.0, 92.0]) - wall)
    scene += head * (np.array([110.0, 140.0, 190.0]) - scene)
    found = looked(wall, scene).mask > 0
    assert found[np.maximum(body, head)[..., 0] > 0.9].mean() > 0.97


def test_a_gray_jacket_is_no_shadow() -> None:
    wall = np.full((*SHAPE, 3), (172.0, 176.0, 180.0))
    scene = wall.copy()
    whole = np.zeros(SHAPE, np.bool_)
    for top, bottom, colour in (
        (50, 80, (110, 140, 190)),
        (80, 130, (92, 92, 92)),
        (130, 200, (120, 60, 30)),
    ):
        cover = drawn([(140, top), (180, top), (180, bottom), (140, bottom)], 1.0)
        scene += cover * (np.array(colour, float) - scene)
        whole |= cover[..., 0] > 0.9
    assert (looked(wall, scene).mask > 0)[whole].mean() > 0.97


def test_what_things_and_their_shadows_surround_is_neither() -> None:
    scene, _ = walker(EVEN_ROAD, (25, 22, 24), 0.5)
    post = drawn([(92, 100), (102, 100), (102, 152), (92, 152)], 0.8)
    bar = drawn([(92, 108), (162, 108), (162, 118), (92, 118)], 0.8)
    for cover in (post, bar):
        scene += cover * (np.array([25.0, 22.0, 24.0]) - scene)
    assert not looked(EVEN_ROAD, scene).mask[124:138, 110:142].any()
