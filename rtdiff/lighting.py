"""What the light did between a pinned reference and the frames to come, so that it can be undone.

Means of cells of 8x8 pixels say it: a curve of brightness for the whole picture (`tone`), a smooth
field for lamps and soft shadows (`glow`), and what colours do along with it (`tint`). Cells that show
something else take no part: they lie off the curve, off the field, or differ inside as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff import glow, tint, tone
from rtdiff.classes import dataclass
from rtdiff.fixed_light import Light
from rtdiff.grid import CELL, counts
from rtdiff.lit import Found, light_of, lit, slope_of
from rtdiff.records import Frame

__all__ = ["Light", "Lighting"]

CELLS = 3000  # that the whole picture's light is found from; up to 6750, their sums are below 64 KiB
CLEAR = 0.5  # levels: a change of less is none
STEADY = 0.3  # levels: a light that fits this well is kept as it is
STRAY = 6.0  # levels: a cell farther off shows something else
OTHER = 0.5  # of a cell's variance: what differs by more inside shows something else
QUIET = 0.3  # share of the cells whose differences are noise alone
CLOSE = 0.04  # levels of what is left: as near, the old light is kept, and none is as good as some
CLEARLY = 0.3  # of the cells: a light that fewer are in is none
GAIN = 0.4, 2.5  # a line as steep or as flat as this is another picture
BLOWN = 251  # levels: nearer to white, single pixels or colours are clipped
FEWER = 0.1  # of the cells: as many more or fewer in a light are no longer the same
FEWEST = 12  # cells to look at
PARTS = 6  # of the picture down and across, that should be lit alike
MOST = 0.75  # of the cells: where fewer are in one light for all, there may be more than one
NEARLY_ALL = 0.93  # of the cells: where as many are in the light found, no other is looked for
PAUSE, LONGEST = 5, 40  # frames until parts are looked at again, after looks in vain
ROUNDS = 3  # the whole picture and its parts by turns
ENOUGH = 0.03  # levels: a round that leaves no less is the last
BETTER = 0.85  # of what is left: a second way that leaves more is none
MIX = 0.45  # most that a level of colour adds to luma


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What cells say of a frame."""

    cells: list[NDArray[np.int64]]
    """All of them, as they were given."""
    changed: NDArray[np.bool_] | None
    """Which of them to leave out."""
    chosen: NDArray[np.intp]
    """(n,) which of the sample may be looked at."""
    y: tuple[NDArray[np.float32], ...]
    """(n,) their means by plane, levels; chroma less its middle."""
    known: dict[tuple[str, int], tuple[Found, Any]] = field(default_factory=dict)
    """What was asked of lights before: name and `id` of the light -> light, answer."""

    def once(self, name: str, found: Found, ask: Callable[[], Any]) -> Any:
        """Return the answer to what is asked of a light, asked only once."""
        key = name, id(found)
        if key not in self.known:
            self.known[key] = found, ask()
        return self.known[key][1]


