"""Where frames lie in time, and frames that lie together as runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from rtdiff.video_records import SIDES, VideoResult

SECOND = 1_000_000_000

Run = tuple[int, int]
"""First frame, and the frame after the last."""


class Places:
    """Numbers of frames by pair, and times of frames, on the clock of the reference.

    Where every frame is in a pair or unpaired, numbers are exact; where some were left out (``--every``,
    ``--start``), frames are placed by their share of the whole.

    Parameters
    ----------
    result : VideoResult
        What two videos came to.
    """

    def __init__(self, result: VideoResult) -> None:
        self._times = result.times_ns
        self._numbers = {side: _numbers(result, side) for side in SIDES}
        self._frames = {side: max(1, getattr(result, side).frames) for side in SIDES}

    def numbers(self, side: str) -> NDArray[np.int64] | None:
        """Return the frame of `side` in every pair, (pairs,); None where that cannot be told."""
        return self._numbers[side]

    def times_ns(self, side: str, frames: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return when frames are shown, nanoseconds; those without a partner lie between their neighbours.

        Parameters
        ----------
        side : str
            ``reference`` or ``test``.
        frames : ndarray
            (n,) numbers of frames, from 0.
        """
        count = len(self._times)
        if not count:
            return np.zeros(len(frames))
        known = self._numbers[side]
        if known is None:
            known = np.arange(count) * (self._frames[side] / count)
        step = float(np.median(np.diff(self._times))) if count > 1 else float(SECOND)
        beyond = np.minimum(frames - known[0], 0) + np.maximum(frames - known[-1], 0)
        placed: NDArray[np.float64] = np.interp(frames, known, self._times) + beyond * step
        return placed


def _numbers(result: VideoResult, side: str) -> NDArray[np.int64] | None:
    frames = getattr(result, side).frames
    alone = np.array(result.unpaired.get(side, ()), np.int64)
    there = np.ones(frames, bool)
    there[alone[alone < frames]] = False
    numbers = np.flatnonzero(there)
    return numbers if len(numbers) == result.pairs else None


def runs(frames: Iterable[int], gap: int = 1) -> Iterator[Run]:
    """Yield frames as runs: those at most `gap` apart belong to one."""
    first = last = None
    for frame in sorted(frames):
        if first is None or last is None:
            first = last = frame
        elif frame - last > gap:
            yield first, last + 1
            first = last = frame
        else:
            last = frame
    if first is not None and last is not None:
        yield first, last + 1


def few_runs(frames: Iterable[int], most: int) -> list[Run]:
    """Return at most so many runs; what lies near to each other is joined where there are more."""
    found, gap = sorted(frames), 1
    made = list(runs(found, gap))
    while len(made) > most:
        gap *= 2
        made = list(runs(found, gap))
    return made
