"""What measuring against truth came to: counts, and the figures that follow from them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rtdiff.records import Picture

MEASURES = ("pixels", "boxes", "events")
HEADLINE = {"pixels": "mean", "boxes": "pooled", "events": "pooled"}
"""Measure -> which of the two figures in all is the headline: benchmarks of masks average over scenes,
those of boxes count all together."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Pixels, boxes or events, held against truth."""

    right: int = 0
    """Found, and true."""
    false: int = 0
    """Found, and not true."""
    missed: int = 0
    """True, and not found."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.right + other.right, self.false + other.false, self.missed + other.missed)

    @property
    def precision(self) -> float:
        """Right over all that was found; NaN when nothing was."""
        return _over(self.right, self.right + self.false)

    @property
    def recall(self) -> float:
        """Right over all that is true; NaN when nothing is."""
        return _over(self.right, self.right + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two, 2 right / (2 right + false + missed); NaN when there is nothing."""
        return _over(2 * self.right, 2 * self.right + self.false + self.missed)


def _over(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


@dataclass(frozen=True, slots=True)
class Alarms:
    """Alarms of a watch beside the true events; their `Counts` are kept as the measure ``events``."""

    hours: float = 0.0
    """How long was watched."""
    repeated: int = 0
    """Further alarms during an event that was found already; neither right nor false."""
    delays_s: tuple[float, ...] = ()
    """From the start of every found event to its alarm, seconds."""

    def __add__(self, other: Alarms) -> Alarms:
        return Alarms(
            self.hours + other.hours, self.repeated + other.repeated, self.delays_s + other.delays_s
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted in one scene, or in a part of it; parts add up."""

    frames: int = 0
    """Pairs or frames held against truth."""
    counts: Mapping[str, Counts] = field(default_factory=dict)
    """By measure, those alone for which there is truth."""
    alarms: Alarms | None = None
    """Of a watch only."""

    def __add__(self, other: Tally) -> Tally:
        names = [name for name in MEASURES if name in self.counts or name in other.counts]
        none = Counts()
        counts = {name: self.counts.get(name, none) + other.counts.get(name, none) for name in names}
        there = [alarms for alarms in (self.alarms, other.alarms) if alarms is not None]
        return Tally(self.frames + other.frames, counts, sum(there, Alarms()) if there else None)


@dataclass(frozen=True, slots=True, eq=False)
class MethodResult:
    """What one method came to on all scenes."""

    name: str
    """rtdiff, or one of the rivals."""
    what: str
    """How it was run, for people."""
    scenes: Mapping[str, Tally]
    """By scene, in the order of the dataset."""

    @property
    def pooled(self) -> Tally:
        """All scenes counted together."""
        return sum(self.scenes.values(), Tally())

    def mean(self, measure: str, figure: str) -> float:
        """Return the mean over scenes of ``precision``, ``recall`` or ``f1``, where it is defined."""
        values = [
            getattr(tally.counts[measure], figure)
            for tally in self.scenes.values()
            if measure in tally.counts
        ]
        there = [value for value in values if not math.isnan(value)]
        return statistics.fmean(there) if there else math.nan

    def headline(self, measure: str) -> float:
        """Return the F1 that stands for all scenes, see `HEADLINE`."""
        if HEADLINE[measure] == "mean":
            return self.mean(measure, "f1")
        return self.pooled.counts.get(measure, Counts()).f1


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One measure over a sweep of the threshold."""

    measure: str
    """pixels, boxes or events."""
    thresholds: tuple[float, ...]
    """Ascending."""
    counts: tuple[Counts, ...]
    """Of all scenes together, one for every threshold."""
    auc: float
    """Average precision, 0..1."""


@dataclass(frozen=True, slots=True, eq=False)
class Mistake:
    """One pair or frame that went wrong, with its pictures."""

    scene: str
    """Name of the scene."""
    name: str
    """Of the pair, or ``frame 1070``."""
    measure: str
    """What `counts` counts."""
    counts: Counts
    """Of this pair or frame alone."""
    reference: Picture
    """What it was held against."""
    marked: Picture
    """The test picture with what was right, missed and false."""


@dataclass(frozen=True, slots=True, eq=False)
class EvalResult:
    """Everything that one run of ``rtdiff eval`` measured."""

    path: str
    """The dataset as it was named."""
    layout: str
    """deeppcb, coco, cdnet, events, or several with commas."""
    iou: float
    """A box fits a true one above this intersection over union."""
    methods: Sequence[MethodResult]
    """rtdiff first."""
    settings: Mapping[str, Any]
    """What was given to `compare` or `watch`; everything else was at its default."""
    curves: Sequence[Curve] = ()
    """Of a sweep."""
    mistakes: Sequence[Mistake] = ()
    """The worst of rtdiff's, worst first."""
    notes: Sequence[str] = ()
    """What was left out, and why."""
    error: str = ""
    """Why not all was measured; empty: it was."""
    seconds: float = 0.0
    """How long it took."""

    @property
    def measure(self) -> str:
        """What stands for all: the finest for which there is truth."""
        counted = self.methods[0].pooled.counts
        return next((name for name in MEASURES if name in counted), "boxes")

    @property
    def f1(self) -> float:
        """rtdiff's F1 of that measure over all scenes, see `HEADLINE`; NaN when there is nothing."""
        return self.methods[0].headline(self.measure)
