"""Where frames lie in time, and frames that lie together as runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.video_records import SIDES, Run, VideoResult, runs

SECOND = 1_000_000_000


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
        self._numbers: dict[str, NDArray[np.int64] | None] = {side: _numbers(result, side) for side in SIDES}
        self._frames: dict[str, int] = {side: max(1, getattr(result, side).frames) for side in SIDES}

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
        known: NDArray[Any] | None = self._numbers[side]
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


def few_runs(frames: Sequence[int] | NDArray[np.int64], most: int) -> list[Run]:
    """Return at most so many runs; what lies near to each other is joined where there are more."""
    there, gap = np.asarray(frames, np.int64), 1
    while len(made := runs(there, gap)) > most:
        gap *= 2
    return made
