"""The frames of a scene with masks: read as any source, numbered from 1, with their time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from rtdiff.assemble import paint
from rtdiff.errors import SourceError, redact
from rtdiff.evaluation.cases import Mask, MaskScene
from rtdiff.records import Frame
from rtdiff.reference import median
from rtdiff.sources import open_source
from rtdiff.sources.picture import read_picture

SAMPLES = 201  # frames of the pinned median at most, evenly spread: 250 MB at 720x576
NS = 1_000_000_000


class Footage:
    """One scene's frames; every iteration reads them anew.

    Parameters
    ----------
    scene : MaskScene
        Which.
    fps : Fraction
        Frames a second of what carries no rate.
    """

    def __init__(self, scene: MaskScene, fps: Fraction) -> None:
        self._scene, self._fps = scene, fps

    def before(self) -> Iterator[Frame]:
        """Yield the frames before the evaluated part."""
        return (frame for _, frame in self._frames(0, self._scene.first))

    def evaluated(self) -> Iterator[tuple[int, Frame]]:
        """Yield number and frame from the first evaluated one to the last with a mask."""
        return self._frames(self._scene.first, max(self._scene.truth) + 1)

    def reference(self) -> Frame:
        """Return the pinned reference: the scene's own picture, or the median of the frames before."""
        if self._scene.reference is not None:
            return read_picture(self._scene.reference)
        frames = list(_spread(self.before(), self._count()))
        if not frames:
            raise SourceError(f"{redact(self._scene.name)}: has no frame before {self._scene.first}")
        return median(frames, paint)

    def _count(self) -> int:
        frames = self._scene.frames
        first = self._scene.first
        return sum(n < first for n in frames) if not isinstance(frames, Path) else first - 1

    def _frames(self, begin: int, end: int) -> Iterator[tuple[int, Frame]]:
        """Yield number and frame from `begin` to before `end`; time counts from the first one."""
        start_ns: int | None = None
        for number, frame in self._all(begin, end):
            start_ns = frame.time_ns if start_ns is None else start_ns
            yield number, replace(frame, time_ns=frame.time_ns - start_ns, _made=[])

    def _all(self, begin: int, end: int) -> Iterator[tuple[int, Frame]]:
        if isinstance(self._scene.frames, Path):
            with open_source(self._scene.frames) as source:
                for frame in source:
                    if frame.index + 1 >= end:
                        return
                    if frame.index + 1 >= begin:
                        yield frame.index + 1, frame
            return
        for number, path in self._scene.frames.items():
            if begin <= number < end:
                time_ns = int(number * NS / self._fps)
                yield number, replace(read_picture(path), index=number, time_ns=time_ns, _made=[])


def _spread(frames: Iterable[Frame], count: int) -> Iterator[Frame]:
    """Yield at most `SAMPLES` of `count` frames, evenly spread; they own their memory."""
    wanted = min(count, SAMPLES)
    taken = 0
    for place, frame in enumerate(frames):
        if place * wanted >= taken * count:
            taken += 1
            yield frame if frame.luma.flags.owndata else frame.copy()


def read_levels(path: Path, size_wh: tuple[int, int] | None = None) -> Mask:
    """Return the gray levels of a mask, (H, W) uint8.

    Raises
    ------
    SourceError
        It cannot be read, is not of 8 bit, or has another size than `size_wh`.
    """
    frame = read_picture(path)
    if frame.data_range != 255:
        raise SourceError(f"{redact(path)}: a mask has 8 bit; convert it")
    if size_wh is not None and frame.size_wh != size_wh:
        told = "{}x{}, the frame {}x{}".format(*frame.size_wh, *size_wh)
        raise SourceError(f"{redact(path)}: is {told}; a mask has the size of its frame")
    return np.ascontiguousarray(frame.luma)
