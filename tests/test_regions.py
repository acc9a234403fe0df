"""Boxes round what differs: exact, merged by distance, with ids that last; the score; the verdict."""

import math

import numpy as np
import pytest

from rtdiff.engines import make_engine
from rtdiff.noise import CEILING, FLOOR, pair_noise
from rtdiff.records import Correction, Diff, Frame
from rtdiff.regions import Regions


def frame(plane: np.ndarray, corrections: tuple[Correction, ...] = (), data_range: int = 255) -> Frame:
    return Frame((plane,), data_range, "full", "bt601", 0, 0, "test", lambda: plane, corrections=corrections)


def find(a: np.ndarray, b: np.ndarray, regions: Regions | None = None, **options: object) -> Diff:
    engine = make_engine("numpy", **{"noise": pair_noise, "metrics": ("psnr",), **options})
    first, second = (engine.prepare(frame(p)) for p in (a, b))
    return (regions or Regions()).find(engine.compare(first, second))


def gray(height: int = 100, width: int = 120, level: int = 100) -> np.ndarray:
    return np.full((height, width), level, np.uint8)


def test_a_box_is_exact_and_the_mask_is_its_pixels() -> None:
    b = gray()
    b[30:50, 40:71] = 200
    diff = find(gray(), b)
    (box,) = diff.boxes
    assert box.xyxy == (40, 30, 71, 50)
    assert box.area_px == 20 * 31 == np.count_nonzero(diff.mask)
    assert diff.changed_fraction == 620 / 12000
    assert set(np.unique(diff.mask)) == {0, 255}
    assert box.max_diff == 100
    assert diff.reasons == ("boxes",)
    assert not diff.same
    assert abs(diff.map[diff.mask > 0].min() - box.min_ssim) < 1e-6
    assert diff.map[diff.min_xy[1], diff.min_xy[0]] == diff.min_ssim == diff.map.min()


@pytest.mark.parametrize(
    ("gap", "merge", "count"), [(7, 8, 1), (8, 8, 2), (1, 1, 2), (0, 1, 1), (19, 20, 1), (20, 20, 2)]
)
def test_merge_is_a_distance_in_pixels(gap: int, merge: int, count: int) -> None:
    for at in range(11, 27):  # wherever the tiles lie
        b = gray()
        b[20:40, at : at + 10] = 200
        b[20:40, at + 10 + gap : at + 20 + gap] = 200
        boxes = find(gray(), b, Regions(merge=merge)).boxes
        if merge >= 8:
            assert len(boxes) == count, at
        assert sum(box.area_px for box in boxes) == 400


def test_too_small_is_left_out_everywhere() -> None:
    b = gray()
    b[10:12, 10:12] = 200
    b[60:80, 60:80] = 200
    for limits in ({"min_area_px": 5}, {"min_area": 0.001}, {"min_side_px": 4}):
        diff = find(gray(), b, Regions(**limits))
        assert [box.xyxy for box in diff.boxes] == [(60, 60, 80, 80)]
        assert diff.mask[:20, :20].max() == 0
        assert np.count_nonzero(diff.mask) == 400
        assert diff.changed_fraction == 400 / 12000


def test_ids_last_while_a_thing_moves() -> None:
    regions = Regions(tracking=True)
    seen = []
    for step in range(6):
        b = gray()
        b[20:40, 10 + 4 * step : 30 + 4 * step] = 200
        if step in (2, 3, 5):
            b[70:80, 90:100] = 200
        seen.append({box.xyxy[1]: box.id for box in find(gray(), b, regions).boxes})
    assert [ids[20] for ids in seen] == [1] * 6
    assert [ids.get(70) for ids in seen] == [None, None, 2, 2, None, 3]
    regions.reset()
    assert find(gray(), b, regions).boxes[0].id == 1


