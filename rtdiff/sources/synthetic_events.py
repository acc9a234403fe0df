"""What happens in a synthetic scene and when, as patches of planes over the clean scene."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from rtdiff.sources import scene_objects
from rtdiff.sources.scene import Brush, Change
from rtdiff.sources.synthetic_options import Options

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]

EDGE = 4  # levels: what differs less does not belong to a drawn change (the rim of a shadow)
MOVERS = (
    Change("ball", "bright ball", (0, 0, 0, 0)),
    Change("person", "person passing", (0, 0, 0, 0)),
)
_LONGEST_S, _PASSING_S = 20, 5  # how long a thing stays, and how long one that moves is there, at most


class Scene(Protocol):
    """A module that draws."""

    BALL: float
    PERSON: float

    def draw(self, brush: Brush, change: Change | None) -> None:
        """Draw the scene, with one thing otherwise."""

    def changes(self, brush: Brush) -> list[Change]:
        """Return what may be otherwise."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that comes, stays and goes."""

    first: int
    """Frame in which it is first there."""
    last: int
    """Frame in which it is gone."""
    change: Change
    """What it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A part of the scene as it is while something is otherwise."""

    left: int
    """Pixels, even."""
    top: int
    """Pixels, even."""
    planes: Planes
    """What stands there instead; chroma as the scene's."""
    xyxy: tuple[int, int, int, int]
    """The drawn change in it: half-open, pixels of the scene."""
    area_px: int
    """Pixels that differ by `EDGE` levels or more."""
    contrast: float
    """Mean difference of those pixels, in the plane that shows it most, levels."""


def split(picture: NDArray[np.uint8], chroma: str) -> Planes:
    """Return (H, W, 3) BGR as Y, Cb, Cr of BT.601, full range; chroma halved for ``420``."""
    luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    blue, red = (cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb)[..., c] for c in (2, 1))
    if chroma == "420":
        return luma, halve(blue), halve(red)
    return luma, np.ascontiguousarray(blue), np.ascontiguousarray(red)


