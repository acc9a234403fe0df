"""What two videos came to: what travels from pairing to reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.records import Box, Correction, Diff, Frame

SIDES: tuple[Literal["reference"], Literal["test"]] = ("reference", "test")
Numbers = Mapping[str, tuple[int, ...]]
"""``reference`` and ``test`` -> numbers of frames of that side, from 0."""
OF_NOTE = ("unpaired", "repeated", "frozen", "corrupt")
"""Fields of `Figures` that are such numbers: frames to be told of."""
Run = tuple[int, int]
"""First frame, and the frame after the last."""


@dataclass(frozen=True, slots=True, eq=False)
class VideoPair:
    """Two frames of one time, as compared."""

    index: int
    """Number of the pair, from 0."""
    reference: Frame
    """As read; memory of a decoder: keep it with `Frame.copy` only."""
    test: Frame
    """Likewise."""
    diff: Diff
    """What is different."""

    @property
    def score(self) -> float:
        """0..1, 1.0 is the same."""
        return self.diff.score

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Different regions, largest first."""
        return self.diff.boxes

    @property
    def same(self) -> bool:
        """Whether there is no reason to call the two frames different."""
        return self.diff.same


@dataclass(frozen=True, slots=True)
class Worst:
    """A pair that is worth a look."""

    index: int
    """Number of the pair, from 0."""
    frame_ref: int
    """Number of the frame of the reference, from 0."""
    frame_test: int
    """Of the test."""
    time_ns: int
    """Of the reference, nanoseconds from its start."""
    score: float
    """0..1."""
    boxes: tuple[Box, ...] = ()
    """Different regions, largest first."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Different pairs without a same one between them."""

    first: int
    """First pair."""
    last: int
    """The pair after the last; half-open."""
    start_ns: int
    """Time of the first, of the reference."""
    end_ns: int
    """Time at which the last one ends."""
    boxes: int
    """Most boxes in one pair."""
    score: float
    """Lowest score."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the two videos."""

    path: str
    """As it was named, without credentials."""
    size_wh: tuple[int, int]
    """Width and height of its first frame after orientation, pixels."""
    frames: int
    """Frames read."""
    fps: float | None
    """Nominal frames a second, where there is such a thing."""
    duration_ns: int | None
    """Length by its container, nanoseconds."""
    detail: str
    """Codec and format, for people."""


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """What the pairs of two videos come to."""

    pairs: int
    """Pairs compared."""
    reasons: tuple[str, ...]
    """Why they are different; empty: they are the same."""
    identical: bool
    """Every sample of every frame is equal, and no frame is alone."""
    score: float
    """Mean over the pairs, 0..1."""
    score_min: float
    score_p1: float
    """One pair in a hundred is lower."""
    score_p5: float
    """One pair in twenty is lower."""
    metrics: Mapping[str, float]
    """Means over the pairs, by name."""
    planes: Mapping[str, Mapping[str, float]]
    """Means by metric and plane (y, u, v, all), of those that have planes."""
    psnr_db: float | None
    """Of the mean square error of all frames; None: not asked for."""
    psnr_db_mean: float | None
    """Mean of the frames' own; infinite if one of them is."""
    psnr_db_min: float | None
    """The lowest of them."""
    worst: Worst | None
    """The lowest score."""
    largest: Worst | None
    """The largest change; None: there is no box anywhere."""
    segments: tuple[Segment, ...]
    changed_fraction: float
    """Mean over the pairs, 0..1."""
    boxes: int
    """Of all pairs together."""
    different: int
    """Pairs with a reason."""
    unpaired: Numbers
    """Frames without a partner."""
    repeated: Numbers
    """Frames that show their predecessor again, while the other side goes on."""
    frozen: Numbers
    """The same, of runs of them."""
    corrupt: Numbers
    """Frames that the decoder marked as damaged."""
    corrections: tuple[Correction, ...]
    noise_levels: float
    """The highest noise that differences were measured in, levels of 0..255."""
    times_ns: NDArray[np.int64] = field(repr=False)
    """(pairs,) of the reference."""
    scores: NDArray[np.float64] = field(repr=False)
    """(pairs,)."""
    changed: NDArray[np.float64] = field(repr=False)
    """(pairs,) changed fractions."""


@dataclass(frozen=True, slots=True, eq=False)
class VideoResult(Figures):
    """What two videos came to."""

    reference: Side
    test: Side
    complete: bool
    """Whether everything was compared."""
    error: str | None
    """Why not, one line."""
    metric: str
    """What the score is of."""
    offset_ns: int
    """How much later the test shows everything, nanoseconds."""
    offset_confidence: float | None
    """0..1; None: nobody looked for it."""
    rate: Fraction | None
    """Test time over reference time; None: 1."""
    engine: str

    @property
    def same(self) -> bool:
        """Whether there is no reason to call the two different."""
        return not self.reasons


def runs(frames: Sequence[int] | NDArray[np.int64], gap: int = 1) -> list[Run]:
    """Return frames as runs: those at most `gap` apart belong to one."""
    there = np.sort(np.asarray(frames, np.int64))
    if not len(there):
        return []
    new = np.diff(there) > gap
    firsts, lasts = there[np.append(True, new)], there[np.append(new, True)] + 1
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))
