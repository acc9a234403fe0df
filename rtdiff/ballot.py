"""Where blocks of one video fit into another, and the line through time that most of them vote for."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.fingerprints import Floats, Seconds, Track

AROUND = 30  # steps whose mean is taken off, so that only what moves counts
BLOCKS = 96  # most blocks that vote
PEAKS = 5  # places a block may vote for
APART = 5  # steps between two of them, and between a line and its rival
SOFT = 0.08  # of a correlation: places within it of the best share a block's vote
WEAK = 0.02  # votes below it are not followed
NEAR = 1.5  # steps between a vote and a line that it supports
FASTEST = 0.12  # farthest from 1 that a rate is looked for
FREE_S = 20.0  # apart, at least, that two votes lie which give a rate of their own
RATES = (
    Fraction(1),
    Fraction(1001, 1000),
    Fraction(1000, 1001),
    Fraction(25, 24),
    Fraction(24, 25),
    Fraction(25025, 24000),
    Fraction(24000, 25025),
)  # NTSC's, PAL's (a film at 25), and both; test time over reference time
KNOWN, FREE = 0.95, 0.85  # of its votes that a line keeps at such a rate, at any rate: 1 is likelier


@dataclass(frozen=True, slots=True, eq=False)
class Two:
    """The two videos, and the pace at which they are compared."""

    ref: Track
    """The reference."""
    test: Track
    """The test."""
    step: float
    """Seconds between two places that are compared."""
    block: int
    """Steps of a block."""
    frame: float
    """Seconds of a frame of the slower one."""

    def grid(self, piece: Track) -> Seconds:
        """Return the middles of the steps of one of the two."""
        return np.arange(piece.times[0] + self.step / 2, piece.times[-1], self.step)

    def moving(self, piece: Track, middle: Seconds, width: float) -> tuple[Floats, NDArray[np.bool_]]:
        """Return what moves in one of the two, as `Track.moving`."""
        return piece.moving(middle, width, AROUND * self.step)


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """What blocks of the test say; n blocks, `PEAKS` places each."""

    middle: Seconds
    """(n,) the test's time at the middle of a block, seconds."""
    places: Seconds
    """(n, PEAKS) the reference's times that look like it, seconds."""
    weights: NDArray[np.float64]
    """(n, PEAKS) correlation, 0..1, shared among places that are as good."""


@dataclass(frozen=True, slots=True)
class Line:
    """``test = rate * reference + offset``, seconds."""

    rate: float
    """Test time over reference time."""
    offset: float
    """Seconds."""
    support: float = 0.0
    """Sum of the weights of votes near it."""


def votes(two: Two) -> Votes | None:
    """Return where blocks, spread over all of the test, fit into the reference; None: there are none."""
    at_ref, at_test = two.grid(two.ref), two.grid(two.test)
    a, seen_a = two.moving(two.test, at_test, two.step)
    b, seen_b = two.moving(two.ref, at_ref, two.step)
    n = two.block
    full = np.flatnonzero(np.convolve(seen_a, np.ones(n), "valid") > 0.8 * n)
    full = full[:: max(1, n // 2)]
    if not len(full):
        return None
    full = full[np.unique(np.linspace(0, len(full) - 1, min(len(full), BLOCKS)).astype(int))]
    still = [n * 0.02 * float((rows**2).sum(axis=1).mean()) for rows in (a, b)]
    b, seen_b = np.pad(b, ((n, n), (0, 0))), np.pad(seen_b, n)
    power_b = np.convolve((b**2).sum(axis=1), np.ones(n), "valid")
    enough = np.convolve(seen_b, np.ones(n), "valid") > 0.7 * n
    places, weights = [], []
    for i in full:
        piece = a[i : i + n]
        product = b @ piece.T
        dot = sum(product[j : len(product) - n + 1 + j, j] for j in range(n))
        power_a = np.convolve(seen_b, (piece**2).sum(axis=1)[::-1], "valid")
        match = dot / np.sqrt((power_a + still[0]) * (power_b + still[1]) + 1e-12)
        peaks = _peaks(np.where(enough, match, -1))
        share = np.exp((match[peaks] - match[peaks[0]]) / SOFT)
        places.append(at_ref[0] + (peaks - n) * two.step + (n - 1) / 2 * two.step)
        weights.append(np.where(enough[peaks], np.maximum(match[peaks], 0) * share / share.sum(), 0))
    return Votes(at_test[full] + (n - 1) / 2 * two.step, np.array(places), np.array(weights))


def _peaks(match: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return where the `PEAKS` highest are, each more than `APART` steps from a higher one."""
    left, found = match.copy(), []
    for _ in range(PEAKS):
        found.append(int(left.argmax()))
        left[max(0, found[-1] - APART) : found[-1] + APART + 1] = -2
    return np.array(found)


def elect(cast: Votes, step: float) -> tuple[Line, float] | None:
    """Return the line with most votes, and the support of its best rival elsewhere; None: nothing votes."""
    test = np.repeat(cast.middle, PEAKS)
    ref, weights = cast.places.ravel(), cast.weights.ravel()
    strong = np.flatnonzero(weights > WEAK)
    if not len(strong):
        return None
    slopes, starts, trust = [], [], []
    for rate in map(float, RATES):
        slopes.append(np.full(len(strong), rate))
        starts.append(test[strong] - rate * ref[strong])
        trust.append(np.full(len(strong), 1.0 if rate == 1 else KNOWN))
    for i, j in combinations(strong[np.argsort(-weights[strong])[:60]], 2):
        gap = ref[i] - ref[j]
        if abs(gap) > FREE_S and abs((test[i] - test[j]) / gap - 1) < FASTEST:
            slopes.append(np.array([(test[i] - test[j]) / gap]))
            starts.append(test[i] - slopes[-1] * ref[i])
            trust.append(np.array([FREE]))
    rates, offsets = np.concatenate(slopes), np.concatenate(starts)
    support = np.concatenate(
        [
            _near(cast, r[:, None, None], o[:, None, None], step).sum(axis=1)
            for r, o in ((rates[s : s + 1000], offsets[s : s + 1000]) for s in range(0, len(rates), 1000))
        ]
    )
    best = int((support * np.concatenate(trust)).argmax())
    centre = np.average(cast.middle, weights=_near(cast, rates[best], offsets[best], step) + 1e-12)
    place = (centre - offsets) / rates
    rivals = support[np.abs(place - place[best]) > APART * step]
    line = Line(float(rates[best]), float(offsets[best]), float(support[best]))
    return line, float(rivals.max(initial=0.0))


def supporters(cast: Votes, line: Line, step: float) -> NDArray[np.bool_]:
    """Return which blocks, (n,), vote for a line."""
    return _near(cast, line.rate, line.offset, step) > WEAK


def _near(
    cast: Votes, rate: float | NDArray[np.float64], offset: float | NDArray[np.float64], step: float
) -> NDArray[np.float64]:
    """Return the weight, (..., n), of each block's best vote near a line."""
    miss = np.abs(cast.middle[:, None] - rate * cast.places - offset)
    near: NDArray[np.float64] = np.where(miss < NEAR * step, cast.weights, 0).max(axis=-1)
    return near
