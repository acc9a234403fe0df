"""How a watched frame is compared: movement and light undone, then things told from the scene's noise.

It has an engine's face, so that the loop is the same with and without it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff.engines.engine import Engine
from rtdiff.engines.pool import Pool
from rtdiff.engines.things import Pixels
from rtdiff.levels import Pair
from rtdiff.lighting import Light, Lighting
from rtdiff.motion import MotionEstimator
from rtdiff.objects import found
from rtdiff.records import DiffMap, Frame, Prepared
from rtdiff.scene_noise import SceneNoise
from rtdiff.scratch import Scratch
from rtdiff.unmoving import undone

MOST = 0.5  # of the cells: where more changed at the last frame, light or movement may be why


class Steady:
    """Compares frames of a watch with an engine.

    Parameters
    ----------
    engine : Engine
        Compares; it is asked for the map with every mask here, since that is summed up anew.
    threshold : float
        In units of the scene's noise.
    """

    def __init__(self, engine: Engine, threshold: float) -> None:
        self._engine, self._threshold = engine, threshold
        self.name, self.splits, self.split = engine.name, engine.splits, engine.split
        engine.keep_map = True
        self._let_go()
        self._scene: _Scene | None = None

    def prepare(self, frame: Frame) -> Prepared:
        """Return `frame` as the engine wants it."""
        return self._engine.prepare(frame)

    def compare(self, reference: Prepared, test: Prepared) -> DiffMap:
        """Compare a frame with the reference; what was undone is told in the corrections of both."""
        scene = self._scene
        if scene is None or scene.reference is not reference:
            self._let_go()  # those of another size are not needed any more
            scene = self._scene = _Scene(self._engine, reference)
        engine = self._engine
        moved = scene.motion.estimate(test.frame.luma, scene.busy_bytes)
        if moved is not None:
            take, rows = self._pool.take, engine.on_rows
            test = engine.prepare(
                undone(reference.frame, test.frame, moved, take, rows, compiled=engine.compiled)
            )
        cells = engine.cells(reference, test)
        lit = scene.lit(engine, scene.lighting.fit(cells, scene.busy))
        if lit is not reference:
            cells = engine.cells(lit, test)
        scene.noise.look(cells, scene.busy)
        diffmap = engine.compare(lit, test, scene.noise.noise)
        mask = self._pool.take(diffmap.mask.shape, np.uint8)
        mask[:] = 0
        matrix = None if moved is None else moved.matrix
        pair = Pair(reference.frame, lit.frame, test.frame, scene.noise, self._threshold, matrix)
        where = found(pair, diffmap, mask, self._scratch, self._pixels)
        if where is not None or diffmap.tiles.area.any():
            diffmap = engine.remasked(diffmap, mask, scene.nowhere if where is None else where)
        scene.learn(diffmap, test.frame.time_ns)
        return diffmap

    def close(self) -> None:
        """Let go of buffers, threads and the device; idempotent."""
        self._scene = None
        self._let_go()
        self._engine.close()

    def _let_go(self) -> None:
        """Let go of all memory; it is taken again when it is needed."""
        engine, scratch = self._engine, Scratch()
        self._pool, self._scratch = Pool(), scratch
        self._pixels = Pixels(scratch.take, engine.on_rows, compiled=engine.compiled)


class _Scene:
    """What is known of a scene against one reference."""

    def __init__(self, engine: Engine, reference: Prepared) -> None:
        self.reference = reference
        frame, sums = reference.frame, engine.cell_means(reference)
        self.motion = MotionEstimator(frame.luma, frame.data_range, compiled=engine.compiled)
        self.lighting = Lighting(frame, sums)
        self.noise = SceneNoise(frame, sums, compiled=engine.compiled)
        zones = engine.plan(frame.luma.shape).tile_labels
        self._ignored = None if zones is None else (zones == 0).reshape(sums[0].shape[:2])
        self.busy: NDArray[np.bool_] | None = self._ignored
        self._wide = np.zeros(sums[0].shape[:2], np.uint8)
        self.nowhere = np.zeros_like(self._wide)
        self._light: Light | None = None
        self._lit = reference

    @property
    def busy_bytes(self) -> NDArray[np.uint8] | None:
        """`busy` as bytes."""
        return None if self.busy is None else self.busy.view(np.uint8)

    def lit(self, engine: Engine, light: Light | None) -> Prepared:
        """Return the reference in a light; the same one for the same light."""
        if light is not self._light:
            self._light = light
            self._lit = self.reference if light is None else engine.relit(self.reference, light)
        return self._lit

    def learn(self, diffmap: DiffMap, time_ns: int) -> None:
        """Learn the noise from where nothing is, and remember where something is."""
        import cv2

        there = (diffmap.tiles.area > 0).view(np.uint8).reshape(self._wide.shape)
        cv2.dilate(there, np.ones((3, 3), np.uint8), dst=self._wide)
        busy = self._wide.view(np.bool_)
        self.noise.learn(busy, time_ns)
        self.busy = busy if 0 < busy.sum() <= MOST * busy.size else None
        if self._ignored is not None:
            self.busy = self._ignored if self.busy is None else self.busy | self._ignored
