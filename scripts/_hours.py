"""Hours of a simulated camera over one picture, and things planted in it; see `measure_hours`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from _camera import MARGIN, Camera, Look, Wander, softened
from _places import Picture, Place

from rtdiff import Differ
from rtdiff.alarm import Alarm, AlarmRule
from rtdiff.config import WatchConfig, from_options
from rtdiff.records import Diff
from rtdiff.watching import alarm_rules

AREAS = (0.02, 0.05, 0.1, 0.2, 0.5, 2.0)  # percent of the picture
CONTRASTS = (8, 15, 25, 40, 80)  # gray levels
KINDS = ("offset", "flat", "patch")
SIGMAS = (2, 4, 1, 6, 3, 8, 1.5, 5)  # levels, scene by scene
QUALITIES = (None, 85, None, 75, 90, None, 60)  # of JPEG
GRAINS = (0.0, 0.6)  # pixels
SHAKE, DRIFT, TINT, FLICKER = 2.0, 1.25, 1.06, 0.03  # pixels at most; factors; share
STAY_S, GAP_S = 6, 2  # how long a thing is there, and until the next one
NEAR = 3  # pixels: a box so near to the place overlaps it
FITS = 0.33  # intersection over union, as `rtdiff eval` takes it
SEEN = 0.6  # of its contrast, that must arrive: neither black nor burnt out
Box = tuple[int, int, int, int]


@dataclass(slots=True)
class Result:
    """What was counted in one scene; counters go by area and contrast, such as ``0.1 % 15``."""

    name: str
    """Of the place."""
    camera: str
    """Its noise and compression, for the table."""
    hours: float = 0.0
    """How long the empty place was watched."""
    frames: int = 0
    """In how many frames."""
    alarms: int = 0
    """Raised meanwhile: false ones."""
    with_box: int = 0
    """Frames meanwhile that had a box."""
    boxes: int = 0
    """In all of them."""
    differ_s: float = 0.0
    """Spent in the differ, of empty place and planted things, seconds."""
    planted: Counter[str] = field(default_factory=Counter)
    """Things."""
    found: Counter[str] = field(default_factory=Counter)
    """Of them, those for which there was an alarm and a box."""
    shown: Counter[str] = field(default_factory=Counter)
    """Frames in which they were there."""
    fitting: Counter[str] = field(default_factory=Counter)
    """Of them, those with a box that fits."""
    ious: list[float] = field(default_factory=list)
    """Of the best box with the true one, wherever one touched it."""
    near: int = 0
    """Edges of these boxes within 2 pixels of the true ones."""
    edges: int = 0
    """All edges of these boxes."""


class Scene:
    """One place before one camera.

    Parameters
    ----------
    place : Place
        What is seen.
    number, seed : int
        Of the scene, and of all; they decide everything that is drawn.
    size : tuple of int
        Width and height of its pictures.
    fps : float
        Frames a second.
    """

    def __init__(self, place: Place, number: int, seed: int, size: tuple[int, int], fps: float) -> None:
        self.rng = rng = np.random.default_rng([seed, number])
        sigma, quality = SIGMAS[number % len(SIGMAS)], QUALITIES[number % len(QUALITIES)]
        self._camera = Camera(rng, size, sigma, quality, GRAINS[number % 2])
        self.place = softened(place.cover(Camera.place_size(size)))
        self._size, self._fps = size, fps
        self._drift, self._tint = Wander(rng, 660), Wander(rng, 420)
        self._slow = Wander(rng, 17), Wander(rng, 23)
        self.result = Result(
            place.name, f"sigma {sigma:g}, " + ("raw" if quality is None else f"JPEG {quality}")
        )
        rest = Look(gains=self._light(0.0))
        shots = [self._camera.shot(self._camera.view(self.place, rest)) for _ in range(9)]
        reference = np.median(np.stack(shots), axis=0).astype(np.uint8)
        self._differ = Differ(reference=reference, fps=fps, threads=1)
        self._rules: dict[str, AlarmRule] = alarm_rules(from_options(WatchConfig, source="-", fps=fps))
        self._number = 0

    def watch(self, hours: float, step: Callable[[], None]) -> None:
        """Watch the empty place."""
        alarm, result = self.alarm(), self.result
        result.hours = hours
        for _ in range(round(hours * 3600 * self._fps)):
            time_ns, diff = self.frame(self.place)
            result.frames += 1
            result.alarms += sum(one.kind == "alarm_raised" for one in alarm.update(diff, time_ns))
            result.with_box += bool(diff.boxes)
            result.boxes += len(diff.boxes)
            step()

    def plant(
        self, area: float, contrast: float, others: Sequence[Picture], step: Callable[[], None]
    ) -> None:
        """Lay a thing into the place for a while, then take it away."""
        key, result = f"{area:g} % {contrast:g}", self.result
        changed, box = self._planted(area, contrast, others)
        alarm, found = self.alarm(), False
        for _ in range(round(STAY_S * self._fps) + 1):
            time_ns, diff = self.frame(changed)
            raised = bool(alarm.update(diff, time_ns)) or bool(alarm.open)
            hits = [one.xyxy for one in diff.boxes if _touch(one.xyxy, box)]
            result.shown[key] += 1
            found |= raised and bool(hits)
            if hits:
                best = max(hits, key=lambda one: _iou(one, box))
                result.ious.append(_iou(best, box))
                result.fitting[key] += result.ious[-1] > FITS
                result.near += sum(abs(a - b) <= 2 for a, b in zip(best, box, strict=True))
                result.edges += 4
        result.planted[key] += 1
        result.found[key] += found
        for _ in range(round(GAP_S * self._fps)):
            self.frame(self.place)
        step()

    def close(self) -> None:
        """Let go of the differ."""
        self._differ.close()

    def alarm(self) -> Alarm:
        """Return an alarm that has seen nothing."""
        return Alarm(self._rules)

    def frame(self, place: Picture) -> tuple[int, Diff]:
        """Return the time of the next frame of a place, and what is different in it."""
        seconds = self._number / self._fps
        picture = self._camera.shot(self._camera.view(place, self._look(seconds)))
        begin = time.perf_counter()
        diff = self._differ(picture)
        self.result.differ_s += time.perf_counter() - begin
        self._number += 1
        return round(seconds * 1e9), diff

    def _light(self, seconds: float) -> tuple[float, float, float]:
        gain = DRIFT ** self._drift(seconds)
        tint = TINT ** self._tint(seconds)
        return gain * tint, gain, gain / tint

    def _look(self, seconds: float) -> Look:
        flicker = 1 + FLICKER * self.rng.uniform(-1, 1)
        x, y = (SHAKE * (0.7 * slow(seconds) + 0.3 * self.rng.uniform(-1, 1)) for slow in self._slow)
        blue, green, red = self._light(seconds)
        return Look(x, y, gains=(blue * flicker, green * flicker, red * flicker))

    def _planted(self, area: float, contrast: float, others: Sequence[Picture]) -> tuple[Picture, Box]:
        """Return the place with a thing in it that can be seen, and where it is in the view."""
        plain = Look(gains=self._light(self._number / self._fps))
        empty = self._camera.view(self.place, plain)
        for _ in range(50):
            changed, box = self._try(area, contrast, others)
            part = np.s_[box[1] : box[3], box[0] : box[2]]
            gap = cv2.absdiff(self._camera.view(changed, plain)[part], empty[part])
            if gap.mean() >= SEEN * contrast:
                break
        return changed, box

    def _try(self, area: float, contrast: float, others: Sequence[Picture]) -> tuple[Picture, Box]:
        rng, (wide, high) = self.rng, self._size
        round_ = rng.random() < 0.5
        pixels = area / 100 * wide * high * (4 / np.pi if round_ else 1)
        aspect = np.exp(rng.uniform(-0.5, 0.5))
        width, height = max(3, round((pixels * aspect) ** 0.5)), max(3, round((pixels / aspect) ** 0.5))
        left, top = int(rng.integers(8, wide - width - 8)), int(rng.integers(8, high - height - 8))
        mask = np.zeros((2 * height + 8, 2 * width + 8), np.float32)
        if round_:
            centre, axes = (width + 4, height + 4), (width, height)
            cv2.ellipse(mask, centre, axes, 0, 0, 360, 1.0, cv2.FILLED)
        else:
            mask[4:-4, 4:-4] = 1
        alpha = cv2.GaussianBlur(mask, (0, 0), 1.0)[..., None]
        y, x = 2 * (top + MARGIN) - 4, 2 * (left + MARGIN) - 4
        part = np.s_[y : y + mask.shape[0], x : x + mask.shape[1]]
        there = self.place[part].astype(np.float32)
        changed = self.place.copy()
        put = self._content(there, mask, contrast, others)
        changed[part] = np.clip(np.rint(there + alpha * (put - there)), 0, 255).astype(np.uint8)
        return changed, (left, top, left + width, top + height)

    def _content(
        self, there: np.ndarray, mask: np.ndarray, contrast: float, others: Sequence[Picture]
    ) -> np.ndarray:
        rng = self.rng
        mean = there[mask > 0].mean(axis=0)
        sign = rng.choice((-1, 1))
        if mean.mean() + contrast > 195:  # the light may grow by a quarter
            sign = -1
        elif mean.mean() < contrast + 4:
            sign = 1
        kind = KINDS[int(rng.integers(len(KINDS)))]
        if kind == "offset":
            return there + sign * contrast
        if kind == "flat":
            return np.broadcast_to(mean + sign * contrast, there.shape)
        other = others[int(rng.integers(len(others)))]
        height, width = mask.shape
        y, x = (int(rng.integers(max(1, other.shape[n] - side))) for n, side in ((0, height), (1, width)))
        patch = cv2.resize(other[y : y + height, x : x + width], (width, height)).astype(np.float32)
        return patch - patch.mean(axis=(0, 1)) + mean + sign * contrast


def _touch(a: Box, b: Box) -> bool:
    return a[0] < b[2] + NEAR and b[0] < a[2] + NEAR and a[1] < b[3] + NEAR and b[1] < a[3] + NEAR


def _iou(a: Box, b: Box) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(0, width) * max(0, height)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return both / (areas - both)
