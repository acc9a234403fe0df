"""How much a watched scene differs by nature, cell by cell: sensor, compression, flicker, leaves.

The noise of a pixel is modelled from the pair, as ``unit**2 = a**2 + (b * texture)**2``: what flat
places differ by, and what textured ones do in proportion to their contrast (leaves that move, a
camera that shakes a little, compression). What cells really do over time, where nothing is, scales it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.engines.cell_noise import loops
from rtdiff.grid import CELL, counts
from rtdiff.order import quantile
from rtdiff.records import Frame, Noise, Tiles

TOLD = 16.0  # levels of noise that are told at most
TEXTURED, FLAT = 8.0, 4.0  # levels: cells with more texture tell b, with less a
ENOUGH = 16  # cells to tell a from
SHARE = 0.1  # of the cells must be textured to tell b: fewer may be the one thing that changed
UP, DOWN = 0.67, 0.33  # steps of the learned factor: 67 % of the time a cell differs by less than its unit
RATE = 0.03  # of the natural logarithm, a frame
LEAST, MOST = 0.3, 8.0  # bounds of the factor
YOUNG_NS = 2_000_000_000  # for so long it hardly falls: a few frames say little
SLOWLY = 0.02  # of what a level falls by, a frame; it rises at once
START = 1.5  # of b, that the factor starts from: a first frame knows no wind
STEADY_MEAN = 4.0  # levels: cells whose mean is farther off do not teach more noise
WAVERS = 0.3, 0.02  # levels, and share of how far its mean is off, that a cell changes by from frame to frame
LOW = 0.7  # the least factor in the first 2 s
FEWER = 4096  # cells that quantiles are taken of
_NONE = np.empty(0, np.float32)
_STEPS = tuple(np.exp(np.float32(RATE) * np.array([-DOWN, UP], np.float32)))
_WAVERS = np.float32(WAVERS[0]), np.float32(WAVERS[1]), np.float32(STEADY_MEAN)


class Kind(NamedTuple):
    """What bounds the model of a plane, or of the means of cells."""

    floor: float
    """Least a, and least unit, levels; what differs by less than 4.5 units is no object."""
    ceiling: float
    """Largest a: what differs by more all over is another picture."""
    b: tuple[float, float]
    """Least and largest b: a tenth of a pixel's shake, leaves in the wind."""
    at: float
    """Share of the textured cells that b is taken at."""


LUMA = Kind(3.0, 6.0, (0.1, 0.35), 0.5)
CHROMA = Kind(1.5, 6.0, (0.0, 0.35), 0.5)
MEANS = Kind(0.7, 3.0, (0.02, 0.3), 0.75)
SURE = 1.5  # times what flat cells say, of means: light leaves something


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """The model of one plane."""

    a: float
    """Levels of 0..255, of flat places."""
    b: float
    """Share of the luma's local spread."""

    @property
    def squares(self) -> tuple[np.float32, np.float32]:
        """Those of a and of b."""
        return np.float32(self.a**2), np.float32(self.b**2)


