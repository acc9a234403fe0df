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
from numpy.typing import NDArray

from rtdiff.errors import SettingsError
from rtdiff.records import Frame, Picture
from rtdiff.sources.source import Source, SourceInfo
from rtdiff.sources.synthetic_events import Patch, Planes, Stage
from rtdiff.sources.synthetic_options import parse

_MODULES = {"shelf": "scene_shelf", "static": "scene_shelf", "flat": "scene_flat"}
_LEAST_CONTRAST = 6.0  # levels; people hardly see less
_LEAST_AREA = 16  # pixels
_SAMPLES = 8  # uniform bytes added up for one sample of noise
_SPREAD = (_SAMPLES * (256**2 - 1) / 12) ** 0.5  # of their sum
_PLACES = 1 << 20  # where a frame may begin in the field of noise
_FINE = 16.0  # steps of a level that moved samples are kept in
# Keys 1981, a = -1/2, at quarters of a pixel; 128ths, so that sums are exact in float32
_CUBIC = {0: (0, 128, 0, 0), 1: (-9, 111, 29, -3), 2: (-8, 72, 72, -8), 3: (-3, 29, 111, -9)}


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
        self._film = _Film(self._stage, options.seed, options.noise, options.shake)

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


class _Film:
    """Makes exposed frames of the scene; exact in float32 whatever the order of operations."""

    def __init__(self, stage: Stage, seed: int, noise: float, shake: float) -> None:
        self._clean = stage.clean
        self._seed = seed
        self._pad = int(shake) + 3
        size = stage.clean[0].size
        self._field = _noise(seed, size + _PLACES) if noise else None
        # a little of it grows with the light, as photons do: 3/4 + 1/2 * value / 255 of the variance
        levels = np.sqrt(0.75 + 0.5 * np.arange(256) / 255) * (noise * 64 * 256 / _SPREAD)
        self._strength = np.rint(levels).astype(np.int16)
        self._weak = round(noise / 2 * 4096 / _SPREAD) / 4096  # chroma has half the noise
        self._scene = [cv2.copyMakeBorder(p, *(self._pad,) * 4, cv2.BORDER_REPLICATE) for p in stage.clean]
        self._map = self._strength[stage.clean[0]]
        self._shown: list[Patch] = []

    def expose(
        self, index: int, patches: list[Patch], quarters: tuple[int, int], light: tuple[float, float]
    ) -> Planes:
        """Return the planes of frame `index`, in new memory."""
        if patches != self._shown:
            self._show(patches)
        dice = random.Random(f"{self._seed}:noise:{index}")
        gain, offset = light
        exposed = []
        for number, (scene, clean) in enumerate(zip(self._scene, self._clean, strict=True)):
            half = clean.shape != self._clean[0].shape
            moved, steps = self._move(scene, clean.shape, quarters, half)
            lift = 128 * (1 - gain) if number else offset
            if self._field is None:
                grain, weight = moved, 0.0
            else:
                start = int(dice.random() * _PLACES)
                grain = self._field[start : start + clean.size].reshape(clean.shape)
                weight = self._weak
                if number == 0:
                    grain, weight = cv2.multiply(grain, self._map, scale=1 / 256), 1 / 64
            exposed.append(cv2.addWeighted(moved, gain / steps, grain, weight, lift, dtype=cv2.CV_8U))
        return exposed[0], exposed[1], exposed[2]

    def _show(self, patches: list[Patch]) -> None:
        """Take away what was there and lay on what is there now."""
        for old in self._shown:
            self._lay(old, self._clean)
        for new in patches:
            self._lay(new, None)
        self._shown = patches

    def _lay(self, patch: Patch, instead: Planes | None) -> None:
        for number, (scene, part) in enumerate(zip(self._scene, patch.planes, strict=True)):
            half = self._clean[number].shape != self._clean[0].shape
            top, left = patch.top >> half, patch.left >> half
            rows, columns = slice(top, top + part.shape[0]), slice(left, left + part.shape[1])
            new = part if instead is None else instead[number][rows, columns]
            pad = self._pad
            scene[pad + top : pad + rows.stop, pad + left : pad + columns.stop] = new
            if number == 0:
                self._map[rows, columns] = self._strength[new]

    def _move(
        self, scene: NDArray[np.uint8], shape: tuple[int, ...], quarters: tuple[int, int], half: bool
    ) -> tuple[NDArray[Any], float]:
        """Return the scene from `quarters` of a pixel on, and how many steps its levels have."""
        fine = 8 if half else 4
        starts = [at // fine + self._pad - 1 for at in quarters]
        parts = [at % fine for at in quarters]
        rows, columns = shape
        if parts == [0, 0]:
            x, y = starts[0] + 1, starts[1] + 1
            return scene[y : y + rows, x : x + columns].astype(np.int16), 1.0
        view = scene[starts[1] : starts[1] + rows + 3, starts[0] : starts[0] + columns + 3]
        if half:
            kernels = [np.array([0, 8 - part, part, 0], np.float32) / 2 for part in parts]
        else:
            kernels = [np.array(_CUBIC[part], np.float32) / 32 for part in parts]
        moved = cv2.sepFilter2D(view, cv2.CV_16S, kernels[0], kernels[1], anchor=(1, 1))
        return moved[1 : 1 + rows, 1 : 1 + columns], _FINE


def _noise(seed: int, length: int) -> NDArray[np.int16]:
    """Return (length,) integers of mean 0 and spread `_SPREAD`, nearly Gaussian: sums of bytes."""
    bits = np.random.PCG64(seed)
    field = np.empty(length, np.int16)
    for start in range(0, length, 1 << 18):
        part = field[start : start + (1 << 18)]
        raw = bits.random_raw(part.size).view(np.uint8).reshape(-1, _SAMPLES)
        part[:] = raw.sum(axis=1, dtype=np.int16) - 255 * _SAMPLES // 2
    return field


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
