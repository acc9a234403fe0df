"""Running figures of two videos: what every pair was, and what all of them come to."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rtdiff.records import Correction
from rtdiff.video_records import SIDES, Figures, Numbers, Segment, VideoPair, Worst, runs

FINE = 80  # bits behind the point of sums: more than a float of 0..1 has from 2e-8 up
FROZEN = 5  # frames that show their predecessor: as many in a row are a stand-still


_Name = tuple[str, ...]


class _Sums:
    """Sums of many numbers, in integers: the same in whatever order they are taken."""

    def __init__(self) -> None:
        self._totals: dict[_Name, int] = defaultdict(int)
        self._infinite: dict[_Name, int] = defaultdict(int)

    def add(self, name: _Name, value: float) -> None:
        if math.isinf(value):
            self._infinite[name] += 1
        else:
            self._totals[name] += int(math.ldexp(value, FINE))

    def mean(self, name: _Name, count: int) -> float:
        if self._infinite.get(name):
            return math.inf
        return math.ldexp(self._totals.get(name, 0) / count, -FINE)

    def means(self, count: int) -> dict[_Name, float]:
        names = dict.fromkeys((*self._totals, *self._infinite))
        return {name: self.mean(name, count) for name in names}

    def extend(self, later: _Sums) -> None:
        for mine, theirs in ((self._totals, later._totals), (self._infinite, later._infinite)):
            for name, value in theirs.items():
                mine[name] += value


class Tally:
    """Takes pairs and frames without a partner, in order; some 30 bytes a pair.

    Parameters
    ----------
    step_ns : int
        How long the last frame is shown, nanoseconds.
    """

    def __init__(self, step_ns: int) -> None:
        self._step_ns = step_ns
        self._times, self._scores, self._changed = array("q"), array("d"), array("d")
        self._sums = _Sums()
        self._psnr_min = math.inf
        self._numbers: dict[str, tuple[list[int], list[int]]] = {
            name: ([], []) for name in ("unpaired", "repeated", "corrupt")
        }
        self._reasons: dict[str, None] = {}
        self._corrections: dict[tuple[str, str, str], Correction] = {}
        self._segments: list[Segment] = []
        self._worst: Worst | None = None
        self._largest: Worst | None = None
        self._most = 0.0
        self._identical = True
        self._boxes = self._different = 0
        self._noise = 0.0

    @property
    def pairs(self) -> int:
        """How many were taken."""
        return len(self._scores)

    @property
    def score(self) -> float:
        """Mean so far; 1 before the first."""
        return self._sums.mean(("score",), self.pairs) if self.pairs else 1.0

    def take(self, pair: VideoPair) -> None:
        """Take a pair."""
        diff, time_ns = pair.diff, pair.reference.time_ns
        self._times.append(time_ns)
        self._scores.append(diff.score)
        self._changed.append(diff.changed_fraction)
        self._sums.add(("score",), diff.score)
        self._sums.add(("changed",), diff.changed_fraction)
        for name, value in diff.metrics.items():
            self._sums.add(("metric", name), value)
        for name, planes in diff.planes.items():
            for plane, value in planes.items():
                self._sums.add(("plane", name, plane), value)
        if (psnr := diff.metrics.get("psnr_db")) is not None:
            self._sums.add(("error",), 0.0 if math.isinf(psnr) else 10 ** (-psnr / 10))
            self._psnr_min = min(self._psnr_min, psnr)
        self._identical &= diff.identical
        self._boxes += len(diff.boxes)
        self._noise = max(self._noise, diff.noise_levels)
        if self._worst is None or diff.score < self._worst.score:
            self._worst = _worst(pair)
        if diff.boxes and diff.changed_fraction > self._most:
            self._largest, self._most = _worst(pair), diff.changed_fraction
        for one in diff.corrections:
            self.told(one)
        for side, frame in enumerate((pair.reference, pair.test)):
            if frame.corrupt:
                self._numbers["corrupt"][side].append(frame.index)
        if not diff.same:
            self._different += 1
            self._reasons.update(dict.fromkeys(diff.reasons))
            self._extend(pair)

    def told(self, one: Correction) -> None:
        """Take what was changed before comparing; the same thing is told once."""
        self._corrections.setdefault((one.kind, one.side, str(one.before)), one)

    def alone(self, side: int, number: int, *, corrupt: bool = False) -> None:
        """Take a frame without a partner; `side`: 0 reference, 1 test."""
        self._numbers["unpaired"][side].append(number)
        if corrupt:
            self._numbers["corrupt"][side].append(number)

    def repeated(self, side: int, number: int) -> None:
        """Take a frame that shows its predecessor again."""
        self._numbers["repeated"][side].append(number)

    def _extend(self, pair: VideoPair) -> None:
        diff, time_ns = pair.diff, pair.reference.time_ns
        until = time_ns + self._step_ns
        self._joined(Segment(pair.index, pair.index + 1, time_ns, until, len(diff.boxes), diff.score))

    def _joined(self, one: Segment) -> None:
        """Add a segment, or make the last one longer."""
        if self._segments and self._segments[-1].last == one.first:
            old = self._segments.pop()
            boxes, score = max(old.boxes, one.boxes), min(old.score, one.score)
            one = Segment(old.first, one.last, old.start_ns, one.end_ns, boxes, score)
        self._segments.append(one)

    def extend(self, later: Tally) -> None:
        """Take all that was taken by another, of pairs that follow; the same as taking them one by one."""
        ahead = self.pairs
        self._times += later._times
        self._scores += later._scores
        self._changed += later._changed
        self._sums.extend(later._sums)
        self._psnr_min = min(self._psnr_min, later._psnr_min)
        for name, sides in later._numbers.items():
            for mine, theirs in zip(self._numbers[name], sides, strict=True):
                mine += theirs
        self._reasons |= later._reasons
        for told in later._corrections.values():
            self.told(told)
        for one in later._segments:
            self._joined(replace(one, first=one.first + ahead, last=one.last + ahead))
        worst, largest = (
            one and replace(one, index=one.index + ahead) for one in (later._worst, later._largest)
        )
        if worst and (self._worst is None or worst.score < self._worst.score):
            self._worst = worst
        if largest and later._most > self._most:
            self._largest, self._most = largest, later._most
        self._identical &= later._identical
        self._boxes += later._boxes
        self._different += later._different
        self._noise = max(self._noise, later._noise)

    def figures(self, *, forgiven: bool = False, also: tuple[str, ...] = ()) -> Figures:
        """Return what it all comes to.

        Parameters
        ----------
        forgiven : bool
            Frames without a partner are no reason.
        also : tuple of str
            Further reasons.
        """
        count = max(self.pairs, 1)
        scores = np.array(self._scores)
        low = np.quantile(scores, (0.0, 0.01, 0.05)).tolist() if len(scores) else [1.0] * 3
        repeated, frozen = _runs(self._numbers["repeated"])
        found = {
            "unpaired": any(self._numbers["unpaired"]) and not forgiven,
            "repeated": any(self._numbers["repeated"]),
            "corrupt": any(self._numbers["corrupt"]),
        } | dict.fromkeys(also, True)
        reasons = (*self._reasons, *(reason for reason, there in found.items() if there))
        means, planes = self._sums.means(count), defaultdict[str, dict[str, float]](dict)
        for name, mean in means.items():
            if name[0] == "plane":
                planes[name[1]][name[2]] = mean
        return Figures(
            pairs=self.pairs,
            reasons=reasons,
            identical=self._identical and self.pairs > 0 and not any(self._numbers["unpaired"]),
            score=self.score,
            score_min=low[0],
            score_p1=low[1],
            score_p5=low[2],
            metrics={name[1]: mean for name, mean in means.items() if name[0] == "metric"},
            planes=planes,
            psnr_db=_psnr(means["error",]) if ("error",) in means else None,
            psnr_db_mean=means.get(("metric", "psnr_db")),
            psnr_db_min=self._psnr_min if ("error",) in means else None,
            worst=self._worst,
            largest=self._largest,
            segments=tuple(self._segments),
            changed_fraction=means.get(("changed",), 0.0),
            boxes=self._boxes,
            different=self._different,
            unpaired=_sides(self._numbers["unpaired"]),
            repeated=repeated,
            frozen=frozen,
            corrupt=_sides(self._numbers["corrupt"]),
            corrections=tuple(self._corrections.values()),
            noise_levels=self._noise,
            times_ns=np.array(self._times, np.int64),
            scores=scores,
            changed=np.array(self._changed),
        )


def _worst(pair: VideoPair) -> Worst:
    reference, test = pair.reference, pair.test
    return Worst(pair.index, reference.index, test.index, reference.time_ns, pair.score, pair.boxes)


def _psnr(error: float) -> float:
    return -10 * math.log10(error) if error else math.inf


def _sides(numbers: Sequence[Sequence[int]]) -> Numbers:
    return {name: tuple(of) for name, of in zip(SIDES, numbers, strict=True)}


def _runs(numbers: Sequence[Sequence[int]]) -> tuple[Numbers, Numbers]:
    """Return frames that were shown again, single ones and those in long runs."""
    single: tuple[list[int], list[int]] = ([], [])
    long: tuple[list[int], list[int]] = ([], [])
    for side, of in enumerate(numbers):
        for first, end in runs(of):
            (long if end - first >= FROZEN else single)[side].extend(range(first, end))
    return _sides(single), _sides(long)
