"""The offset in time between two videos, and their rates, from what they show.

Short blocks of the test are looked for in the reference by what moves in them. A block that fits in
many places says little, one that fits in one says much; what most of their votes agree on is held
against its rivals and against chance, and is the answer, or there is none.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from rtdiff.ballot import RATES, Line, Two, elect, supporters, votes
from rtdiff.classes import dataclass
from rtdiff.fingerprints import Rows, Seconds, Times, basis, sample, track

__all__ = ["FLOOR", "Alignment", "align", "plan", "sample", "search"]

FLOOR = 0.5  # confidence below which there is no answer

STEP_S = 0.1  # longest step of the search
STEPS = 600  # in a shorter video, whose steps are shorter, down to a frame
BLOCK = 20  # steps of a block, fewer in a very short video
FEWEST = 8  # frames of a video that can be aligned
BLANK = 0.02  # of the brightest: the contrast of a frame that shows something
PLACES = 6000  # of the whole overlap that are compared at most
REACH = 3  # steps about the votes' line that are searched for the exact frame
CLEAR = 1.0  # frames that another rate must amount to before it can be told from 1

LONG_S = 5.0  # that votes must span before any other rate can be told
CERTAIN = 0.5  # share of a line's votes by which it must lead any rival

SECOND = 1_000_000_000
WHOLE_NS = 180 * SECOND  # videos up to it are read whole
WINDOWS, WINDOW_NS = 8, 12 * SECOND
WITHIN_NS = 900 * SECOND  # of a long video that is looked at: enough to tell 1001/1000 by 27 frames
FARTHEST_NS = 300 * SECOND  # offset that is found in long videos


@dataclass(frozen=True, slots=True)
class Alignment:
    """How the test's time follows the reference's: ``test = rate * reference + offset``."""

    offset_ns: int
    """Nanoseconds; above 0: the test shows the same later."""
    rate: Fraction
    """1 unless another was found."""
    confidence: float
    """0..1; at `FLOOR` and above, of 100 answers less than one was wrong."""
    votes: int
    """Blocks of the test that agree."""
    detail: str
    """One sentence for people."""


def align(times_ref: Times, samples_ref: Rows, times_test: Times, samples_test: Rows) -> Alignment | None:
    """Return how two videos lie in time, or None if that cannot be told with confidence.

    Parameters
    ----------
    times_ref, times_test : ndarray of int64, shape (n,)
        Times of frames, nanoseconds from each container's start, ascending; with gaps where nothing
        was read.
    samples_ref, samples_test : ndarray, shape (n, k)
        A fingerprint a row, as `sample` gives them.
    """
    found = search(times_ref, samples_ref, times_test, samples_test)
    return found if found and found.confidence >= FLOOR else None


def search(times_ref: Times, samples_ref: Rows, times_test: Times, samples_test: Rows) -> Alignment | None:
    """Return the likeliest alignment, however unlikely, as `align`; None: nothing in common moves."""
    times_ref, samples_ref = _telling(times_ref, samples_ref)
    times_test, samples_test = _telling(times_test, samples_test)
    if min(len(times_ref), len(times_test)) < FEWEST:
        return None
    directions = basis(samples_ref, samples_test)
    if not directions.shape[1]:
        return None
    frame = max(float(np.median(np.diff(times))) / 1e9 for times in (times_ref, times_test))
    length = min(float(times[-1] - times[0]) / 1e9 for times in (times_ref, times_test))
    step = max(frame, min(STEP_S, length / STEPS))
    block = int(min(BLOCK, max(6, length / step / 6)))
    ref, test = track(times_ref, samples_ref, directions), track(times_test, samples_test, directions)
    two = Two(ref, test, step, block, frame)
    cast = votes(two)
    if cast is None:
        return None
    found = elect(cast, step)
    if found is None:
        return None
    best, rival = found
    agree = supporters(cast, best, step)
    middle = cast.middle[agree]
    rate, offset = _refine(two, middle, best)
    offset = _snap(times_ref / 1e9, times_test / 1e9, float(rate), offset, middle, block * step / 2)
    confidence = _confidence(two, Line(float(rate), offset, best.support), rival)
    count, ns = int(agree.sum()), round(offset * 1e9)
    return Alignment(ns, rate, confidence, count, _told(ns, rate, confidence, count, len(agree)))


def _telling(times: Times, samples: Rows) -> tuple[Times, Rows]:
    """Return frames without those that show nothing, or are not later than all before.

    What shows nothing is black, or any one color; its edges would outweigh what moves beside them.
    """
    keep = np.diff(np.maximum.accumulate(times), prepend=times[:1] - 1) > 0
    if len(samples):
        keep &= np.ptp(samples, axis=1) > BLANK * float(samples.max())
    return (times, samples) if keep.all() else (times[keep], samples[keep])


def _refine(two: Two, middle: Seconds, line: Line) -> tuple[Fraction, float]:
    """Return the rate and the offset, s, to a part of a frame, from the blocks that voted for a line."""
    shifts: Seconds = np.arange(-REACH * two.step, REACH * two.step + 1e-9, two.frame / 4)
    curves = np.array([_curve(two, m, line, shifts) for m in middle])
    centre, spread = float(middle.mean()), float(np.ptp(middle))
    slope, error = _slope(middle - centre, shifts[curves.argmax(axis=1)], two.frame)
    measured = line.rate * (1 + slope)
    rates = {Fraction(1): 1.0}  # rate -> what is left of its match, as a simpler one is likelier
    for rate in RATES[1:]:
        away = abs(float(rate) - measured)
        close = away < min(abs(measured - 1), max(3 * error, two.frame / max(spread, 1e-9)))
        if close and abs(float(rate) - 1) * spread > CLEAR * two.frame:
            rates[rate] = 0.99
    if spread > LONG_S and abs(measured - 1) * spread > 3 * CLEAR * two.frame:
        rates.setdefault(Fraction(measured).limit_denominator(2000), 0.97)
    answers = []
    for rate, trust in rates.items():
        lean = (float(rate) / line.rate - 1) * (middle - centre)
        total = np.mean(
            [np.interp(shifts + x, shifts, c, 0, 0) for x, c in zip(lean, curves, strict=True)], axis=0
        )
        k = int(total.argmax())
        peak = shifts[k]
        if 0 < k < len(shifts) - 1:  # the top of a parabola through three points
            before, top, after = total[k - 1 : k + 2]
            peak += (before - after) / min(before - 2 * top + after, -1e-9) / 2 * (shifts[1] - shifts[0])
        offset = centre - float(rate) * (centre - line.offset) / line.rate + peak
        answers.append((total[k] * trust, rate, float(offset)))
    _, rate, offset = max(answers)
    return rate, offset


def _curve(two: Two, middle: float, line: Line, shifts: Seconds) -> Seconds:
    """Return the correlation, (shifts,), of a block of the test's frames with the reference's."""
    length = two.block * two.step
    count = int(np.clip(length / two.frame, 4, 60))
    at = middle + (np.arange(count, dtype=np.float64) + 0.5 - count / 2) * (length / count)
    a, seen_a = two.moving(two.test, at, two.frame)
    b, seen_b = two.moving(two.ref, ((at - line.offset - shifts[:, None]) / line.rate).ravel(), two.frame)
    b, both = b.reshape(len(shifts), count, -1), seen_b.reshape(len(shifts), count) & seen_a
    power = ((a**2).sum(axis=1) * both).sum(axis=1) * ((b**2).sum(axis=2) * both).sum(axis=1)
    curve: Seconds = ((a * b).sum(axis=2) * both).sum(axis=1) / np.sqrt(power + 1e-12)
    return curve


def _slope(x: Seconds, y: Seconds, frame: float) -> tuple[float, float]:
    """Return the slope of a line through most of the points, and its error."""
    keep, slope, scatter = np.ones(len(x), bool), 0.0, frame
    for _ in range(4):
        along, across = x[keep] - x[keep].mean(), y[keep] - y[keep].mean()
        slope = float((along * across).sum() / max((along**2).sum(), 1e-12))
        miss = np.abs(y - y[keep].mean() - slope * (x - x[keep].mean()))
        scatter = max(1.5 * float(np.median(miss[keep])), frame / 4)
        keep = miss < 3 * scatter
    return slope, scatter / max(float(np.sqrt(keep.sum()) * np.std(x[keep])), 1e-9)


def _snap(ref: Seconds, test: Seconds, rate: float, offset: float, middle: Seconds, half: float) -> float:
    """Return the offset moved by a part of a frame so that times of frames meet, where they all can."""
    inside = (np.abs(test[:, None] - middle) <= half).any(axis=1)
    times = test[inside]
    want = (times - offset) / rate
    at = np.clip(np.searchsorted(ref, want), 1, len(ref) - 1)
    near = np.where(want - ref[at - 1] < ref[at] - want, at - 1, at)
    miss = times - rate * ref[near] - offset
    usual = float(np.median(miss)) if len(miss) else 0.0
    meet = np.abs(miss - usual) < 0.1 * float(np.median(np.diff(test)))
    return offset + usual if len(miss) and meet.mean() > 0.8 else offset


def _confidence(two: Two, line: Line, rival: float) -> float:
    """Return 0..1: how alike the whole overlap is, beyond chance, and how far the votes lead a rival's."""
    alike, chance = _alike(two, line)
    lead = max(0.0, 1 - rival / line.support) / CERTAIN
    return float(min(1.0, lead) * np.clip((alike - 0.2) / 0.3, 0, 1) * np.clip((chance - 3) / 4, 0, 1))