def test_zones_have_scores_of_their_own() -> None:
    labels = np.zeros((100, 120), np.uint8)
    labels[:, :57], labels[:, 63:] = 1, 2
    b = gray()
    b[20:40, 50:70] = 200  # in both, and 6 columns in neither
    b[60:70, 100:110] = 0
    regions = Regions(zone_names=("left", "right"))
    diff = find(gray(), b, regions, labels=lambda shape: labels)
    left, right = diff.zones["left"], diff.zones["right"]
    assert left.changed_fraction == 20 * 7 / 5700
    assert right.changed_fraction == (20 * 7 + 100) / 5700
    assert left.pixels == right.pixels == 5700
    assert left.score > right.score
    assert math.isclose(diff.score, (left.score * 54 + right.score * 54) / 108, abs_tol=1e-9)
    assert {box.zone for box in diff.boxes} == {"left", "right"}
    assert diff.changed_fraction == (20 * 14 + 100) / 11400


def test_metrics_and_their_scores() -> None:
    b = gray()
    b[:, :60] += 51
    diff = find(gray(), b, Regions(metrics=("psnr", "ssim")))
    assert math.isclose(diff.metrics["psnr_db"], 10 * math.log10(255**2 / (51**2 / 2)))
    assert math.isclose(diff.score, 1 - 51 / math.sqrt(2) / 255)
    assert math.isclose(find(gray(), b, Regions(metrics=("absdiff",))).score, 1 - 25.5 / 255)
    same = find(gray(), gray(), Regions(metrics=("psnr",)))
    assert same.metrics["psnr_db"] == math.inf
    assert same.score == 1.0


def test_some_pixels_may_be_forgiven() -> None:
    b = gray()
    b[50, 50:53] = 255
    assert find(gray(), b, Regions(max_diff_pixels=3)).same
    assert not find(gray(), b, Regions(max_diff_pixels=2)).same
    assert len(find(gray(), b, Regions(max_diff_pixels=3)).boxes) == 1


def test_a_padded_size_is_a_reason() -> None:
    engine = make_engine("numpy", noise=pair_noise)
    told = Correction("pad", "both", [1, 1], [2, 2])
    prepared = engine.prepare(frame(gray(), (told,)))
    diff = Regions().find(engine.compare(engine.prepare(frame(gray())), prepared))
    assert diff.reasons == ("size",)
    assert [(c.kind, c.side) for c in diff.corrections] == [("pad", "test")]
    assert Regions(forgiven=("size",)).find(engine.compare(prepared, prepared)).same


def test_a_small_picture_says_its_window() -> None:
    diff = find(gray(5, 9), gray(5, 9))
    assert [(c.kind, c.after) for c in diff.corrections] == [("window", 5)]


@pytest.mark.parametrize("sigma", [1.0, 3.0, 8.0])
def test_noise_is_measured_and_not_a_difference(sigma: float) -> None:
    rng = np.random.default_rng(int(sigma))
    a = np.clip(np.add.outer(np.linspace(30, 200, 300), np.linspace(0, 30, 400)), 0, 255)
    b = np.clip(a + rng.normal(0, sigma, a.shape), 0, 255).round().astype(np.uint8)
    diff = find(a.round().astype(np.uint8), b)
    assert sigma <= diff.noise_levels < 1.25 * sigma + 0.3
    assert not diff.boxes
    b[100:120, 100:120] = np.clip(b[100:120, 100:120] + 7.0 * diff.noise_levels, 0, 255)
    (box,) = find(a.round().astype(np.uint8), b).boxes
    assert np.abs(np.subtract(box.xyxy, (100, 100, 120, 120))).max() <= 1


def test_a_change_is_not_taken_for_noise() -> None:
    rng = np.random.default_rng(1)
    a = rng.integers(0, 60, (200, 200)).astype(np.uint8)
    b = a.copy()
    b[:, :90] = rng.integers(0, 256, (200, 90))
    assert find(a, b).noise_levels == FLOOR
    assert find(a, rng.integers(0, 256, a.shape).astype(np.uint8)).noise_levels == CEILING