class Lighting:
    """Fits the light of frame after frame against one reference.

    Parameters
    ----------
    reference : Frame
        What frames are held against; its planes are not looked at, only their shapes.
    sums : list of (rows, columns, 2) int
        `Engine.cell_means` of it: sums of x and of x * x over cells, by plane.
    """

    def __init__(self, reference: Frame, sums: list[NDArray[np.int64]]) -> None:
        planes = reference.planes[:3]
        self._data_range, self._unit = reference.data_range, reference.data_range / 255
        self._black = np.float32(16.0 if reference.color_range == "limited" else 0.0)
        self._counts = [counts(planes[0].shape, p.shape) for p in planes]
        middle = (self._data_range + 1) / 2
        self._x = [self._level(s[..., 0], k) for k, s in enumerate(sums[:3])]
        self._x[1:] = [x - np.float32(middle / self._unit) for x in self._x[1:]]
        square = (sums[0][..., 1] / self._counts[0]).astype(np.float32) / np.float32(self._unit**2)
        self._varied = np.maximum(square - self._x[0] ** 2, 0)
        self._shape = self._x[0].shape
        self._grid = glow.Grid(self._shape)
        step = max(1, round((self._x[0].size / CELLS) ** 0.5))
        rows, columns = (np.arange(min(step // 2, n - 1), n, step) for n in self._shape)
        self._sample = (rows[:, None] * self._shape[1] + columns).ravel()
        self._part = (
            rows[:, None] * PARTS // self._shape[0] * PARTS + columns * PARTS // self._shape[1]
        ).ravel()
        self._few = [x.ravel()[self._sample] for x in self._x]
        self._few_counts = [n.ravel()[self._sample, None] * np.float32(self._unit) for n in self._counts]
        self._few_varied = self._varied.ravel()[self._sample]
        self._stretches = tone.Stretches(self._few[0])
        tints = tuple(np.array([1.0, 0.0, 0.0]) for _ in self._x[1:])
        self._nothing = Found(tone.line(1.0, 0.0), np.zeros(2), tints, None, None, None)
        self._kept: tuple[Light | None, Found] = None, self._nothing
        self._evidence: NDArray[np.float64] | None = None
        self._pause = self._vain = 0

    def fit(self, cells: list[NDArray[np.int64]], changed: NDArray[np.bool_] | None = None) -> Light | None:
        """Return the light of a frame; None: as the reference's, or unclear.

        The same object as before is returned as long as it fits.

        Parameters
        ----------
        cells : list of (rows, columns, 2) int
            `Engine.cells` of the reference and the frame.
        changed : (rows, columns) bool, optional
            Cells to leave out.
        """
        seen = self._seen(cells, changed)
        self._pause = max(self._pause - 1, 0)
        if len(seen.chosen) < FEWEST or self._holds(seen):
            return self._kept[0]
        found = self._fitted(seen, self._kept[1])
        share = self._drifts(seen, found)[0]
        jumped = self._evidence is None or abs(share - self._evidence[0]) > FEWER
        if jumped or not self._pause:
            found = self._looked(seen, found, jumped or self._vain % 2 == 1)
        found = found if self._clear(found, seen) else self._nothing
        if self._left(found, seen) < self._left(self._kept[1], seen) - CLOSE:
            light = None if found is self._nothing else self._made(found)
            self._kept = light, self._nothing if light is None else found
        self._evidence = self._drifts(seen, self._kept[1])
        return self._kept[0]

    def _clear(self, found: Found, seen: _Seen) -> bool:
        """Return whether a light is likely, and explains more than none does."""
        likely = self._drifts(seen, found)[0] >= CLEARLY and GAIN[0] <= found.tone.gain <= GAIN[1]
        return likely and self._left(found, seen) < self._left(self._nothing, seen) - CLOSE

    def _looked(self, seen: _Seen, found: Found, anew: bool) -> Found:
        """Return the light with that of parts as it is now, and remember when to look again."""
        if found.glow is not None:
            plain = self._fitted(seen, self._nothing)
            found = plain if self._left(plain, seen) <= self._left(found, seen) else found
        best = found
        if not _settled(self._drifts(seen, found)):
            best = self._parted(seen, found, anew)
            self._vain = self._vain + 1 if best is found else 0
        self._pause = min(PAUSE << self._vain, LONGEST)
        return best

    def _level(self, sums: NDArray[np.int64], k: int) -> NDArray[np.float32]:
        """Return means in levels of 0..255."""
        return (sums / self._counts[k]).astype(np.float32) / np.float32(self._unit)

    def _usable(
        self,
        x: NDArray[np.float32],
        d: NDArray[np.float32],
        square: NDArray[np.float32],
        varied: NDArray[np.float32],
    ) -> NDArray[np.bool_]:
        """Return which cells are not clipped, and the same inside as in the reference."""
        spread, y = 2 * np.sqrt(varied), x - d
        usable: NDArray[np.bool_] = (
            (y - spread > -1) & (y + spread < 256) & (y > 1) & (y < BLOWN) & (x < BLOWN)
        )
        within = square - d * d
        at = int(QUIET * within.size)
        noise = np.partition(within.ravel(), at)[at]
        usable &= within <= OTHER * varied + 9 * max(noise, np.float32(1))
        return usable

    def _seen(self, cells: list[NDArray[np.int64]], changed: NDArray[np.bool_] | None) -> _Seen:
        """Return what the sampled cells say."""
        means, square = [], None
        for k, sums in enumerate(cells[:3]):
            few = sums.reshape(-1, 2)[self._sample].astype(np.float32)
            few /= self._few_counts[k]
            means.append(few[:, 0])
            square = few[:, 1] / np.float32(self._unit) if square is None else square
        assert square is not None
        usable = self._usable(self._few[0], means[0], square, self._few_varied)
        if changed is not None:
            usable &= ~changed.ravel()[self._sample]
        chosen = np.flatnonzero(usable)
        return _Seen(
            cells, changed, chosen, tuple((x - d)[chosen] for x, d in zip(self._few, means, strict=True))
        )

    def _holds(self, seen: _Seen) -> bool:
        """Return whether all is as it was when the light was found, as far as one can see."""
        if self._evidence is None:
            return False
        moved = np.abs(self._drifts(seen, self._kept[1]) - self._evidence)
        share, stretches, parts = moved[0], moved[1 : -PARTS * PARTS], moved[-PARTS * PARTS :]
        far = (stretches > STEADY).sum(), (parts > 2 * STEADY).sum()
        return bool(share < FEWER and max(far) <= 1)

    def _drifts(self, seen: _Seen, found: Found) -> NDArray[np.float64]:
        """Return the share of cells in a light, and how far those of stretches and of parts are from it."""
        drifts: NDArray[np.float64] = seen.once("drifts", found, lambda: self._drifted(seen, found))
        return drifts

    def _drifted(self, seen: _Seen, found: Found) -> NDArray[np.float64]:
        where, parts = self._stretches.where[seen.chosen], self._part[seen.chosen]
        rests = [y - lit for y, lit in zip(seen.y, self._lit_seen(seen, found), strict=True)]
        groups = [(rest, where, tone.STRETCHES) for rest in rests] + [(rests[0], parts, PARTS * PARTS)]
        out = [np.array([(np.abs(rests[0]) < tone.NARROW).mean()])]
        for rest, where_, count in groups:
            weight, drift = tone.weighed(rest, tone.NARROW, where_, count)
            sure = weight > max(tone.FEWEST, 0.3 * len(rest) / count)
            out.append(np.where(sure, drift, np.nan))
        return np.concatenate(out)

    def _lit_seen(self, seen: _Seen, found: Found) -> list[NDArray[np.float32]]:
        out: list[NDArray[np.float32]] = seen.once("lit", found, lambda: self._lit(found, seen.chosen))
        return out

    def _lit(self, found: Found, chosen: NDArray[np.intp]) -> list[NDArray[np.float32]]:
        """Return means of sampled cells of the reference in a light, unclipped."""
        x = [few[chosen] for few in self._few]
        out = lit(found, x)
        if found.gain is None or found.offset is None:
            return out
        gain = found.gain[chosen]
        return [
            (out[0] - self._black) * gain + self._black + found.offset[chosen],
            *(c * gain for c in out[1:]),
        ]

    def _fitted(self, seen: _Seen, field: Found) -> Found:
        """Return the light of the whole picture, given that of its parts."""
        x, y, chosen = [few[seen.chosen] for few in self._few], list(seen.y), seen.chosen
        if field.gain is not None and field.offset is not None:
            gain = field.gain[chosen]
            y = [(y[0] - self._black - field.offset[chosen]) / gain + self._black, *(c / gain for c in y[1:])]
        curve, mix, added = self._stretches.fit(y[0] - x[0], chosen), np.zeros(2), np.zeros_like(x[0])
        tints = []
        if len(x) > 1:
            colours = np.stack(x[1:])
            mix, _ = tint.fit(colours, y[0] - curve(x[0]), np.ones_like(x[0]), (0.5, 0.5))
            mix = np.clip(mix, -MIX, MIX)
            added = tint.combined(colours, mix)
            if np.abs(added).max(initial=0) <= CLEAR:
                mix, added = np.zeros(2), np.zeros_like(added)
            else:
                curve = self._stretches.fit(y[0] - added - x[0], chosen)
            rest = y[0] - curve(x[0]) - added
            weight = np.maximum(1 - (rest / STRAY) ** 2, 0) ** 2
            slope = slope_of(curve, x[0])
            for c, now in zip(x[1:], y[1:], strict=True):
                given = np.stack([slope * c, x[0], np.ones_like(c)])
                factors, _ = tint.fit(given, now - slope * c, weight, (0.1, 1.0, 1e-4))
                tints.append(factors + np.array([1.0, 0.0, 0.0]))
        return Found(curve, mix, tuple(tints), field.glow, field.gain, field.offset)

    def _parted(self, seen: _Seen, found: Found, anew: bool) -> Found:
        """Return the light with that of parts of the picture, if that explains more; `anew`: in every way."""
        d, square = (
            self._level(seen.cells[0][..., 0], 0),
            self._level(seen.cells[0][..., 1], 0) / np.float32(self._unit),
        )
        usable = self._usable(self._x[0], d, square, self._varied)
        if seen.changed is not None:
            usable &= ~seen.changed
        y, best, least = self._x[0] - d, found, self._left(found, seen)
        # a slope over the whole picture blurs the curve: the second way takes it away first
        ways = [found]
        if anew:
            ways += (
                [self._nothing] if found.glow is None else [self._fitted(seen, self._nothing), self._nothing]
            )
        for first in ways:
            now, before = first, np.inf
            for _ in range(ROUNDS):
                flat = lit(now, self._x)[0] - self._black
                field = glow.fit(flat, y - self._black - flat, usable, self._grid, now.glow)
                if field is None and now.glow is None:
                    break
                now = self._fitted(seen, self._with(now, field))
                left = self._left(now, seen)
                if left > before - ENOUGH:
                    break
                before = left
            left = self._left(now, seen)
            if left < BETTER * least:
                best, least = now, left
            if _settled(self._drifts(seen, best), NEARLY_ALL):
                break
        return best

    def _with(self, found: Found, field: glow.Glow | None) -> Found:
        """Return a light with another field."""
        if field is None:
            return replace(found, glow=None, gain=None, offset=None)
        gain, offset = (self._grid.at_cells(n).ravel()[self._sample] for n in (field.gain, field.offset))
        return replace(found, glow=field, gain=gain, offset=offset)

    def _made(self, found: Found) -> Light | None:
        """Return a light as engines apply it; None if it changes next to nothing."""
        seen = self._lit(found, np.arange(len(self._sample)))
        if max(float(np.abs(a - x).max()) for a, x in zip(seen, self._few, strict=True)) < CLEAR:
            return None
        return light_of(found, self._data_range, float(self._black), CELL * self._grid.side)

    def _left(self, found: Found, seen: _Seen) -> float:
        """Return how far luma is from the light found, levels; other things count as `STRAY`."""

        def left() -> float:
            return float(np.minimum(np.abs(seen.y[0] - self._lit_seen(seen, found)[0]), STRAY).mean())

        return float(seen.once("left", found, left))


def _settled(drifts: NDArray[np.float64], share: float = MOST) -> bool:
    """Return whether most cells are in the light found, in all parts of the picture."""
    parts = np.abs(drifts[-PARTS * PARTS :])
    return bool(drifts[0] >= share) and int((parts > 2 * STEADY).sum()) <= 1
