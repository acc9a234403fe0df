"""The curve of a video for a page: few enough points for any length, and no dip lost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.figures import printable
from rtdiff.reports.video_places import Places, few_runs
from rtdiff.reports.vmaf_log import VmafLog
from rtdiff.video_records import OF_NOTE, SIDES, VideoResult

MOST_POINTS = 6_000  # of one video: 0.3 MB; a screen is 4,000 wide
MS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Points in order of time; each stands for `each` pairs, the last for those that are left."""

    each: int
    """Pairs in a point; 1: every pair is there."""
    times_ms: NDArray[np.int64]
    """(n,) when the lowest score is, of the reference."""
    pairs: NDArray[np.int64]
    """(n,) number of the pair with the lowest score."""
    lowest: NDArray[np.float64]
    """(n,) lowest score; NaN: none is known."""
    means: NDArray[np.float64]
    """(n,) mean of the scores."""
    changed: NDArray[np.float64]
    """(n,) largest changed fraction."""
    end_ms: int
    """Where the last frame ends."""


def timeline_of(result: VideoResult, most: int = MOST_POINTS) -> Timeline:
    """Return the curve of a result in at most so many points."""
    count = len(result.times_ns)
    each = max(1, math.ceil(count / most))
    starts = np.arange(0, count, each)
    if not count:
        none = np.empty(0, np.int64)
        return Timeline(1, none, none, none.astype(float), none.astype(float), none.astype(float), 1)
    known = np.nan_to_num(result.scores, nan=np.inf)
    at = np.array([start + int(known[start : start + each].argmin()) for start in starts])
    sizes = np.diff([*starts, count])
    step = float(np.median(np.diff(result.times_ns))) if count > 1 else 0.0
    return Timeline(
        each=each,
        times_ms=result.times_ns[at] // MS,
        pairs=at,
        lowest=result.scores[at],
        means=np.add.reduceat(result.scores, starts) / sizes,
        changed=np.maximum.reduceat(result.changed, starts),
        end_ms=max(1, math.ceil((int(result.times_ns[-1]) + step) / MS)),
    )


def curve_of_log(log: VmafLog, places: Places, frames: int, most: int) -> dict[str, Any]:
    """Return a VMAF log as points ``t`` (ms), ``s`` (lowest), ``m`` (mean), without frames past the end."""
    there = log.frames < frames
    times = places.times_ns("reference", log.frames[there]) / MS
    scores = log.scores[there]
    if not len(scores):
        return {"t": [], "s": [], "m": []}
    starts = np.arange(0, len(scores), max(1, math.ceil(len(scores) / most)))
    means = np.add.reduceat(scores, starts) / np.diff([*starts, len(scores)])
    lowest = np.minimum.reduceat(scores, starts)
    return {"t": times[starts].astype(int), "s": lowest.round(2), "m": means.round(2)}


def embedded(
    result: VideoResult, worst: list[dict[str, Any]], vmaf: VmafLog | None, most: int = MOST_POINTS
) -> dict[str, Any]:
    """Return what the script of a page draws: plain lists and numbers, times in milliseconds.

    Parameters
    ----------
    result : VideoResult
        What two videos came to.
    worst : list of dict
        ``id`` of the card, ``t``, ``pair`` and ``n`` of the pictures on the page.
    vmaf : VmafLog or None
        An existing log.
    most : int
        Points at most.
    """
    line, places = timeline_of(result, most), Places(result)
    told: dict[str, Any] = {
        "each": line.each,
        "end": line.end_ms,
        "metric": printable(result.metric),
        "t": line.times_ms,
        "s": line.lowest.round(6),
        "c": line.changed.round(6),
        "worst": worst,
        "segments": _segments(result, most // 4),
        "ticks": _ticks(result, places, most // 8),
    }
    if line.each > 1:
        told |= {"m": line.means.round(6), "p": line.pairs}
    for key, side in zip("rq", SIDES, strict=True):
        numbers = places.numbers(side)
        if numbers is not None and len(numbers):
            told[key] = numbers[line.pairs] - line.pairs  # mostly zeros: a third of the text
    if vmaf is not None:
        told["vmaf"] = {
            "name": printable(vmaf.metric),
            **curve_of_log(vmaf, places, result.reference.frames, most),
        }
    return told


def _segments(result: VideoResult, most: int) -> list[list[int]]:
    """Return ``[from ms, to ms, number]``; what lies near to each other is joined where there are many."""
    gap_ms, made = (
        0,
        [[one.start_ns // MS, one.end_ns // MS, number] for number, one in enumerate(result.segments, 1)],
    )
    while len(made) > most:
        gap_ms = 2 * gap_ms or 20
        made = joined(made, gap_ms)
    return made


def joined(spans: list[list[int]], gap: float) -> list[list[int]]:
    """Return spans, each a list that begins with start and end, those as near as `gap` as one."""
    made: list[list[int]] = []
    for span in spans:
        if made and span[0] - made[-1][1] <= gap:
            made[-1][1] = span[1]
        else:
            made.append(list(span))
    return made


def _ticks(result: VideoResult, places: Places, most: int) -> list[list[Any]]:
    """Return ``[kind, side, first frame, after the last, from ms, to ms, count]``, of both sides."""
    found: list[list[Any]] = []
    for kind in OF_NOTE:
        for number, side in enumerate(SIDES):
            frames = np.sort(np.asarray(getattr(result, kind).get(side, ()), np.int64))
            made = np.array(few_runs(frames, most), np.int64).reshape(-1, 2)
            times = (places.times_ns(side, made.ravel()) / MS).astype(int).reshape(-1, 2)
            counts = np.searchsorted(frames, made[:, 1]) - np.searchsorted(frames, made[:, 0])
            rows = np.column_stack([made, times, counts]).tolist()
            found += [[kind, number, *row] for row in rows]
    return found