class SceneNoise:
    """The noise of a scene against one reference; updated with every frame.

    Parameters
    ----------
    reference : Frame
        What frames are held against.
    sums : list of (rows, columns, 2) int
        `Engine.cell_means` of it.
    compiled : bool
        With loops compiled by Numba.

    Attributes
    ----------
    frames : int
        How many frames were learned from.
    """

    def __init__(self, reference: Frame, sums: list[NDArray[np.int64]], *, compiled: bool = False) -> None:
        self._loops = loops(compiled=compiled)
        self._scale = np.float32(255 / reference.data_range)
        self.texture = _texture(reference, 255 / reference.data_range)
        luma = self.texture.shape
        self._counts = [counts(luma, p.shape).astype(np.float32) for p in reference.planes]
        n, x = self._counts[0], sums[0].astype(np.float32)
        mean = x[..., 0] / n
        spread = np.sqrt(np.maximum(x[..., 1] / n - mean * mean, 0)) * self._scale
        self._spread = np.maximum(spread, _cell_mean(self.texture, spread.shape))
        step = -(-spread.size // FEWER)
        few = self._spread.ravel()[::step].copy()
        self._step, self._few, self._square = step, few, self._spread * self._spread
        self._flat, self._textured = few < FLAT, few > TEXTURED
        self._kinds = (*(CHROMA if k % 3 else LUMA for k in range(len(sums))), MEANS)
        self.levels = tuple(Level(kind.floor, 0.0) for kind in self._kinds)
        shape = (len(self._kinds), *spread.shape)  # the means of luma's cells come last
        self._size, self._unit, self._model, self._factor = (np.ones(shape, np.float32) for _ in range(4))
        self.rms, self.unit, self.factor = (a[:-1] for a in (self._size, self._unit, self._factor))
        self._wavers, self._before = np.zeros(spread.shape, np.bool_), np.zeros(spread.shape, np.float32)
        self._off, self._doubtful = (np.zeros(spread.shape, np.uint8) for _ in range(2))
        self.mean = np.zeros(spread.shape, np.float32)
        self.frames, self._since_ns, self._told = 0, 0, LUMA.floor

    def look(self, cells: list[NDArray[np.int64]], busy: NDArray[np.bool_] | None) -> None:
        """Take in a frame: what cells differ by, and the model of this pair.

        Parameters
        ----------
        cells : list of (rows, columns, 2) int
            `Engine.cells` of reference and frame, in one light.
        busy : (rows, columns) bool, optional
            Where things are that do not belong there: not looked at.
        """
        idle = None if busy is None else ~busy.ravel()[:: self._step]
        for k, (sums, n) in enumerate(zip(cells, self._counts, strict=True)):
            mean = _flat(self.mean) if k == 0 else _NONE
            self._loops.taken(sums.reshape(-1, 2), _flat(n), self._scale, _flat(self.rms[k]), mean)
        np.abs(self.mean, out=self._size[-1])
        self._model_by(idle)
        if self.frames == 0:
            for factor, level in zip(self._factor, self.levels, strict=True):
                windy, calm = (
                    np.sqrt(self._square * np.float32((times * level.b) ** 2) + np.float32(level.a**2))
                    for times in (START, 1.0)
                )
                np.divide(windy, calm, out=factor)
        for k, (level, kind) in enumerate(zip(self.levels, self._kinds, strict=True)):
            told = (*level.squares, np.float32(kind.floor))
            parts = (_flat(a[k]) for a in (self._factor, self._model, self._unit))
            self._loops.modelled(_flat(self._square), told, *parts)

    def learn(self, busy: NDArray[np.bool_], time_ns: int) -> None:
        """Learn from the frame that was looked at last, but not where things are that do not belong there."""
        young = self.frames == 0 or time_ns - self._since_ns < YOUNG_NS
        if self.frames == 0:
            self._since_ns = time_ns
        self.frames += 1
        size, model, factor = (a.reshape(len(a), -1) for a in (self._size, self._model, self._factor))
        cells = (_flat(a) for a in (self.mean, self._before, self._wavers, busy))
        bounds = np.float32(LOW if young else LEAST), np.float32(MOST)
        self._loops.learned(size, model, factor, *cells, _WAVERS, _STEPS, bounds, young)

    def doubtful(
        self, tiles: Tiles, faint: float, least: float, strong: float, covered: float
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return which cells differ in their mean, and which may hold anything: (rows, columns) of 0 and 1.

        Parameters
        ----------
        tiles : Tiles
            Of the engine's mask.
        faint, least : float
            A mean that differs by more, in units and in levels, is looked at.
        strong, covered : float
            The same of a pixel, and of the root mean square of a cell, in units.
        """
        limits = tuple(np.float32(n) for n in (faint, least, strong, covered, self._scale))
        unit, rms = (a.reshape(len(a), -1) for a in (self._unit, self.rms))
        said = (_flat(a) for a in (self._off, self._doubtful))
        self._loops.doubtful(_flat(self.mean), unit, rms, tiles.area, tiles.max_diff, limits, *said)
        return self._off, self._doubtful

    def floor(self, k: int) -> float:
        """Return the least unit of a plane, levels."""
        return self._kinds[k].floor

    @property
    def noise(self) -> Noise:
        """The noise of flat places of luma and of chroma, levels, and how many frames were learned from."""
        chroma = [level.a for level, kind in zip(self.levels, self._kinds, strict=True) if kind is CHROMA]
        return Noise(max(self._told, 1.0), max([*chroma, 1.0]), frames=self.frames)

    def _model_by(self, idle: NDArray[np.bool_] | None) -> None:
        """Fit every level to this pair; `idle`: which of the sampled cells are looked at."""
        flat, textured = (where if idle is None else where & idle for where in (self._flat, self._textured))
        enough = flat.sum() >= ENOUGH
        found: list[Level] = []
        for sizes, kind, before in zip(self._size, self._kinds, self.levels, strict=True):
            few = sizes.ravel()[:: self._step]
            if kind is MEANS:
                a = max(SURE * quantile(few[flat], 0.5), kind.floor) if enough else 2 * kind.floor
            else:
                a = quantile(few[flat], 0.5) if enough else quantile(few, 0.25)
            if not found:
                self._told = min(a, TOLD)
            b = kind.b[0]
            if textured.sum() >= max(ENOUGH, SHARE * len(few)):
                over = np.sqrt(np.maximum(few[textured] ** 2 - a * a, 0)) / self._few[textured]
                b = min(max(quantile(over, kind.at), kind.b[0]), kind.b[1])
            found.append(_slowly(Level(min(max(a, kind.floor), kind.ceiling), b), before))
        self.levels = tuple(found)


def _flat(a: NDArray[Any]) -> NDArray[Any]:
    return a.reshape(-1)


def _slowly(now: Level, before: Level) -> Level:
    """Return a level that rises at once and falls slowly."""
    a, b = (max(new, old + SLOWLY * (new - old)) for new, old in ((now.a, before.a), (now.b, before.b)))
    return Level(a, b)


def _texture(reference: Frame, scale: float) -> NDArray[np.uint8]:
    """Return the local spread of luma, (H, W) levels, over 7x7 pixels, blurred a little."""
    import cv2

    luma = np.asarray(reference.luma, np.float32) * np.float32(scale)
    mean = cv2.blur(luma, (7, 7))
    np.multiply(luma, luma, out=luma)
    square = cv2.blur(luma, (7, 7))
    square -= mean * mean
    spread = cv2.blur(np.sqrt(np.maximum(square, 0, out=square), out=square), (3, 3))
    rounded: NDArray[np.uint8] = np.clip(np.rint(spread), 0, 255).astype(np.uint8)
    return rounded


def _cell_mean(texture: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return (rows, columns) mean texture of cells."""
    whole = np.zeros((shape[0] * CELL, shape[1] * CELL), np.float32)
    whole[: texture.shape[0], : texture.shape[1]] = texture
    mean: NDArray[np.float32] = whole.reshape(shape[0], CELL, shape[1], CELL).mean((1, 3))
    return mean
