"""From a clean scene to an exposed frame: movement, light, noise."""

from __future__ import annotations

import random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rtdiff.sources.synthetic_events import Patch, Planes, Stage

_SAMPLES = 8  # uniform bytes added up for one sample of noise
_SPREAD = (_SAMPLES * (256**2 - 1) / 12) ** 0.5  # of their sum
_PLACES = 1 << 20  # where a frame may begin in the field of noise
_FINE = 16.0  # steps of a level that moved samples are kept in
# Keys 1981, a = -1/2, at quarters of a pixel; 128ths, so that sums are exact in float32
_CUBIC = {0: (0, 128, 0, 0), 1: (-9, 111, 29, -3), 2: (-8, 72, 72, -8), 3: (-3, 29, 111, -9)}


class Film:
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
