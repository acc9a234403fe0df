"""Two streams of frames -> pairs: by time, and by content where frames were lost or shown twice.

Frames belong together whose times are nearest to each other and less than half a frame apart. Where a
frame was dropped or doubled and what follows was timed anew, every later frame would be held against
its neighbour: there a few frames are read ahead, and the test's times are moved if its frames show
clearly what the reference shows so many frames earlier or later. All of it is told.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.records import Frame

Sample = NDArray[np.int16]
"""(n,) levels of luma, 0..255, at fixed places of the picture."""

LEVELS = 255
ROWS, COLUMNS = 36, 320  # of a sample: whole lines of cache where it is read, 10 us a picture
AHEAD = 12  # frames read ahead where something seems lost; 75 MB of 1080p
FAR = 8  # frames that may be lost or doubled at once
FEWEST = 4  # frames that must be there to tell
NEARER = 0.8  # of the distance: a neighbour that is nearer makes suspicious
CLEARLY = 0.5  # of the distance: frames that far away are the right ones
AGREE = 0.8  # share of the frames that must say so
SEEN = 0.05  # levels, mean over a sample: less is no distance
LOST = 3.0, 0.5  # times the usual distance, and levels above: suspicious as well
STILL = 0.1  # of the other side's motion: a frame that shows its predecessor again
STALE = 0.5  # of the other side's motion: farther apart than usual by so much
MOVING = 0.15  # levels of motion that can be seen
CUT = 8.0, 4.0  # levels of motion, and times the usual: another scene
REST = 6  # pairs after a look in vain
RECENT = 9  # frames whose intervals and distances are usual
ALIKE = 0.02  # of an interval: rates that differ by more are not mended by content


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A pair, or a frame without a partner."""

    reference: Frame | None
    """None: it has no frame for the test's."""
    test: Frame | None
    """Likewise."""
    repeated: tuple[bool, bool]
    """Whether reference, test shows its predecessor again, while the other side moves."""
    cut: bool
    """Whether another scene begins."""


@dataclass(frozen=True, slots=True)
class Slip:
    """Where the test was found to be so many frames early or late from there on."""

    frame_ref: int
    """First frame of the reference that it is true for."""
    frame_test: int
    """First frame of the test."""
    frames: int
    """How many frames later the test is than before; negative: earlier."""
    by_ns: int
    """The same in time, nanoseconds."""
    share: float
    """Share of the frames looked at that say so, 0..1."""
    start: bool
    """Whether it is true from the start."""


class _Held:
    """A frame that waits for its partner."""

    __slots__ = ("frame", "motion", "sample", "time_ns")

    def __init__(self, frame: Frame, time_ns: int, sample: Sample, motion: float) -> None:
        self.frame, self.time_ns, self.sample, self.motion = frame, time_ns, sample, motion


class _Stream:
    """Frames of one side, read ahead as far as somebody looks."""

    def __init__(self, frames: Iterable[Frame], offset_ns: int, rate: Fraction) -> None:
        self._frames = iter(frames)
        self._offset_ns, self._rate = offset_ns, rate
        self.held: deque[_Held] = deque()
        self._steps: deque[int] = deque(maxlen=RECENT)
        self._last: _Held | None = None

    def peek(self, place: int = 0) -> _Held | None:
        """Return the frame so many places ahead, None behind the end."""
        while len(self.held) <= place:
            frame = next(self._frames, None)
            if frame is None:
                return None
            self._hold(frame)
        return self.held[place]

    def _hold(self, frame: Frame) -> None:
        time_ns = (frame.time_ns - self._offset_ns) * self._rate.denominator // self._rate.numerator
        sample, last, motion = sample_of(frame), self._last, math.nan
        if last is not None:
            self._steps.append(time_ns - last.time_ns)
            motion = distance(sample, last.sample)
        held = self._last = _Held(frame, time_ns, sample, motion)
        self.held.append(held)

    @property
    def interval_ns(self) -> int:
        """How far its frames are apart, nanoseconds; 0: not known yet."""
        return int(_middle(self._steps))

    def move(self, by_ns: int) -> None:
        """Count its times from so much later."""
        moved = by_ns * self._rate
        self._offset_ns += round(moved)
        for held in self.held:
            held.time_ns -= by_ns


