"""Masks and boxes held against truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rtdiff.evaluation.cases import CHANGED, STATIC, UNKNOWN, Found, Mask, Truth
from rtdiff.evaluation.matching import XYXY, Matched, TrueBox, match
from rtdiff.reports.eval_result import Counts

SPECK = 0.0002  # of the picture: a smaller true region counts neither way, as `watch` reports none
KNOWN = 0.5  # share of a found box with known truth, below which it counts neither way
SHADOW, OUTSIDE, UNSURE, MOVING = 50, 85, 170, 255  # changedetection.net's gray levels


class Judged(NamedTuple):
    """One picture beside its truth."""

    counts: dict[str, Counts]
    """By measure."""
    boxes: Matched
    """Which box is which."""


def truth_of(levels: Mask, region: Mask | None) -> Truth:
    """Return the truth of a mask of changedetection.net: shadow is static, outside and unsure unknown.

    Parameters
    ----------
    levels : ndarray
        (H, W) uint8: 0 static, 50 shadow, 85 outside the region, 170 unsure, 255 moving.
    region : ndarray or None
        (H, W); 0 is not evaluated.
    """
    table = np.full(256, UNKNOWN, np.uint8)
    table[[0, SHADOW]] = STATIC
    table[MOVING] = CHANGED
    truth: Truth = table[levels]
    if region is not None:
        truth[region == 0] = UNKNOWN
    return truth


def true_boxes(truth: Truth) -> list[TrueBox]:
    """Return the boxes around the 8-connected regions of a mask; specks do not count."""
    import cv2

    changed = (truth == CHANGED).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(changed, connectivity=8)
    least = SPECK * truth.size
    return [
        TrueBox((int(x), int(y), int(x + width), int(y + height)), bool(area >= least))
        for x, y, width, height, area in stats[1:]
    ]


def judge_mask(truth: Truth, found: Found, iou: float) -> Judged:
    """Count pixels where truth is known, and boxes against those around the mask's regions."""
    boxes = [box for box in found.boxes if _known(truth, box)]
    places = [n for n, box in enumerate(found.boxes) if _known(truth, box)]
    matched = match(true_boxes(truth), boxes, iou)
    told = Matched(
        tuple((true, places[at]) for true, at in matched.right),
        tuple(places[at] for at in matched.false),
        matched.missed,
    )
    return Judged({"pixels": count_pixels(truth, found.mask), "boxes": count_boxes(told)}, told)


def judge_boxes(true: Sequence[TrueBox], found: Found, iou: float, truth: Truth | None = None) -> Judged:
    """Count boxes, and pixels if there is a mask as well."""
    matched = match(true, found.boxes, iou)
    counts = {} if truth is None else {"pixels": count_pixels(truth, found.mask)}
    return Judged({**counts, "boxes": count_boxes(matched)}, matched)


def count_pixels(truth: Truth, mask: Mask) -> Counts:
    """Count the pixels whose truth is known."""
    found, true, static = mask > 0, truth == CHANGED, truth == STATIC
    right = int(np.count_nonzero(found & true))
    return Counts(right, int(np.count_nonzero(found & static)), int(np.count_nonzero(true)) - right)


def count_boxes(matched: Matched) -> Counts:
    """Count the boxes of a matching."""
    return Counts(len(matched.right), len(matched.false), len(matched.missed))


def _known(truth: Truth, box: XYXY) -> bool:
    left, top, right, bottom = box
    part = truth[max(0, top) : bottom, max(0, left) : right]
    return bool(part.size) and float(np.mean(part != UNKNOWN)) >= KNOWN