def halve(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the means of 2x2 samples; of an odd side the last sample counts twice."""
    rows, columns = (n % 2 for n in plane.shape)
    wide = np.pad(plane, ((0, rows), (0, columns)), "edge").astype(np.uint16)
    total = wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2]
    return ((total + 2) >> 2).astype(np.uint8)


def schedule(options: Options, changes: list[Change]) -> list[Happening]:
    """Return what happens: each kind in turn, at most two things at once and never one over another."""
    dice = random.Random(f"{options.seed}:events")
    kinds = sorted({c.kind for c in changes} | {m.kind for m in MOVERS})
    order = sorted(kinds, key=lambda _kind: dice.random())
    moving = {m.kind: m for m in MOVERS}
    start, stop = options.span
    happenings: list[Happening] = []
    for number in range(options.objects):
        kind, following = order[number % len(order)], order[(number + 1) % len(order)]
        slot = (stop - start) // options.objects
        first = start + number * slot + int(dice.random() * slot / 6)
        busy = [h.change.rect for h in happenings[-2:] if h.last > first]
        free = [c for c in changes if not any(_meet(c.rect, other) for other in busy)]
        alike = [c for c in free if c.kind == kind] or free
        change = moving.get(kind) or alike[int(dice.random() * len(alike))]
        # what moves passes before everything else, so it has the scene for itself
        alone = kind in moving or following in moving or number + 1 == options.objects
        longest = int(options.fps * (_PASSING_S if kind in moving else _LONGEST_S))
        happenings.append(
            Happening(first, first + min(int(slot * (0.75 if alone else 1.4)), longest), change)
        )
    return happenings


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


class Stage:
    """The clean scene and everything that happens in it, exact and without noise.

    Parameters
    ----------
    scene : Scene
        What draws.
    options : Options
        As asked for.
    """

    def __init__(self, scene: Scene, options: Options) -> None:
        self._scene, self._options = scene, options
        brush = Brush(options.size_wh)
        scene.draw(brush, None)
        self._unit = options.size_wh[0] / brush.width
        self.clean: Planes = split(brush.picture(), options.chroma)
        self.happenings = schedule(options, scene.changes(brush))
        # by number of the happening, which alone decides what is drawn
        self._still: Callable[[int], Patch | None] = lru_cache(maxsize=64)(self._draw_still)

    def patches(self, index: int) -> list[tuple[Happening, Patch]]:
        """Return what is otherwise in frame `index`, each with its patch."""
        found = []
        for number, happening in enumerate(self.happenings):
            if happening.first <= index < happening.last:
                moves = happening.change in MOVERS
                patch = self._draw_mover(happening, index) if moves else self._still(number)
                if patch is not None:
                    found.append((happening, patch))
        return found

    def _draw_still(self, number: int) -> Patch | None:
        change = self.happenings[number].change
        pictures = []
        for state in (None, change):
            brush = Brush(self._options.size_wh, change.rect)
            self._scene.draw(brush, state)
            pictures.append(split(brush.picture(), self._options.chroma))
        left, top = brush.rect[:2]
        return self._patch(
            left, top, [after.astype(np.int16) - before for before, after in zip(*pictures, strict=True)]
        )

    def _draw_mover(self, happening: Happening, index: int) -> Patch | None:
        kind = happening.change.kind
        width, height = self._options.size_wh
        passed, whole = index - happening.first, max(1, happening.last - happening.first)
        x = _ball_at(passed, whole) if kind == "ball" else 1.3 * (passed + 0.5) / whole - 0.22
        top = round((self._scene.BALL if kind == "ball" else self._scene.PERSON) * self._unit) // 2 * 2
        left = round(x * width) // 2 * 2
        pace = 340 if kind == "person" else 250  # units of way until it looks the same again
        step = int(x * width / self._unit * scene_objects.STEPS / pace) % scene_objects.STEPS
        sprite = scene_objects.sprite(kind, step, self._options.size_wh)
        x0, x1 = max(left, 0), min(left + sprite.cover.shape[1], width)
        y1 = min(top + sprite.cover.shape[0], height)
        if x0 >= x1 or top >= y1:
            return None
        seen = slice(0, y1 - top), slice(x0 - left, x1 - left)
        colours = split(np.ascontiguousarray(sprite.colours[seen]), self._options.chroma)
        cover = np.ascontiguousarray(sprite.cover[seen])
        changes = []
        for plane, colour, neutral in zip(self.clean, colours, (0, 128, 128), strict=True):
            half = plane.shape != self.clean[0].shape
            part = _part(plane, x0 >> half, top >> half, colour.shape).astype(np.int32) - neutral
            bare = 255 - (halve(cover) if half else cover).astype(np.int32)
            after = colour.astype(np.int32) - neutral + (part * bare + 127) // 255
            changes.append(after - part)
        return self._patch(x0, top, changes)

    def _patch(self, left: int, top: int, changes: list[NDArray[Any]]) -> Patch | None:
        """Return what adding `changes`, differences by plane, makes of the clean scene."""
        planes, sizes = [], []
        for plane, change in zip(self.clean, changes, strict=True):
            half = plane.shape != self.clean[0].shape
            part = _part(plane, left >> half, top >> half, change.shape)
            after = np.clip(part.astype(np.int32) + change, 0, 255).astype(np.uint8)
            planes.append(after)
            size = cv2.absdiff(after, np.ascontiguousarray(part))
            rows, columns = changes[0].shape
            sizes.append(size.repeat(2, 0).repeat(2, 1)[:rows, :columns] if half else size)
        different = np.maximum(np.maximum(sizes[0], sizes[1]), sizes[2]) >= EDGE
        if not different.any():
            return None
        x = np.flatnonzero(different.any(0))
        y = np.flatnonzero(different.any(1))
        xyxy = (left + int(x[0]), top + int(y[0]), left + int(x[-1]) + 1, top + int(y[-1]) + 1)
        contrast = max(float(size[different].mean()) for size in sizes)
        return Patch(left, top, (planes[0], planes[1], planes[2]), xyxy, int(different.sum()), contrast)


def _part(plane: NDArray[np.uint8], left: int, top: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return plane[top : top + shape[0], left : left + shape[1]]


def _ball_at(passed: int, whole: int) -> float:
    """Return the left side of the ball, of the width: in from the left, a rest, out to the right."""
    part = passed / whole
    if part < 0.3:
        return -0.06 + 0.51 * (1 - (1 - part / 0.3) ** 2)
    if part < 0.7:
        return 0.45
    return 0.45 + 0.55 * ((part - 0.7) / 0.3) ** 2