def _alike(two: Two, line: Line) -> tuple[float, float]:
    """Return the correlation of what moves in the whole overlap along a line, and its z against chance."""
    at = two.grid(two.test)
    at = at[:: 1 + len(at) // PLACES]
    a, seen_a = two.moving(two.test, at, two.step)
    b, seen_b = two.moving(two.ref, (at - line.offset) / line.rate, two.step)
    both = seen_a & seen_b
    if both.sum() < 6:
        return 0.0, 0.0
    a, b = _even(a[both]), _even(b[both])
    powers = np.linalg.eigvalsh((a.T @ a).astype(np.float64))
    alike = float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum() + 1e-12))
    dims = float(powers.sum() ** 2 / max((powers**2).sum(), 1e-12))  # that move by themselves
    same = float((a[1:] * a[:-1]).sum() / max((a**2).sum(), 1e-12))  # of a step and the next
    independent = dims * len(a) * (1 - np.clip(same, 0, 0.999))
    # Fisher's z of a correlation of so many independent numbers
    return alike, float(np.arctanh(np.clip(alike, 0, 0.995)) * np.sqrt(max(0.0, independent - 3)))


def _even(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return rows with none longer than the usual, so that a cut does not outweigh a scene."""
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    even: NDArray[np.float32] = rows * np.minimum(1, np.sqrt((length**2).mean()) / np.maximum(length, 1e-9))
    return even


def _told(ns: int, rate: Fraction, confidence: float, count: int, asked: int) -> str:
    where = f"{abs(ns) / 1e9:.3f} s {'later' if ns >= 0 else 'earlier'}" if ns else "at the same time"
    pace = "" if rate == 1 else f" and lasts {rate} ({float(rate):.5f}) times as long"
    return f"the test shows it {where}{pace}; {count} of {asked} blocks agree, confidence {confidence:.2f}"


def plan(reference_ns: int, test_ns: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return which windows (start, length) of the reference and of the test to read, nanoseconds.

    Short videos are read whole. Of longer ones, a few windows of the shorter one are looked for in
    one long window of the other.
    """
    if max(reference_ns, test_ns) <= WHOLE_NS:
        return [(0, reference_ns)], [(0, test_ns)]
    short, long = min(reference_ns, test_ns), max(reference_ns, test_ns)
    within = min(short, WITHIN_NS)
    apart = max(within - WINDOW_NS, 0) // (WINDOWS - 1)
    some = [(k * apart, WINDOW_NS) for k in range(WINDOWS)] if apart > WINDOW_NS else [(0, within)]
    most = [(0, min(long, within + within // 20 + FARTHEST_NS))]
    return (some, most) if reference_ns <= test_ns else (most, some)
