"""What two stills differ in, once it is known how such pictures differ by nature.

The engine finds every pixel that is different; this takes away what another way of rendering
explains, and measures what changed in the whole picture at once: light, a shift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rtdiff import light, shift
from rtdiff.assemble import engine_for, regions_for
from rtdiff.engines.engine import block_lattice
from rtdiff.engines.tiles import masked
from rtdiff.noise import compression_noise, still_noise, textured
from rtdiff.recompression import beyond, saved_alike
from rtdiff.records import Diff, DiffMap, Frame, Noise, Whole
from rtdiff.rendering import unexplained
from rtdiff.sources.arrays import Split
from rtdiff.sources.colour import bgr_to_planes

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

MOVED = 0.02  # what a shift by one pixel leaves of a block's variance in smooth pictures
TOUCHED = 0.1  # share of textured blocks with any difference, from which compression may be why
SLIGHTLY, SLIGHT = 0.003, 3.0  # or that share of all blocks, with differences of so many levels
EXPLAINS = 0.9  # share of textured blocks that are equal, within a level, where JPEG was all
HALF = 0.5  # and where it was at least part of it
MOST = 0.5  # of all pixels: where more differ, compression is not why
SHIFTED = 0.5  # share of textured blocks that differ when the whole picture is shifted


class Judge:
    """Decides pair after pair of frames of one size, depth and number of planes; for one thread.

    Parameters
    ----------
    settings : CompareConfig
        Engine, threshold, zones, what is ignored and so on.
    few : bool
        Only a pair or so comes: nothing is compiled for it.

    Attributes
    ----------
    skipped : tuple of str
        What ``--engine auto`` passed over, a line each.
    """

    def __init__(self, settings: CompareConfig, *, few: bool = False) -> None:
        self._settings = settings
        self._engine, self.skipped = engine_for(settings, few=few, noise=self._noise)
        self._regions = regions_for(settings, tracking=False)
        self._shape = (0, 0)
        self._light = light.Light((1.0,), (0.0,), False)
        self._unlike = self._touched = False
        self._equal = 1.0
        self._compressed: tuple[float, ...] = ()

    def __call__(self, first: Frame, second: Frame) -> Diff:
        """Return what is different in the second."""
        diffmap = self._decided(first, second)
        if diffmap.identical or self._settings.strict:
            return self._regions.find(diffmap)
        ignored = self._settings.ignore
        moved = shift.estimate(first, second) if self._unlike else None
        if moved is not None and "shift" in ignored:
            second = shift.undone(first, second, moved)
            diffmap = self._decided(first, second)
        lit = None
        if self._light.everywhere and light.seen(first, second, self._light):
            lit = self._light.gains[0], self._light.offsets[0] * 255 / first.data_range
            if "light" in ignored:
                first = light.applied(first, self._light)
                diffmap = self._decided(first, second)
        diffmap = self._sifted(diffmap)
        if self._touched and 0 < diffmap.tiles.area.sum() <= MOST * diffmap.mask.size:
            diffmap = self._recompressed(diffmap)
        return self._regions.find(diffmap, Whole(lit, moved))

    @property
    def split(self) -> Split | None:
        """Makes planes of 8-bit B, G, R quicker than OpenCV, if the engine has such a way."""
        return self._engine.split if self._engine.splits else None

    def close(self) -> None:
        """Let go of buffers, threads and the device; idempotent."""
        self._engine.close()

    def _decided(self, first: Frame, second: Frame) -> DiffMap:
        self._shape = first.luma.shape
        return self._engine.compare(self._engine.prepare(first), self._engine.prepare(second))

    def _sifted(self, diffmap: DiffMap) -> DiffMap:
        """Return the comparison without what another way of rendering explains."""
        if not diffmap.tiles.area.any():
            return diffmap
        first, second = diffmap.reference.frame, diffmap.test.frame
        limit = self._settings.threshold * diffmap.noise.luma * first.data_range / 255
        mask = unexplained(first, second, diffmap.mask, limit)
        return diffmap if np.array_equal(mask, diffmap.mask) else masked(diffmap, mask)

    def _recompressed(self, diffmap: DiffMap) -> DiffMap:
        """Return the comparison without what saving one of the two as JPEG explains."""
        first, second = diffmap.reference.frame, diffmap.test.frame
        mask, compressed, equal = diffmap.mask, self._compressed, self._equal
        again = None
        if (saved := saved_alike(first, second, planes_of)) is not None:
            again = self._decided(saved, second)
        elif (saved := saved_alike(second, first, planes_of)) is not None:
            again = self._decided(first, saved)
        explained = again is not None and self._equal >= max(equal, HALF)
        if again is not None and explained:
            mask = mask & self._sifted(again).mask
        if compressed and not (explained and self._equal >= EXPLAINS):
            mask = beyond(first, second, mask, compressed, self._settings.threshold)
        return diffmap if mask is diffmap.mask else masked(diffmap, mask)

    def _noise(self, sums: list[NDArray[np.int64]], data_range: int) -> Noise:
        """Return the noise of a pair from its block sums; remembers its light, and whether it moved."""
        inside, quarters = self._blocks()
        sums = [plane[inside] for plane in sums]
        self._light = light.fit(sums, data_range, quarters)
        left = light.residual(sums[0], self._light.gains[0])
        spread, found, enough = textured(sums[0], data_range)
        unit = data_range / 255
        changed = left > np.maximum(MOVED * (spread * unit) ** 2, 4 * unit * unit)
        self._unlike = bool(found.any() and changed[found].mean() >= SHIFTED)
        self._touched, self._compressed = False, ()
        if enough:
            dd = np.max([plane[:, 1] for plane in sums], axis=0)
            few = 64 * unit * unit
            slight = (dd > 0) & (dd <= SLIGHT * SLIGHT * few)
            self._equal = float((dd[found] <= few).mean())
            self._touched = bool((dd[found] > 0).mean() >= TOUCHED or slight.mean() >= SLIGHTLY)
            self._compressed = compression_noise(sums, data_range, found)
        return still_noise(sums, data_range, left)

    def _blocks(self) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Return which blocks of the lattice lie in a zone, and in which quarter those do."""
        rows, columns = block_lattice(self._shape)
        down, right = rows[:, None] + 4, columns[None, :] + 4
        quarter = 2 * (down * 2 // self._shape[0]) + right * 2 // self._shape[1]
        labels = self._engine.plan(self._shape).labels
        inside = np.ones(quarter.shape, np.bool_) if labels is None else labels[down, right] != 0
        return inside.ravel(), quarter.ravel()[inside.ravel()]


def planes_of(picture: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Return the planes of a decoded picture, (H, W) gray or (H, W, 3) BGR."""
    return (picture,) if picture.ndim == 2 else bgr_to_planes(picture)
