"""What two frames of two videos differ in: as two stills, with what is measured once for many frames.

Noise, compression, light and shift are measured at every 30th pair and after cuts; a pair is decided
from its own pixels and these.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rtdiff import light, shift
from rtdiff.assemble import engine_for, regions_for
from rtdiff.blocks import variance
from rtdiff.classes import dataclass
from rtdiff.engines.engine import block_lattice
from rtdiff.evidence import shifted
from rtdiff.grid import steps
from rtdiff.noise import FLOOR, pair_noise
from rtdiff.records import Diff, Frame, Noise, Prepared, Whole
from rtdiff.sift import Compression, compression, sift, worse

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig
    from rtdiff.light import Light

AGAIN = (1, 3)  # pairs after it: compression does more to frames between key frames
EVERY = 30  # pairs from one measurement to the next
LEAST = 4.0  # levels squared: the variance of a block with texture


@dataclass(frozen=True, slots=True)
class _Known:
    """What was measured of a pair, and holds for those that follow."""

    noise: Noise
    compression: Compression | None
    light: Light | None
    """None: as it was."""
    shift: tuple[int, int] | None
    whole: Whole

    def worse(self, noise: Noise, touched: Compression | None) -> _Known:
        """Return the same with more noise, if it is more."""
        if touched is None:
            return self
        if self.compression is not None:
            noise = Noise(max(noise.luma, self.noise.luma), max(noise.chroma, self.noise.chroma))
        return replace(self, noise=noise, compression=worse(self.compression, touched))


class VideoJudge:
    """Decides pair after pair of frames of one size, depth and number of planes; for one thread.

    Parameters
    ----------
    settings : CompareConfig
        Engine, threshold, zones, what is ignored and so on.

    Attributes
    ----------
    skipped : tuple of str
        What ``--engine auto`` passed over, a line each.
    """

    def __init__(self, settings: CompareConfig) -> None:
        self._settings = settings
        self._engine, self.skipped = engine_for(settings)
        self._engine.dense = "ssim" in settings.metrics
        self._regions = regions_for(settings, tracking=False)
        self._known: _Known | None = None
        self._age = 0
        self._shape: tuple[tuple[int, ...], ...] = ()

    @property
    def engine(self) -> str:
        """Name of the engine that compares."""
        return self._engine.name

    def __call__(self, first: Frame, second: Frame, *, anew: bool) -> Diff:
        """Return what is different in the second; `anew`: measure what holds for many pairs."""
        shape = tuple(plane.shape for plane in first.planes)
        if self._settings.strict:
            return self._regions.find(self._engine.compare(*self._prepared(first, second)))
        self._age = 0 if anew or self._known is None or shape != self._shape else self._age + 1
        if self._age == 0:
            self._known, self._shape = self._measured(first, second), shape
        elif self._age in AGAIN and self._known is not None:
            self._known = self._known.worse(*_noise(self._sums(first, second), first.data_range))
        assert self._known is not None  # measured at the first pair
        known, ignored = self._known, self._settings.ignore
        if known.light is not None and "light" in ignored:
            first = light.applied(first, known.light)
        if known.shift is not None and "shift" in ignored:
            second = shift.undone(first, second, known.shift)
        diffmap = self._engine.compare(*self._prepared(first, second), known.noise)
        if known.compression is not None and not diffmap.identical:
            sift(diffmap, known.compression, self._settings.threshold, compiled=self._engine.compiled)
        return self._regions.find(diffmap, Whole() if diffmap.identical else known.whole)

    def close(self) -> None:
        """Let go of buffers, threads and the device; idempotent."""
        self._engine.close()

    def _prepared(self, first: Frame, second: Frame) -> tuple[Prepared, Prepared]:
        return self._engine.prepare(first), self._engine.prepare(second)

    def _sums(self, first: Frame, second: Frame) -> list[NDArray[np.int64]]:
        """Return the block sums of every plane, of blocks in a zone."""
        sums = self._engine.block_sums(*self._prepared(first, second))
        return [plane[self._blocks(first, x.shape)[0]] for plane, x in zip(sums, first.planes, strict=True)]

    def _measured(self, first: Frame, second: Frame) -> _Known:
        peak, sums = first.data_range, self._sums(first, second)
        noise, touched = _noise(sums, peak)
        found = light.fit(sums, peak, [self._blocks(first, plane.shape)[1] for plane in first.planes])
        lit = found if found.everywhere and light.seen(first, second, found) else None
        moved = shift.estimate(first, second) if _unlike(sums[0], found, peak) else None
        told = None if lit is None else (lit.gains[0], lit.offsets[0] * 255 / peak)
        return _Known(noise, touched, lit, moved, Whole(told, moved))

    def _blocks(self, frame: Frame, shape: tuple[int, ...]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Return which blocks of a plane's lattice lie in a zone, and in which quarter those do."""
        rows, columns = block_lattice(shape)
        down, right = rows[:, None] + 4, columns[None, :] + 4
        quarter = (2 * (down * 2 // shape[0]) + right * 2 // shape[1]).ravel()
        labels = self._engine.plan(frame.luma.shape).labels
        if labels is None:
            return np.ones(quarter.shape, np.bool_), quarter
        tall, wide = steps(frame.luma.shape, shape)
        inside = (
            labels[
                np.minimum(down * tall, labels.shape[0] - 1), np.minimum(right * wide, labels.shape[1] - 1)
            ]
            != 0
        ).ravel()
        return inside, quarter[inside]


def _noise(sums: list[NDArray[np.int64]], peak: int) -> tuple[Noise, Compression | None]:
    """Return how much a pair differs by nature."""
    touched = compression(sums, peak)
    if touched is None:
        return Noise(FLOOR, FLOOR, exact=True), None
    return pair_noise(sums, peak), touched


def _unlike(plane: NDArray[np.int64], found: Light, peak: int) -> bool:
    """Return whether most blocks with texture differ, as when the whole picture is shifted."""
    x, xx = (plane[:, k].astype(np.float64) for k in (2, 3))
    texture, unit = variance(x, xx), peak / 255
    return shifted(light.residual(plane, found.gains[0]), texture, texture > LEAST * unit * unit, unit)