class Pairing:
    """Pairs the frames of two videos; iterate once.

    Parameters
    ----------
    reference, test : iterable of Frame
        In order of time.
    offset_ns : int
        How much later the test shows everything, nanoseconds of its own time.
    rate : Fraction
        Test time over reference time.
    content : bool
        Look at the frames where some seem to be lost or doubled.
    shortest : bool
        End with the side that ends first.

    Attributes
    ----------
    slips : list of Slip
        What was found by content so far.
    """

    def __init__(
        self,
        reference: Iterable[Frame],
        test: Iterable[Frame],
        *,
        offset_ns: int = 0,
        rate: Fraction = Fraction(1),
        content: bool = True,
        shortest: bool = False,
    ) -> None:
        self._streams = _Stream(reference, 0, Fraction(1)), _Stream(test, offset_ns, rate)
        self._content, self._shortest = content, shortest
        self._usual: deque[float] = deque(maxlen=RECENT)
        self._motion: deque[float] = deque(maxlen=RECENT)
        self._rest = 0
        self.slips: list[Slip] = []

    def __iter__(self) -> Iterator[Step]:
        first, second = self._streams
        start = self._content
        while True:
            r, s = first.peek(), second.peek()
            if (r is None and s is None) or (self._shortest and (r is None or s is None)):
                return
            if start and r is not None and s is not None:
                start = False
                if self._mended(start=True):
                    continue
            if r is None or s is None:
                yield self._alone(int(r is None))
            elif not self._partners(r, s):
                yield self._alone(int(s.time_ns < r.time_ns))
            elif not (self._content and self._suspicious(r, s) and self._mended(start=False)):
                yield self._pair(r, s)

    def _partners(self, r: _Held, s: _Held) -> bool:
        """Return whether two frames are nearest to each other in time."""
        first, second = self._streams
        gap = abs(s.time_ns - r.time_ns)
        later = first.peek(1), second.peek(1)
        steps = [one.interval_ns for one in self._streams if one.interval_ns]
        if steps and 2 * gap > min(steps) + 2_000_000:  # Matroska rounds to milliseconds
            return False
        nearer_r = later[0] is not None and abs(s.time_ns - later[0].time_ns) < gap
        nearer_s = later[1] is not None and abs(later[1].time_ns - r.time_ns) < gap
        return not (nearer_r or nearer_s)

    def _suspicious(self, r: _Held, s: _Held) -> bool:
        """Return whether the neighbours of two frames fit better, or they far worse than those before."""
        if self._rest:
            self._rest -= 1
            return False
        found = _between(r, s)
        if found < SEEN:
            return False
        others = ((self._streams[0].peek(1), s), (r, self._streams[1].peek(1)))
        near = min((_between(a, b) for a, b in others if a is not None and b is not None), default=found)
        usual = _middle(self._usual)
        return near < NEARER * found or found > LOST[0] * usual + LOST[1]

    def _mended(self, *, start: bool) -> bool:
        """Move the test's times if its frames show clearly that it is early or late."""
        self._rest = REST
        lists = []
        for stream in self._streams:
            stream.peek(AHEAD - 1)
            lists.append(list(stream.held)[:AHEAD])
        steps = [stream.interval_ns for stream in self._streams]
        if min(steps) <= 0 or abs(steps[0] - steps[1]) > ALIKE * steps[0]:
            return False
        reference, test = lists
        now = round((reference[0].time_ns - test[0].time_ns) / steps[0])
        found = _place(reference, test, now) if abs(now) < AHEAD else None
        if found is None:
            return False
        place, share = found
        r, s = reference[max(-place, 0)], test[max(place, 0)]
        by_ns = s.time_ns - r.time_ns
        if 2 * abs(by_ns) < steps[0]:  # an uneven rate: their times meet already
            return False
        self.slips.append(Slip(r.frame.index, s.frame.index, place - now, by_ns, share, start))
        self._streams[1].move(by_ns)
        self._rest = 0
        return True

    def _pair(self, r: _Held, s: _Held) -> Step:
        first, second = self._streams
        first.held.popleft()
        second.held.popleft()
        apart, usual = _between(r, s), _middle(self._motion)
        stale = apart - _middle(self._usual)
        again = _again(r.motion, s.motion, stale), _again(s.motion, r.motion, stale)
        if not any(again):
            self._usual.append(apart)
        cut = r.motion > CUT[0] and r.motion > CUT[1] * usual
        if not math.isnan(r.motion + s.motion):  # a first frame has no predecessor
            self._motion.append(max(r.motion, s.motion))
        return Step(r.frame, s.frame, again, cut)

    def _alone(self, side: int) -> Step:
        held = self._streams[side].held.popleft()
        usual = _middle(self._motion)
        goes_on = self._streams[1 - side].peek() is not None
        again = goes_on and _again(held.motion, usual, usual)
        if side == 0:
            return Step(held.frame, None, (again, False), False)
        return Step(None, held.frame, (False, again), False)


def sample_of(frame: Frame) -> Sample:
    """Return luma at fixed places, levels of 0..255: alike for pictures of any size and depth."""
    luma = frame.luma
    height, width = luma.shape
    rows, columns = (
        (2 * np.arange(n) + 1) * side // (2 * n) for n, side in ((ROWS, height), (COLUMNS, width))
    )
    picked: NDArray[Any] = luma[rows][:, columns].ravel()
    if frame.data_range != LEVELS:
        picked = picked.astype(np.int32) * LEVELS // frame.data_range
    return picked.astype(np.int16)


def distance(one: Sample, other: Sample) -> float:
    """Return the mean distance of two samples, levels."""
    return float(np.abs(one - other).mean())


def _between(r: _Held, s: _Held) -> float:
    return distance(r.sample, s.sample)


def _middle(values: Collection[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


def _again(mine: float, other: float, stale: float) -> bool:
    """Return whether a frame shows its predecessor again: the other side moved, and away from it."""
    return other >= MOVING and mine <= STILL * other and stale >= STALE * other


def _place(reference: list[_Held], test: list[_Held], now: int) -> tuple[int, float] | None:
    """Return which frame of the test shows the reference's first, and the share of frames that say so.

    None: nothing but what is `now` held for it fits clearly better. Negative: the reference's frame of
    that number is shown by the test's first.
    """
    apart = np.array([[_between(r, s) for s in test] for r in reference])

    def along(place: int) -> NDArray[np.float64]:
        return apart.diagonal(place)

    if len(along(now)) < 1:
        return None
    best, place = _middle(along(now).tolist()), now
    for other in sorted(range(now - FAR, now + FAR + 1), key=lambda k: abs(k - now)):
        if -len(reference) < other < len(test) and len(line := along(other)) >= FEWEST:
            middle = _middle(line.tolist())
            if middle < CLEARLY * best:
                best, place = middle, other
    if place == now:
        return None
    rows = [k for k in range(len(reference)) if all(0 <= k + j < len(test) for j in (now, place))]
    if len(rows) < FEWEST:
        return None
    share = float(np.mean([apart[k, k + place] < apart[k, k + now] for k in rows]))
    return (place, share) if share >= AGREE else None
