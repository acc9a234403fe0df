"""Pairs whose edges are a pixel or so apart in every part: boards, scans, prints."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import rtdiff
from rtdiff.evaluation.datasets import open_dataset
from rtdiff.evaluation.matching import TrueBox, match
from rtdiff.parts import as_a_whole, followed, many_ways
from rtdiff.records import Diff
from rtdiff.sources.arrays import frame_from_array
from tests.text_pages import gray, ink, page

Picture = NDArray[np.uint8]
SIDE = 400
PADS = [(60 + 90 * k, 60 + 90 * m) for k in range(4) for m in range(4)]
REACH = 10  # pixels: how much larger boxes are than what differs


def board() -> NDArray[np.float32]:
    """Return pads joined by tracks, black on white."""
    picture = np.full((SIDE, SIDE), 255, np.uint8)
    for x, y in PADS:
        cv2.circle(picture, (x, y), 22, 0, -1)
    for k in range(4):
        cv2.line(picture, PADS[4 * k], PADS[4 * k + 3], 0, 11)
        cv2.line(picture, (20, 105 + 90 * k), (380, 95 + 90 * k), 0, 7)
    return picture.astype(np.float32)


def waves(seed: int, far: float, step: int = 80) -> NDArray[np.float32]:
    """Return (2, SIDE, SIDE) smooth moves of up to `far` pixels."""
    rng = np.random.default_rng(seed)
    coarse = rng.standard_normal((2, SIDE // step + 3, SIDE // step + 3)).astype(np.float32)
    fine = np.stack([cv2.resize(c, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for c in coarse])
    moves: NDArray[np.float32] = fine / np.abs(fine).max() * np.float32(far)
    return moves


def moved(picture: NDArray[np.float32], moves: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = picture.shape
    down, across = np.indices((height, width), np.float32)
    at = across + moves[0], down + moves[1]
    out = cv2.remap(picture, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.float32)


def scanned(picture: NDArray[np.float32], seed: int, far: float = 2.0) -> Picture:
    """Return the picture as black and white with its edges elsewhere, and rough."""
    rough = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 100, picture.shape), (0, 0), 1.2)
    soft = cv2.GaussianBlur(moved(picture, waves(seed, far)), (0, 0), 1)
    return np.where(soft + rough > 127, 255, 0).astype(np.uint8)


def with_things(picture: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[tuple[int, int, int, int]]]:
    """Return it with a hole, a spot, a bridge, a gap and a bite, and where they are."""
    made = picture.copy()
    boxes = [(145, 325, 155, 335), (100, 30, 110, 40), (102, 330, 108, 366), (143, 176, 157, 184)]
    for (x0, y0, x1, y1), colour in zip(boxes, (255, 0, 0, 255), strict=True):
        made[y0:y1, x0:x1] = colour
    cv2.circle(made, (240, 82), 7, 255, -1)  # into a pad's lower edge
    return made, [*boxes, (233, 75, 247, 83)]


def grown(box: tuple[int, int, int, int]) -> TrueBox:
    low, high = (max(v - REACH, 0) for v in box[:2]), (min(v + REACH, SIDE) for v in box[2:])
    x0, y0, x1, y1 = *low, *high
    return TrueBox((x0, y0, x1, y1))


def told(diff: Diff) -> list[str]:
    return [c.detail for c in diff.corrections if c.kind == "shift"]


@pytest.mark.parametrize("seed", range(4))
def test_things_are_found_among_edges_that_moved(seed: int) -> None:
    made, boxes = with_things(board())
    diff = rtdiff.compare(scanned(board(), seed, 0), scanned(made, seed + 100), engine="numpy")
    found = match([grown(box) for box in boxes], [box.xyxy for box in diff.boxes], 0.33)
    assert (len(found.right), found.false, found.missed) == (5, (), ())
    assert len(told(diff)) == 1
    assert all(0 <= v <= SIDE for box in diff.boxes for v in box.xyxy)
    # the mask holds what differs, not the room around it that the boxes have
    inside = np.zeros(diff.mask.shape, np.bool_)
    for box in diff.boxes:
        x0, y0, x1, y1 = box.xyxy
        inside[y0:y1, x0:x1] = True
        assert box.area_px < 0.6 * (x1 - x0) * (y1 - y0)
    assert not diff.mask[~inside].any()
    assert np.count_nonzero(diff.mask) == sum(box.area_px for box in diff.boxes)


@pytest.mark.parametrize("seed", range(4))
def test_edges_that_moved_are_no_difference(seed: int) -> None:
    diff = rtdiff.compare(scanned(board(), seed, 0), scanned(board(), seed + 100), engine="numpy")
    assert diff.boxes == ()
    assert len(told(diff)) == 1
    strict = rtdiff.compare(
        scanned(board(), seed, 0), scanned(board(), seed + 100), engine="numpy", strict=True
    )
    assert strict.boxes
    assert told(strict) == []


@pytest.mark.parametrize("kind", ["colour", "16 bit", "smooth"])
def test_pictures_of_every_kind_are_followed(kind: str) -> None:
    made, boxes = with_things(board())
    options = {"data_range": 65535} if kind == "16 bit" else {}
    x, y = scanned(board(), 1, 0), scanned(made, 101)
    if kind == "smooth":
        soft = [cv2.GaussianBlur(p, (0, 0), 1) for p in (board(), moved(made, waves(7, 2.5, 60)))]
        x, y = (np.rint(p).astype(np.uint8) for p in soft)
    elif kind == "colour":
        inks = np.array([[30, 60, 200], [250, 240, 220]], np.uint8)
        x, y = (inks[(p > 127).astype(np.intp)] for p in (x, y))
    else:
        x, y = (p.astype(np.uint16) * 257 for p in (x, y))
    diff = rtdiff.compare(x, y, engine="numpy", **options)
    found = match([grown(box) for box in boxes], [box.xyxy for box in diff.boxes], 0.33)
    assert (len(found.right), found.false) == (5, ())
    assert len(told(diff)) == 1


def test_what_is_outside_of_the_zones_says_nothing() -> None:
    made, boxes = with_things(board())
    options = {"zone": "left=0:0-200:400", "engine": "numpy"}
    diff = rtdiff.compare(scanned(board(), 2, 0), scanned(made, 102), **options)
    left = [grown(box) for box in boxes if box[2] <= 200]
    found = match(left, [box.xyxy for box in diff.boxes], 0.33)
    assert (len(found.right), found.false) == (len(left), ())
    assert diff.zones["left"].boxes == len(left)
    assert not diff.mask[:, 200:].any()


@pytest.mark.parametrize("how", ["shifted", "larger", "turned"])
def test_a_picture_that_moved_as_a_whole_is_different(how: str) -> None:
    down, across = np.indices((SIDE, SIDE), np.float32) - SIDE / 2
    zeros = np.zeros_like(down)
    moves = {
        "shifted": np.stack([zeros + 2, zeros]),
        "larger": np.stack([across, down]) * np.float32(0.01),
        "turned": np.stack([down, -across]) * np.float32(0.01),
    }[how]
    sharp = np.where(moved(board(), moves) > 127, 255, 0).astype(np.uint8)
    assert not rtdiff.compare(board().astype(np.uint8), sharp, engine="numpy").same
    assert not rtdiff.compare(
        scanned(board(), 3, 0), scanned(moved(board(), moves), 103, 1.0), engine="numpy"
    ).same


def test_a_part_that_moved_as_it_was_is_found() -> None:
    for x in (board().astype(np.uint8), page(gray(ink()))):
        y = x.copy()
        y[152:] = x[150:-2]
        diff = rtdiff.compare(x, y, engine="numpy")
        assert diff.boxes
        assert told(diff) == []


def test_bolder_strokes_are_found() -> None:
    for x in (scanned(board(), 1, 0), page(gray(ink()))):
        diff = rtdiff.compare(x, cv2.erode(x, np.ones((3, 3), np.uint8)), engine="numpy")
        assert diff.boxes
        assert told(diff) == []


@pytest.mark.parametrize("names", [("aloeL.jpg", "aloeR.jpg"), ("rubberwhale1.png", "rubberwhale2.png")])
def test_another_view_is_not_followed(data: Path, names: tuple[str, str]) -> None:
    first, second = (data / "opencv-samples" / name for name in names)
    diff = rtdiff.compare(first, second, engine="numpy")
    assert diff.boxes
    assert told(diff) == []


def test_boards_of_the_benchmark(data: Path) -> None:
    right = found = true = 0
    for scene in open_dataset(str(data / "deeppcb")).scenes:
        for pair in scene.pairs[::2]:
            boxes = [box.xyxy for box in rtdiff.compare(pair.reference, pair.test, engine="numpy").boxes]
            right += len(match(pair.boxes, boxes, 0.33).right)
            found += len(boxes)
            true += len(pair.boxes)
    assert true > 150
    assert 2 * right / (found + true) >= 0.97


def test_a_field_follows_every_part() -> None:
    rng = np.random.default_rng(5)
    noise = cv2.GaussianBlur(rng.normal(128, 200, (203, 310)), (0, 0), 2).clip(0, 255).astype(np.uint8)
    left, right = np.roll(noise, (2, -1), (0, 1)), np.roll(noise, (-2, 3), (0, 1))
    both = np.hstack([left[:, :150], right[:, 150:]])
    parts = followed(frame_from_array(noise), frame_from_array(both))
    field, back = parts.field, parts.frame
    assert field.shape == (26, 39, 2)
    assert (field[3:-3, 3:10] == (-1, 2)).all()
    assert (field[3:-3, -10:-3] == (3, -2)).all()
    assert (back.luma[30:-30, 30:80] == noise[30:-30, 30:80]).all()


def test_a_turn_is_no_field_of_parts() -> None:
    down, across = np.indices((40, 50)) - 20.0
    cells = np.ones(2000, np.bool_)
    turned = np.rint(np.stack([down, -across], axis=2) * 0.1).astype(np.int8)
    assert not many_ways(turned, cells)
    assert as_a_whole(turned, cells) is not None
    rng = np.random.default_rng(0)
    bumps = [cv2.resize(rng.normal(0, 2, (6, 6)), (50, 40), interpolation=cv2.INTER_CUBIC) for _ in range(2)]
    parts = np.rint(np.stack(bumps, axis=2)).clip(-4, 4).astype(np.int8)
    parts[:, 25:][np.abs(parts[:, 25:]) <= 1] = 0
    parts[:, :26] = 0
    assert many_ways(parts, cells)
    assert as_a_whole(parts, cells) is None
