"""How much a watched scene differs by nature, cell by cell: sensor, compression, flicker, leaves.

The noise of a pixel is modelled from the pair, as ``unit**2 = a**2 + (b * texture)**2``: what flat
places differ by, and what textured ones do in proportion to their contrast (leaves that move, a
camera that shakes a little, compression). What cells really do over time, where nothing is, scales it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.grid import CELL, counts
from rtdiff.records import Frame, Noise

FLOOR = 3.0, 1.5  # levels of luma and of chroma; what differs by less than 4.5 of them is no object
CEILING = (
    6.0,
    6.0,
    3.0,
)  # of luma, chroma and the means of cells: what differs by more all over is another picture
TOLD = 16.0  # levels of noise that are told at most
TEXTURED, FLAT = 8.0, 4.0  # levels: cells with more texture tell b, with less a
B_LUMA = 0.1, 0.35  # least and largest b; a tenth of a pixel's shake, leaves in the wind
B_CHROMA = 0.35  # largest b of chroma
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
COARSE_FLOOR = 0.7  # levels: of the mean of a cell's difference
COARSE_B = 0.02, 0.3  # least and largest share of texture that the mean of a cell differs by


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """The model of one plane."""

    a: float
    """Levels of 0..255, of flat places."""
    b: float
    """Share of the luma's local spread."""


