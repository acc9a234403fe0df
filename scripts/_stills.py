"""Stills held against themselves as another camera setting would show them; see `measure_scenes`."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
from _places import Picture, Place

from rtdiff import Differ, compare

SIZE, MARGIN = (640, 360), 16
FRAMES = 3  # of every treatment in a watch, each with noise of its own


def moved(
    place: Picture,
    rng: np.random.Generator,
    x: float = 0,
    y: float = 0,
    degrees: float = 0,
    gain: float = 1,
    sigma: float = 0,
    quality: int | None = None,
) -> Picture:
    """Return the middle of a place as it is seen after something has changed."""
    width, height = SIZE
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2 + MARGIN, (height - 1) / 2 + MARGIN), degrees, 1)
    matrix[:, 2] += x, y
    if x or y or degrees:
        place = cv2.warpAffine(place, matrix, place.shape[1::-1], flags=cv2.INTER_CUBIC)
    seen = place[MARGIN:-MARGIN, MARGIN:-MARGIN].astype(np.float32) * gain
    noisy: Picture = np.clip(np.rint(seen + rng.normal(0, sigma, seen.shape)), 0, 255).astype(np.uint8)
    if quality is not None:
        _, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return cv2.imdecode(data, cv2.IMREAD_COLOR)
    return noisy


CHANGES = {
    "JPEG 70": partial(moved, quality=70),
    "noise 8": partial(moved, sigma=8),
    "gain 0.8": partial(moved, gain=0.8, sigma=2),
    "gain 1.25": partial(moved, gain=1.25, sigma=2),
    "shift 3": partial(moved, x=3, y=-2, sigma=2),
    "shift 1.5": partial(moved, x=-1.5, y=0.7, sigma=2),
    "turn 0.5": partial(moved, degrees=0.5, sigma=2),
    "all": partial(moved, x=1.3, y=2.2, degrees=-0.3, gain=1.15, sigma=4, quality=80),
}
STILL = ("JPEG 70", "noise 8")  # what two pictures are compared with; the rest is for a watch
TREATMENTS = (*(f"{name} *" for name in STILL), *CHANGES)


def boxes_of(place: Place) -> tuple[str, list[int]]:
    """Return how many boxes are found, by `TREATMENTS`: of `rtdiff.compare` (*), then of a watch."""
    wide = place.cover((SIZE[0] + 2 * MARGIN, SIZE[1] + 2 * MARGIN))
    rng = np.random.default_rng(1)
    still = moved(wide, rng)
    counts = [len(compare(still, CHANGES[name](wide, rng)).boxes) for name in STILL]
    for change in CHANGES.values():
        with Differ(reference=still, fps=25, threads=1) as differ:
            counts.append(max(len(differ(change(wide, rng)).boxes) for _ in range(FRAMES)))
    return place.name, counts
