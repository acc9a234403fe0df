"""What the current frame is held against."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rtdiff.records import Frame, Picture, Plane, Prepared

Fit = Callable[[Frame, Frame], Frame]
"""(still, current) -> the still in the current frame's size, depth, matrix and range."""
Prepare = Callable[[Frame], Prepared]
"""An engine's `prepare`."""
Paint = Callable[[Frame], Picture]
"""Makes a picture from a frame's planes."""

SAMPLES = 15  # frames of a median: 45 MB at 1080p 4:2:0, and an odd number has a middle one
_ROWS = 64  # rows sorted at a time, so that the copies stay small


class Reference(ABC):
    """Gives the prepared reference for a frame, in that frame's own format."""

    kind: str
    """picture, first, median or stream; in events."""

    def __init__(self, fit: Fit, prepare: Prepare) -> None:
        self._fit, self._prepare = fit, prepare
        self._still: Frame | None = None
        self._made: tuple[object, Prepared] | None = None
        self.since_ns: int | None = None
        """Stream time from which it holds, None while learning."""

    def against(self, current: Prepared) -> Prepared | None:
        """Return what `current` is held against; None while learning."""
        if self._still is None:
            self._still = self.learn(current.frame)
            if self._still is None:
                return None
            self.since_ns = current.frame.time_ns
        format_of = _format(current.frame)
        if self._made is None or self._made[0] != format_of:
            self._made = format_of, self._prepare(self._fit(self._still, current.frame))
        return self._made[1]

    @abstractmethod
    def learn(self, frame: Frame) -> Frame | None:
        """Take one more frame; return the reference once there is one."""


class PictureReference(Reference):
    """A picture that was given."""

    kind = "picture"

    def __init__(self, fit: Fit, prepare: Prepare, picture: Frame) -> None:
        super().__init__(fit, prepare)
        self._picture = picture

    def learn(self, frame: Frame) -> Frame:  # noqa: ARG002
        """Return the picture."""
        return self._picture


class FirstReference(Reference):
    """The first frame that is not damaged."""

    kind = "first"

    def learn(self, frame: Frame) -> Frame | None:
        """Return `frame` unless it is damaged."""
        return None if frame.corrupt else frame


class MedianReference(Reference):
    """The median of what was seen for a while: passers-by vanish, noise too."""

    kind = "median"

    def __init__(self, fit: Fit, prepare: Prepare, paint: Paint, length_ns: int) -> None:
        super().__init__(fit, prepare)
        self._paint, self._length_ns = paint, length_ns
        self._frames: list[Frame] = []
        self._first_ns: int | None = None

    def learn(self, frame: Frame) -> Frame | None:
        """Keep a frame now and then; return their median once the time is over."""
        if frame.corrupt:
            return None
        if self._frames and _format(frame) != _format(self._frames[0]):
            self._frames.clear()
            self._first_ns = None
        if self._first_ns is None:
            self._first_ns = frame.time_ns
        seen = frame.time_ns - self._first_ns
        if seen * (SAMPLES - 1) >= len(self._frames) * self._length_ns:
            self._frames.append(frame)
        if seen < self._length_ns:
            return None
        frames, self._frames = self._frames, []
        return median(frames, self._paint)


def median(frames: list[Frame], paint: Paint) -> Frame:
    """Return the sample-wise median of frames of one format (of an even number, the lower one)."""
    last = frames[-1]
    planes = tuple(_median([f.planes[i] for f in frames]) for i in range(len(last.planes)))
    still = replace(last, planes=planes, _made=[])
    return replace(still, bgr=lambda: paint(still), _made=[])


def _median(planes: list[Plane]) -> Plane:
    out = np.empty_like(planes[0])
    for start in range(0, len(out), _ROWS):
        rows = slice(start, start + _ROWS)
        stack = np.stack([p[rows] for p in planes])
        stack.partition((len(planes) - 1) // 2, axis=0)
        out[rows] = stack[(len(planes) - 1) // 2]
    return out


def _format(frame: Frame) -> tuple[object, ...]:
    shapes = tuple((p.shape, p.dtype.str) for p in frame.planes)
    return shapes, frame.data_range, frame.color_range, frame.matrix
