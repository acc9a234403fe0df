"""``synthetic://NAME``: drawn scenes in which every change, and its box, is known."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import import_module
from typing import Any

import cv2
import numpy as np

from rtdiff.errors import SettingsError
from rtdiff.records import Frame, Picture
from rtdiff.sources.source import Source, SourceInfo
from rtdiff.sources.synthetic_events import Planes, Stage
from rtdiff.sources.synthetic_film import Film
from rtdiff.sources.synthetic_options import parse

_MODULES = {"shelf": "scene_shelf", "office": "scene_office", "static": "scene_shelf", "flat": "scene_flat"}
_LEAST_CONTRAST = 6.0  # levels; people hardly see less
_LEAST_AREA = 16  # pixels


@dataclass(frozen=True, slots=True)
class Truth:
    """One true change in one frame."""

    xyxy: tuple[int, int, int, int]
    """Left, top, right, bottom; half-open; pixels of the scene as if the camera had not moved."""
    label: str
    """What it is, for people."""
    kind: str
    """box, missing, label, small, ball or person."""
    area_px: int
    """Pixels that differ from the clean scene by 4 levels or more; all of them lie in `xyxy`."""
    contrast: float
    """Their mean difference, in the plane that shows it most, levels."""


class SyntheticSource(Source):
    """Frames of a drawn scene, with noise, drifting light and an unsteady camera.

    The same address gives the same frames, bit for bit, in every iteration and on every machine.

    Parameters
    ----------
    uri : str
        ``synthetic://NAME?key=value&...``, see `rtdiff.sources.synthetic_options`.

    Raises
    ------
    SettingsError
        An unknown scene, key or value.
    """

    def __init__(self, uri: str) -> None:
        self.options = options = parse(uri)
        self.info = SourceInfo(
            name=f"synthetic://{options.name}",
            kind="synthetic",
            size_wh=options.size_wh,
            fps=options.fps,
            frames=options.frames,
            duration_ns=self._time_ns(options.frames),
            detail=f"drawn, seed {options.seed}",
        )
        scene: Any = import_module(f"rtdiff.sources.{_MODULES[options.name]}")
        self._stage = Stage(scene, options)
        self._film = Film(self._stage, options.seed, options.noise, options.shake)

    @property
    def visible_contrast(self) -> float:
        """Mean difference, levels, below which nobody is asked to find a change."""
        return max(_LEAST_CONTRAST, 1.5 * self.options.noise)

    @property
    def lamp(self) -> int | None:
        """Frame in which the lamp begins to change, or None."""
        options = self.options
        if options.lamp is None or not options.light:
            return None
        return int(options.frames * 3 // 5 if options.lamp < 0 else options.lamp * options.fps)

    @property
    def events(self) -> tuple[tuple[int, int, str, tuple[int, int, int, int]], ...]:
        """All that happens and can be seen: first frame, frame after the last, label, all it covers."""
        found = []
        for happening in self._stage.happenings:
            moves = happening.change.rect == (0, 0, 0, 0)
            frames = range(happening.first, happening.last if moves else happening.first + 1)
            boxes = [
                t.xyxy for index in frames for t in self.truth(index) if t.label == happening.change.label
            ]
            if boxes:
                x0, y0, x1, y1 = zip(*boxes, strict=True)
                around = (min(x0), min(y0), max(x1), max(y1))
                found.append((happening.first, happening.last, happening.change.label, around))
        return tuple(found)

    def truth(self, index: int) -> tuple[Truth, ...]:
        """Return the changes that frame `index` shows and that can be seen."""
        found = (
            Truth(patch.xyxy, happening.change.label, happening.change.kind, patch.area_px, patch.contrast)
            for happening, patch in self._stage.patches(index)
        )
        least = self.visible_contrast
        return tuple(t for t in found if t.contrast >= least and t.area_px >= _LEAST_AREA)

    def clean(self) -> Frame:
        """Return the scene with nothing added and no noise: the perfect reference."""
        luma, blue, red = (plane.copy() for plane in self._stage.clean)
        return self._frame((luma, blue, red), 0)

    def shift(self, index: int) -> tuple[float, float]:
        """Return by how much the picture of frame `index` is moved right and down, pixels."""
        x, y = self._quarters(index)
        return -x / 4, -y / 4

    def light(self, index: int) -> tuple[float, float]:
        """Return gain and offset (levels) of luma in frame `index`."""
        options = self.options
        gain = 1 + options.light / 2 * _wander(f"{options.seed}:light", index / options.fps / 6)
        offset, lamp = 0.0, self.lamp
        if lamp is not None and index >= lamp:
            part = min(1.0, (index - lamp + 1) / 4)
            gain *= 1 - 1.5 * options.light * part
            offset = 20 * options.light * part
        return round(gain * 1024) / 1024, round(offset * 64) / 64

    def frame(self, index: int) -> Frame:
        """Return frame `index`, whatever came before."""
        if not 0 <= index < self.options.frames:
            raise SettingsError(
                f"{self.info.name}: no frame {index}; there are {self.options.frames}, from 0"
            )
        patches = [patch for _, patch in self._stage.patches(index)]
        return self._frame(self._film.expose(index, patches, self._quarters(index), self.light(index)), index)

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self.options.frames):
            yield self.frame(index)

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _time_ns(self, index: int) -> int:
        return index * 1_000_000_000 * self.options.fps.denominator // self.options.fps.numerator

    def _quarters(self, index: int) -> tuple[int, int]:
        """Return where in the scene frame `index` begins, quarters of a pixel."""
        options, seconds = self.options, index / self.options.fps
        x, y = (
            0.35 * _wander(f"{options.seed}:{axis} fast", seconds * 6)
            + 0.65 * _wander(f"{options.seed}:{axis} slow", seconds * 0.7)
            for axis in "xy"
        )
        return round(4 * options.shake * x), round(4 * options.shake * y)

    def _frame(self, planes: Planes, index: int) -> Frame:
        time_ns = self._time_ns(index)
        return Frame(
            planes=planes,
            data_range=255,
            color_range="full",
            matrix="bt601",
            time_ns=time_ns,
            index=index,
            source=self.info.name,
            bgr=partial(_picture, planes),
            pts_ns=time_ns,
        )


@lru_cache(maxsize=256)
def _knot(name: str, number: int) -> float:
    return 2 * random.Random(f"{name}:{number}").random() - 1 if number else 0.0


def _wander(name: str, at: Any) -> float:
    """Return a smooth wandering value, -1..1, of `at` >= 0; 0 at 0, and new at every whole number."""
    number = int(at)
    part = float(at - number)
    ease = part * part * (3 - 2 * part)
    return _knot(name, number) * (1 - ease) + _knot(name, number + 1) * ease


def _picture(planes: Planes) -> Picture:
    height, width = planes[0].shape
    full = [
        p
        if p.shape == (height, width)
        else np.ascontiguousarray(p.repeat(2, 0).repeat(2, 1)[:height, :width])
        for p in planes
    ]
    merged = cv2.merge([full[0], full[2], full[1]])
    return np.asarray(cv2.cvtColor(merged, cv2.COLOR_YCrCb2BGR), np.uint8)
