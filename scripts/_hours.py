"""Hours of a simulated camera over one picture, and things planted in it; see `measure_hours`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from _camera import Camera, Look, Wander, softened
from _places import Picture, Place
from _planted import Box, Thing, plant

from rtdiff import Differ
from rtdiff.alarm import Alarm, AlarmRule
from rtdiff.config import WatchConfig, from_options
from rtdiff.records import Diff
from rtdiff.watching import alarm_rules

SIGMAS = (2, 4, 1, 6, 3, 8, 1.5, 5)  # levels, scene by scene
QUALITIES = (None, 85, None, 75, 90, None, 60)  # of JPEG
GRAINS = (0.0, 0.6)  # pixels
SHAKE, DRIFT, TINT, FLICKER = 2.0, 1.25, 1.06, 0.03  # pixels at most; factors; share
STAY_S, GAP_S = 6, 2  # how long a thing is there, and until the next one
NEAR = 3  # pixels: a box so near to the place overlaps it
FITS = 0.33  # intersection over union, as `rtdiff eval` takes it
SHOWN = 5  # pictures of a scene of frames with false boxes, the first ones


@dataclass(slots=True)
class Result:
    """What was counted in one scene; counters go by `Thing.key`."""

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
    folder : Path or None
        Where pictures of what went wrong are written.
    """

    def __init__(
        self, place: Place, number: int, seed: int, size: tuple[int, int], fps: float, folder: Path | None
    ) -> None:
        self.rng = rng = np.random.default_rng([seed, number])
        sigma, quality = SIGMAS[number % len(SIGMAS)], QUALITIES[number % len(QUALITIES)]
        self._camera = Camera(rng, size, sigma, quality, GRAINS[number % 2])
        self.place = softened(place.cover(Camera.place_size(size)))
        self._size, self._fps, self._folder = size, fps, folder
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
            if diff.boxes and result.with_box < SHOWN:
                self._draw("false", diff)
            result.frames += 1
            result.alarms += sum(one.kind == "alarm_raised" for one in alarm.update(diff, time_ns))
            result.with_box += bool(diff.boxes)
            result.boxes += len(diff.boxes)
            step()

    def plant(self, thing: Thing, others: Sequence[Picture], step: Callable[[], None]) -> None:
        """Lay a thing into the place for a while, then take it away."""
        key, result = thing.key, self.result
        plain = Look(gains=self._light(self._number / self._fps))
        seen = partial(self._camera.view, look=plain)
        changed, box = plant(thing, self.place, self._size, others, seen, self.rng)
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
        if not found:
            self._draw("missed " + key, diff, box)
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

    def _draw(self, what: str, diff: Diff, box: Box | None = None) -> None:
        """Write the frame with its boxes in red, and with the true one in green."""
        if self._folder is None:
            return
        picture = diff.test.picture().copy()
        for found in diff.boxes:
            cv2.rectangle(picture, found.xyxy[:2], found.xyxy[2:], (0, 0, 255))
        if box is not None:
            cv2.rectangle(picture, (box[0] - 3, box[1] - 3), (box[2] + 3, box[3] + 3), (0, 255, 0))
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{self.result.name} {what} {self._number:06}.png".replace(" ", "-").replace("%", "percent")
        cv2.imwrite(str(self._folder / name), picture)

    def _light(self, seconds: float) -> tuple[float, float, float]:
        gain = DRIFT ** self._drift(seconds)
        tint = TINT ** self._tint(seconds)
        return gain * tint, gain, gain / tint

    def _look(self, seconds: float) -> Look:
        flicker = 1 + FLICKER * self.rng.uniform(-1, 1)
        x, y = (SHAKE * (0.7 * slow(seconds) + 0.3 * self.rng.uniform(-1, 1)) for slow in self._slow)
        blue, green, red = self._light(seconds)
        return Look(x, y, gains=(blue * flicker, green * flicker, red * flicker))


def _touch(a: Box, b: Box) -> bool:
    return a[0] < b[2] + NEAR and b[0] < a[2] + NEAR and a[1] < b[3] + NEAR and b[1] < a[3] + NEAR


def _iou(a: Box, b: Box) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(0, width) * max(0, height)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return both / (areas - both)
