"""Boxes held against what a drawn scene really did, frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rtdiff.records import Diff, Event, Tick

FITS = 0.33  # intersection over union from which a box counts as that thing's
COVERS = 0.1  # and from which one over its middle does: a box around the whole picture finds nothing
XYXY = tuple[int, int, int, int]


class Thing(Protocol):
    """What the score needs of one true change in one frame."""

    @property
    def label(self) -> str:
        """What it is."""

    @property
    def xyxy(self) -> XYXY:
        """Where it is: half-open, pixels."""


@dataclass(slots=True)
class Planted:
    """One thing that came, and what became of it."""

    label: str
    """What it is, for people."""
    came_ns: int
    """Time of the first frame that shows it."""
    frames: int = 0
    """Compared frames that show it."""
    hits: int = 0
    """Those in which a box was on it."""
    found_ns: int | None = None
    """Time of the first of them, or None: never found."""
    fit: float = 0.0
    """Sum over the hits of the best box's intersection over union."""


@dataclass(slots=True)
class Score:
    """Counts while it takes ticks like a sink.

    Parameters
    ----------
    truth : callable
        Frame number -> the things that it shows.
    """

    truth: Callable[[int], Sequence[Thing]]
    planted: list[Planted] = field(default_factory=list)
    """In the order in which they came."""
    boxes: int = 0
    """Boxes drawn, over all frames."""
    right: int = 0
    """Those that belong to a thing."""
    quiet_frames: int = 0
    """Compared frames that show no thing."""
    quiet_boxes: int = 0
    """Boxes in them: every one is false."""
    idle_alarms: int = 0
    """Alarms raised in such a frame."""
    _there: dict[str, Planted] = field(default_factory=dict)

    def write(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:
        """Count one tick."""
        if tick.frame is None:
            return
        things = self.truth(tick.frame.index)
        before, self._there = self._there, {}
        for thing in things:
            known = before.get(thing.label)
            if known is None:
                known = Planted(thing.label, tick.time_ns)
                self.planted.append(known)
            self._there[thing.label] = known
        if diff is None:
            return
        boxes = [box.xyxy for box in diff.boxes]
        for thing in things:
            _count(self._there[thing.label], thing.xyxy, boxes, tick.time_ns)
        self.boxes += len(boxes)
        self.right += sum(any(belongs(box, thing.xyxy) for thing in things) for box in boxes)
        if not things:
            self.quiet_frames += 1
            self.quiet_boxes += len(boxes)
            self.idle_alarms += sum(event.kind == "alarm_raised" for event in events)

    @property
    def seen(self) -> list[Planted]:
        """The things that compared frames show; what came and went while learning is not asked for."""
        return [thing for thing in self.planted if thing.frames]


def _count(known: Planted, thing: XYXY, boxes: Sequence[XYXY], time_ns: int) -> None:
    known.frames += 1
    fits = [overlap(box, thing) for box in boxes if hits(box, thing)]
    if not fits:
        return
    known.hits += 1
    known.fit += max(fits)
    if known.found_ns is None:
        known.found_ns = time_ns


def hits(box: XYXY, thing: XYXY) -> bool:
    """Return whether a box finds a thing: it fits, or covers its middle and is not far too large."""
    fit = overlap(box, thing)
    return fit > FITS or (fit > COVERS and _holds_middle(box, thing))


def belongs(box: XYXY, thing: XYXY) -> bool:
    """Return whether a box is of a thing: it finds it, or is a part of it."""
    return hits(box, thing) or _holds_middle(thing, box)


def overlap(a: XYXY, b: XYXY) -> float:
    """Return intersection over union of two boxes, 0..1."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def _holds_middle(outer: XYXY, inner: XYXY) -> bool:
    x, y = inner[0] + inner[2], inner[1] + inner[3]
    return 2 * outer[0] <= x < 2 * outer[2] and 2 * outer[1] <= y < 2 * outer[3]
