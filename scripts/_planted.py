"""Things of a given size and contrast, laid into a place; see `measure_hours`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from _camera import MARGIN, Picture

AREAS = (0.02, 0.05, 0.1, 0.2, 0.5, 2.0)  # percent of the picture
CONTRASTS = (8, 15, 25, 40, 80)  # gray levels
KINDS = ("lighter", "darker", "flat", "patch")
"""The place itself, lighter or darker; one colour; a part of another picture. All with that mean contrast."""
SEEN = 0.6  # of the contrast, that must arrive: neither black nor burnt out
TRIES = 50  # places that are tried until so much does
BRIGHT = 195  # levels; above that nothing lighter fits, for the light may grow by a quarter
AWAY = 8  # pixels from the border at least
Box = tuple[int, int, int, int]


class Thing(NamedTuple):
    """What is planted."""

    area: float
    """Percent of the picture."""
    contrast: float
    """Gray levels."""
    kind: str
    """One of `KINDS`."""

    @property
    def key(self) -> str:
        """For counters."""
        return f"{self.area:g} % {self.contrast:g} {self.kind}"


def plant(
    thing: Thing,
    place: Picture,
    size: tuple[int, int],
    others: Sequence[Picture],
    view: Callable[[Picture], Picture],
    rng: np.random.Generator,
) -> tuple[Picture, Box]:
    """Return the place with a thing in it that can be seen, and where it is in the picture.

    Parameters
    ----------
    thing : Thing
        What.
    place : ndarray
        Twice as large as the picture, with a margin; see `Camera.place_size`.
    size : tuple of int
        Width and height of the picture.
    others : sequence of ndarray
        Pictures that patches are taken from.
    view : callable
        Makes what arrives at the camera of a place.
    rng : Generator
        Draws where and how.
    """
    empty = view(place)
    for _ in range(TRIES):
        changed, box = _laid(thing, place, size, others, rng)
        part = np.s_[box[1] : box[3], box[0] : box[2]]
        if cv2.absdiff(view(changed)[part], empty[part]).mean() >= SEEN * thing.contrast:
            break
    return changed, box


def _laid(
    thing: Thing, place: Picture, size: tuple[int, int], others: Sequence[Picture], rng: np.random.Generator
) -> tuple[Picture, Box]:
    oval = rng.random() < 0.5
    pixels = thing.area / 100 * size[0] * size[1] * (4 / np.pi if oval else 1)
    aspect = np.exp(rng.uniform(-0.5, 0.5))
    width, height = max(3, round((pixels * aspect) ** 0.5)), max(3, round((pixels / aspect) ** 0.5))
    left, top = (
        int(rng.integers(AWAY, size[0] - width - AWAY)),
        int(rng.integers(AWAY, size[1] - height - AWAY)),
    )
    mask = np.zeros((2 * height + 8, 2 * width + 8), np.float32)
    if oval:
        cv2.ellipse(mask, (width + 4, height + 4), (width, height), 0, 0, 360, 1.0, cv2.FILLED)
    else:
        mask[4:-4, 4:-4] = 1
    y, x = 2 * (top + MARGIN) - 4, 2 * (left + MARGIN) - 4
    part = np.s_[y : y + mask.shape[0], x : x + mask.shape[1]]
    there = place[part].astype(np.float32)
    put = _content(thing, there, mask, others, rng)
    alpha = cv2.GaussianBlur(mask, (0, 0), 1.0)[..., None]
    changed = place.copy()
    changed[part] = np.clip(np.rint(there + alpha * (put - there)), 0, 255).astype(np.uint8)
    return changed, (left, top, left + width, top + height)


def _content(
    thing: Thing, there: np.ndarray, mask: np.ndarray, others: Sequence[Picture], rng: np.random.Generator
) -> np.ndarray:
    if thing.kind in ("lighter", "darker"):
        return there + (thing.contrast if thing.kind == "lighter" else -thing.contrast)
    mean = there[mask > 0].mean(axis=0)
    sign = rng.choice((-1, 1))
    if mean.mean() + thing.contrast > BRIGHT:
        sign = -1
    elif mean.mean() < thing.contrast:
        sign = 1
    if thing.kind == "flat":
        return np.broadcast_to(mean + sign * thing.contrast, there.shape)
    other = others[int(rng.integers(len(others)))]
    height, width = mask.shape
    y, x = (int(rng.integers(max(1, other.shape[n] - side))) for n, side in ((0, height), (1, width)))
    patch = cv2.resize(other[y : y + height, x : x + width], (width, height)).astype(np.float32)
    return patch - patch.mean(axis=(0, 1)) + mean + sign * thing.contrast