class SceneNoise:
    """The noise of a scene against one reference; updated with every frame.

    Parameters
    ----------
    reference : Frame
        What frames are held against.
    sums : list of (rows, columns, 2) int
        `Engine.cell_means` of it.

    Attributes
    ----------
    frames : int
        How many frames were learned from.
    """

    def __init__(self, reference: Frame, sums: list[NDArray[np.int64]]) -> None:
        self._scale = 255 / reference.data_range
        self.texture = _texture(reference, self._scale)
        luma = self.texture.shape
        self._counts = [counts(luma, p.shape).astype(np.float32) for p in reference.planes]
        n, x = self._counts[0], sums[0].astype(np.float32)
        mean = x[..., 0] / n
        spread = np.sqrt(np.maximum(x[..., 1] / n - mean * mean, 0)) * np.float32(self._scale)
        self._spread = np.maximum(spread, _cell_mean(self.texture, spread.shape))
        step = -(-spread.size // FEWER)
        few = self._spread.ravel()[::step].copy()
        self._step, self._few, self._square = step, few, self._spread * self._spread
        self._flat, self._textured = few < FLAT, few > TEXTURED
        self.planes = tuple(Level(FLOOR[k % 3 > 0], 0.0) for k in range(len(sums)))
        self.coarse = Level(COARSE_FLOOR, COARSE_B[0])
        shape = (len(sums) + 1, *spread.shape)  # the means of luma's cells come last
        self._size, self._unit, self._model, self._factor, self._grow = (
            np.ones(shape, np.float32) for _ in range(5)
        )
        self.rms, self.unit, self.factor = (a[:-1] for a in (self._size, self._unit, self._factor))
        self._above, self._before = np.zeros(shape, np.bool_), np.zeros(spread.shape, np.float32)
        self.mean, self.faint = np.zeros(spread.shape, np.float32), self._unit[-1]
        self.frames, self._since_ns, self._flat_level = 0, 0, FLOOR[0]

    def look(self, cells: list[NDArray[np.int64]], busy: NDArray[np.bool_] | None) -> None:
        """Take in a frame: what cells differ by, and the model of this pair.

        Parameters
        ----------
        cells : list of (rows, columns, 2) int
            `Engine.cells` of reference and frame, in one light.
        busy : (rows, columns) bool, optional
            Where things are that do not belong there: not looked at.
        """
        before = (*self.planes, self.coarse)
        idle = None if busy is None else ~busy.ravel()[:: self._step]
        found = []
        for k, (sums, n) in enumerate(zip(cells, self._counts, strict=True)):
            rms = self.rms[k]
            np.divide(sums[..., 1], n, out=rms)
            np.sqrt(rms, out=rms)
            rms *= self._scale
            found.append(self._level(rms.ravel()[:: self._step], idle, k % 3 > 0))
            if k == 0:
                self._flat_level = min(self._told(rms.ravel()[:: self._step], idle), TOLD)
        self.planes = tuple(found)
        np.divide(cells[0][..., 0], self._counts[0], out=self.mean)
        self.mean *= -self._scale
        np.abs(self.mean, out=self._size[-1])
        self.coarse = self._level(self._size[-1].ravel()[:: self._step], idle, None)
        levels = tuple(_slowly(*pair) for pair in zip((*self.planes, self.coarse), before, strict=True))
        self.planes, self.coarse = levels[:-1], levels[-1]
        self._fill(self._model, levels, 1.0)
        if self.frames == 0:
            self._fill(self._factor, levels, START)
            self._factor /= self._model
        np.multiply(self._model, self._factor, out=self._unit)
        for k, unit in enumerate(self._unit):
            np.maximum(unit, self.floor(k), out=unit)

    def learn(self, busy: NDArray[np.bool_], time_ns: int) -> None:
        """Learn from the frame that was looked at last, but not where things are that do not belong there."""
        young = self.frames == 0 or time_ns - self._since_ns < YOUNG_NS
        if self.frames == 0:
            self._since_ns = time_ns
        self.frames += 1
        np.multiply(self._model, self._factor, out=self._unit)
        np.greater(self._size, self._unit, out=self._above)
        wavers = self._wavers()
        self._above &= wavers | (self._size[-1] < STEADY_MEAN)  # else something may be coming, slowly
        if young:
            busy = busy & ~wavers
        steps = np.array([-DOWN, UP, 0, 0], np.float32)  # above its unit: 1; something is there: 2
        which = self._above.view(np.uint8)
        which += busy.view(np.uint8) * np.uint8(2)
        np.take(np.exp(np.float32(RATE) * steps), which, out=self._grow, mode="clip")
        self._factor *= self._grow
        np.clip(self._factor, LOW if young else LEAST, MOST, out=self._factor)

    def _wavers(self) -> NDArray[np.bool_]:
        """Return the cells that change from frame to frame, as leaves do and what stands there does not."""
        np.subtract(self.mean, self._before, out=self._before)
        np.abs(self._before, out=self._before)
        wavers: NDArray[np.bool_] = self._before > np.float32(WAVERS[1]) * self._size[-1] + np.float32(
            WAVERS[0]
        )
        np.copyto(self._before, self.mean)
        return wavers

    def floor(self, k: int) -> float:
        """Return the least unit of a plane, levels; after the planes: of the means of cells."""
        return COARSE_FLOOR if k == len(self.planes) else FLOOR[k % 3 > 0]

    def _fill(self, out: NDArray[np.float32], levels: tuple[Level, ...], times: float) -> None:
        """Fill what the model says, with so many times its b."""
        for part, level in zip(out, levels, strict=True):
            np.multiply(self._square, (times * level.b) ** 2, out=part)
            part += np.float32(level.a**2)
            np.sqrt(part, out=part)

    @property
    def noise(self) -> Noise:
        """The noise of flat places of luma and of chroma, levels, and how many frames were learned from."""
        chroma = [level.a for k, level in enumerate(self.planes) if k % 3]
        return Noise(max(self._flat_level, 1.0), max([*chroma, 1.0]), frames=self.frames)

    def _told(self, rms: NDArray[np.float32], idle: NDArray[np.bool_] | None) -> float:
        """Return what flat places differ by, levels."""
        flat = self._flat if idle is None else self._flat & idle
        return _quantile(rms[flat], 0.5) if flat.sum() >= ENOUGH else _quantile(rms, 0.25)

    def _level(self, rms: NDArray[np.float32], idle: NDArray[np.bool_] | None, colour: bool | None) -> Level:
        """Return a and b of one plane; `colour` None: of the means of cells."""
        flat, textured = (
            (self._flat, self._textured) if idle is None else (self._flat & idle, self._textured & idle)
        )
        if colour is None:
            a = (
                max(1.5 * _quantile(rms[flat], 0.5), COARSE_FLOOR)
                if flat.sum() >= ENOUGH
                else 2 * COARSE_FLOOR
            )
            least, most = COARSE_B
        else:
            a = self._told(rms, idle)
            least, most = (0.0, B_CHROMA) if colour else B_LUMA
        b = least
        if textured.sum() >= max(ENOUGH, SHARE * len(rms)):
            over = np.sqrt(np.maximum(rms[textured] ** 2 - a * a, 0)) / self._few[textured]
            b = min(max(_quantile(over, 0.75 if colour is None else 0.5), least), most)
        floor = COARSE_FLOOR if colour is None else FLOOR[colour]
        return Level(min(max(a, floor), CEILING[2 if colour is None else colour]), b)


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


def _quantile(values: NDArray[np.float32], share: float) -> float:
    at = int(share * (len(values) - 1))
    return float(np.partition(values, at)[at])
