"""What two stills differ in, once it is known how such pictures differ by nature.

The engine finds every pixel that is different; this takes away what another way of rendering
explains, and measures what changed in the whole picture at once: light, a shift.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rtdiff import light, registration, shift
from rtdiff.assemble import engine_for, regions_for
from rtdiff.engines.engine import block_lattice
from rtdiff.engines.tiles import masked
from rtdiff.evidence import Evidence, weighed
from rtdiff.parts import followed
from rtdiff.patches import flat_changes
from rtdiff.recompression import beyond, saved_alike
from rtdiff.records import Diff, DiffMap, Frame, Noise, Whole
from rtdiff.rendering import ANY_RENDERER, SAME_RENDERER, unexplained
from rtdiff.sources.arrays import Split
from rtdiff.sources.colour import bgr_to_planes

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

EXPLAINS = 0.9  # share of textured blocks that are equal, within a level, where JPEG was all
HALF = 0.5  # and where it was at least part of it
QUIET = 1.5  # levels: of a noisier pair, flat changes cannot be told from noise
MOST = 0.5  # of all pixels: where more differ, compression is not why


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
        self._shape = self._both = (0, 0)
        self._evidence: Evidence

    def __call__(self, first: Frame, second: Frame) -> Diff:
        """Return what is different in the second."""
        diffmap = self._decided(first, second)
        if diffmap.identical or self._settings.strict:
            return self._regions.find(diffmap)
        ignored = self._settings.ignore
        moved = shift.estimate(first, second) if self._evidence.unlike else None
        if moved is not None and "shift" in ignored:
            second = shift.undone(first, second, moved)
            diffmap = self._decided(first, second)
        lit, found = None, self._evidence.light
        if found.everywhere and light.seen(first, second, found):
            lit = found.gains[0], found.offsets[0] * 255 / first.data_range
            if "light" in ignored:
                first = light.applied(first, found)
                diffmap = self._decided(first, second)
        unlike, alike = self._evidence.unlike, self._evidence.same_renderer
        diffmap = self._sifted(diffmap)
        if self._evidence.touched and 0 < diffmap.tiles.area.sum() <= MOST * diffmap.mask.size:
            diffmap = self._recompressed(diffmap)
        margin = 0
        if not alike and (found_so := self._registered(diffmap, unlike)) is not None:
            diffmap, left = found_so
            moved, margin = moved or left.shift, left.margin
        return self._regions.find(diffmap, Whole(lit, moved, margin))

    @property
    def split(self) -> Split | None:
        """Makes planes of 8-bit B, G, R quicker than OpenCV, if the engine has such a way."""
        return self._engine.split if self._engine.splits else None

    def close(self) -> None:
        """Let go of buffers, threads and the device; idempotent."""
        self._engine.close()

    def _decided(self, first: Frame, second: Frame) -> DiffMap:
        self._shape, self._both = first.luma.shape, _shared_wh(first, second)
        return self._engine.compare(self._engine.prepare(first), self._engine.prepare(second))

    def _registered(self, diffmap: DiffMap, unlike: bool) -> tuple[DiffMap, registration.Registered] | None:
        """Return the comparison without what parts that moved a little explain; None: they do not."""
        if not registration.suspected(diffmap, unlike):
            return None
        first, second = diffmap.reference.frame, diffmap.test.frame
        parts = followed(first, second)
        again = self._decided(first, parts.frame)
        limit = self._settings.threshold * again.noise.luma * first.data_range / 255
        left = registration.registered(diffmap, again, parts, limit)
        if left is None:
            return None
        found = masked(again, left.mask)
        told = replace(second, corrections=(*second.corrections, left.told))
        test = replace(diffmap.test, frame=told)
        return replace(diffmap, test=test, tiles=found.tiles, mask=found.mask, group=found.group), left

    def _sifted(self, diffmap: DiffMap) -> DiffMap:
        """Return the comparison with flat changes, without what another way of rendering explains."""
        first, second = diffmap.reference.frame, diffmap.test.frame
        mask = diffmap.mask
        if diffmap.tiles.area.any():
            limit = self._settings.threshold * diffmap.noise.luma * first.data_range / 255
            reach = SAME_RENDERER if self._evidence.same_renderer else ANY_RENDERER
            mask = unexplained(first, second, mask, limit, reach)
        if diffmap.noise.luma <= QUIET and (patches := flat_changes(first, second)) is not None:
            mask = mask | (patches if diffmap.labels is None else patches * (diffmap.labels != 0))
        return diffmap if np.array_equal(mask, diffmap.mask) else masked(diffmap, mask)

    def _recompressed(self, diffmap: DiffMap) -> DiffMap:
        """Return the comparison without what saving one of the two as JPEG explains."""
        first, second = diffmap.reference.frame, diffmap.test.frame
        mask, before, again = diffmap.mask, self._evidence, None
        if (saved := saved_alike(first, second, planes_of)) is not None:
            again = self._decided(saved, second)
        elif (saved := saved_alike(second, first, planes_of)) is not None:
            again = self._decided(first, saved)
        equal = self._evidence.equal if again is not None else 0.0
        explained = equal >= max(before.equal, HALF)
        if again is not None and explained:
            mask = mask & self._sifted(again).mask
        if before.compressed and not (explained and equal >= EXPLAINS):
            flat = flat_changes(first, second)  # compression changes a flat patch by a level or two
            kept = beyond(first, second, mask, before.compressed, self._settings.threshold)
            mask = kept if flat is None else kept | (mask & flat)
        return diffmap if mask is diffmap.mask else masked(diffmap, mask)

    def _noise(self, sums: list[NDArray[np.int64]], data_range: int) -> Noise:
        """Return the noise of a pair from its block sums; remembers what else they say."""
        inside, quarters = self._blocks()
        self._evidence = weighed([plane[inside] for plane in sums], data_range, quarters)
        return self._evidence.noise

    def _blocks(self) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Return which blocks of the lattice both pictures have in a zone, and in which quarter those lie."""
        rows, columns = block_lattice(self._shape)
        down, right = rows[:, None] + 4, columns[None, :] + 4
        quarter = 2 * (down * 2 // self._shape[0]) + right * 2 // self._shape[1]
        labels = self._engine.plan(self._shape).labels
        inside = np.ones(quarter.shape, np.bool_) if labels is None else labels[down, right] != 0
        inside = inside & (down + 4 <= self._both[1]) & (right + 4 <= self._both[0])
        return inside.ravel(), quarter.ravel()[inside.ravel()]


def _shared_wh(first: Frame, second: Frame) -> tuple[int, int]:
    """Return width and height of what both have: a padded strip tells nothing of noise or light."""
    sizes = [c.before for f in (first, second) for c in f.corrections if c.kind == "pad"]
    width, height = (min(side) for side in zip(first.size_wh, *sizes, strict=True))
    return width, height


def planes_of(picture: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Return the planes of a decoded picture, (H, W) gray or (H, W, 3) BGR."""
    return (picture,) if picture.ndim == 2 else bgr_to_planes(picture)
