"""What the light did between a pinned reference and the frames to come, so that it can be undone.

Means of cells of 8x8 pixels say it: a curve of brightness for the whole picture (`tone`), a smooth
field for lamps and soft shadows (`glow`), and what colours do along with it (`tint`). Cells that show
something else take no part: they lie off the curve, off the field, or differ inside as well.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff import glow, tint, tone
from rtdiff.classes import dataclass
from rtdiff.records import Correction, Frame

CELLS = 9000  # that the whole picture's light is found from
SHIFT, ONE = 6, 14  # bits behind the point of code values and of factors, as engines apply them
CLEAR = 0.5  # levels: a change of less is none
STEADY = 0.3  # levels: a light that fits this well is kept as it is
STRAY = 6.0  # levels: a cell farther off shows something else
OTHER = 0.5  # of a cell's variance: what differs by more inside shows something else
QUIET = 0.3  # share of the cells whose differences are noise alone
FLAT = 4.0  # levels of brightness on either side over which the slope of the curve is taken
ROUNDS = 3  # the whole picture and its parts by turns
BETTER = 0.8  # of what is left: a second way that leaves more is none
MIX = 0.45  # most that a level of colour adds to luma


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """A change of light in fixed point, as `Engine.relit` applies it."""

    luma: NDArray[np.int32]
    """(data_range + 1,) lit luma above black of every code value, times 2**SHIFT, unclipped."""
    black: int
    """Luma of black, times 2**SHIFT."""
    mix: tuple[int, int]
    """What a level of Cb and of Cr adds to luma, times 2**ONE."""
    chroma: tuple[tuple[NDArray[np.int32], NDArray[np.int32]], ...]
    """Of Cb and of Cr, by code value of luma: slope times 2**ONE, tint times 2**SHIFT."""
    nodes: NDArray[np.int32] | None
    """(2, rows, columns) gain times 2**ONE, offset times 2**SHIFT at nodes; None: 1 and 0."""
    step: int
    """Luma pixels between nodes, a power of two."""
    told: Correction
    """What the result says of it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A change of light in numbers, and what it makes of the reference's cells."""

    tone: tone.Tone
    mix: NDArray[np.float64]
    """(2,) of Cb and Cr."""
    tints: tuple[NDArray[np.float64], ...]
    """(3,) of Cb and of Cr: factor of the colour, of luma, levels."""
    glow: glow.Glow | None
    lit: tuple[NDArray[np.float32], ...]
    """Means of cells by plane, levels; chroma less its middle."""


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
        self._black = 16.0 if reference.color_range == "limited" else 0.0
        self._counts = [_counts(planes[0].shape, p.shape) for p in planes]
        self._x = [self._level(s[..., 0], k) for k, s in enumerate(sums[:3])]
        square = sums[0][..., 1] / self._counts[0] / self._unit**2
        self._varied = np.maximum(square - (sums[0][..., 0] / self._counts[0] / self._unit) ** 2, 0)
        self._varied = self._varied.astype(np.float32)
        self._grid = glow.Grid(self._x[0].shape)
        step = max(1, int((self._x[0].size / CELLS) ** 0.5))
        every = np.zeros(self._x[0].shape, np.bool_)
        every[step // 2 :: step, step // 2 :: step] = True
        self._sample = np.flatnonzero(every)
        self._where = tone.stretches(self._x[0].ravel()[self._sample])
        self._kept: tuple[Light | None, _Found] = None, self._nothing()

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
        y = [
            x - self._level(s[..., 0], k, middle=False)
            for k, (x, s) in enumerate(zip(self._x, cells, strict=False))
        ]
        usable = self._usable(cells[0], y[0], changed)
        if self._holds(y, usable):
            return self._kept[0]
        found = self._by_turns(y, usable, self._fitted(y, usable, self._kept[1].glow))
        if (left := self._left(found, y, usable)) > CLEAR:
            # a slope over the whole picture blurs the curve: take it away first
            luma = self._x[0]
            field = glow.fit(luma - np.float32(self._black), y[0] - luma, usable, self._grid)
            if field is not None:
                other = self._by_turns(y, usable, self._fitted(y, usable, field))
                found = other if self._left(other, y, usable) < BETTER * left else found
        lit = self._made(found)
        self._kept = (lit, found) if lit is not None else (None, self._nothing())
        return lit

    def _by_turns(self, y: list[NDArray[np.float32]], usable: NDArray[np.bool_], found: _Found) -> _Found:
        """Return the light of the whole picture and of its parts, each given the other."""
        for _ in range(ROUNDS):
            field = self._field(found, y, usable)
            if field is None and found.glow is None:
                break
            found = self._fitted(y, usable, field)
        return found

    def _left(self, found: _Found, y: list[NDArray[np.float32]], usable: NDArray[np.bool_]) -> float:
        """Return how far luma is from the light found, levels; other things count as `STRAY`."""
        return float(np.minimum(np.abs(y[0] - found.lit[0])[usable], STRAY).mean()) if usable.any() else 0.0

    def _level(self, sums: NDArray[np.int64], k: int, middle: bool = True) -> NDArray[np.float32]:
        """Return means in levels of 0..255, of chroma less its middle."""
        mean = (sums / self._counts[k]).astype(np.float32)
        off = (self._data_range + 1) / 2 if k and middle else 0.0
        return (mean - np.float32(off)) / np.float32(self._unit)

    def _nothing(self) -> _Found:
        tints = tuple(np.array([1.0, 0.0, 0.0]) for _ in self._x[1:])
        return _Found(tone.line(1.0, 0.0), np.zeros(2), tints, None, tuple(self._x))

    def _usable(
        self, sums: NDArray[np.int64], y: NDArray[np.float32], changed: NDArray[np.bool_] | None
    ) -> NDArray[np.bool_]:
        """Return which cells are not clipped, and the same inside as in the reference."""
        spread = 2 * np.sqrt(self._varied)
        usable: NDArray[np.bool_] = (
            (y - spread > -1) & (y + spread < 256) & (y > 1) & (y < 254) & (self._x[0] < 254)
        )
        mean = sums[..., 0] / self._counts[0]
        within = (sums[..., 1] / self._counts[0] - mean * mean) / self._unit**2
        noise = float(np.partition(within.ravel(), int(QUIET * within.size))[int(QUIET * within.size)])
        usable &= within <= OTHER * self._varied + 9 * max(noise, 1.0)
        if changed is not None:
            usable &= ~changed
        return usable

    def _holds(self, y: list[NDArray[np.float32]], usable: NDArray[np.bool_]) -> bool:
        """Return whether the light kept explains the frame as well as a new one could."""
        at = self._sample[usable.ravel()[self._sample]]
        if not len(at):
            return True
        where = self._where[usable.ravel()[self._sample]]
        on = None
        for k, (lit, mean) in enumerate(zip(self._kept[1].lit, y, strict=True)):
            rest = (mean - lit).ravel()[at]
            inside = np.maximum(1 - (rest / STRAY) ** 2, 0) ** 2
            on = inside if on is None else on * inside
            if on.sum() < 0.4 * len(at):
                return False
            weight = np.bincount(where, weights=on, minlength=tone.STRETCHES)
            drift = np.bincount(where, weights=on * rest, minlength=tone.STRETCHES)
            sure = weight > max(tone.FEWEST, 0.3 * len(at) / tone.STRETCHES)
            if sure.any() and (np.abs(drift[sure] / weight[sure]) > STEADY).sum() > 1:
                return False
            if k == 0 and not self._even(rest * on, on, at):
                return False
        return True

    def _even(self, rest: NDArray[np.float32], weight: NDArray[np.float32], at: NDArray[np.intp]) -> bool:
        """Return whether no part of the picture is lit otherwise than the rest."""
        rows, columns = np.divmod(at, self._x[0].shape[1])
        part = rows * 6 // self._x[0].shape[0] * 6 + columns * 6 // self._x[0].shape[1]
        total = np.bincount(part, weights=weight, minlength=36)
        drift = np.bincount(part, weights=rest, minlength=36) / np.maximum(total, 1e-3)
        sure = total > 0.5 * len(at) / 36
        return int((np.abs(drift[sure]) > 2 * STEADY).sum()) <= 1

    def _fitted(
        self, y: list[NDArray[np.float32]], usable: NDArray[np.bool_], field: glow.Glow | None
    ) -> _Found:
        """Return the light of the whole picture, given that of its parts."""
        chosen = usable.ravel()[self._sample]
        at, where = self._sample[chosen], self._where[chosen]
        x = [plane.ravel()[at] for plane in self._x]
        mean = [plane.ravel()[at] for plane in y]
        gain: NDArray[np.float32] | np.float32 = np.float32(1)
        if field is not None:
            gain = self._grid.at_cells(field.gain).ravel()[at]
            more = self._grid.at_cells(field.offset).ravel()[at]
            mean[0] = (mean[0] - self._black - more) / gain + np.float32(self._black)
        curve, mix = tone.fit(x[0], mean[0], where), np.zeros(2)
        tints = []
        if len(x) > 1:
            colours = np.stack(x[1:])
            weight = np.ones_like(x[0])
            mix, _ = tint.fit(colours, mean[0] - curve(x[0]), weight, (0.5, 0.5))
            mix = np.clip(mix, -MIX, MIX)
            added = tint.combined(colours, mix)
            if np.abs(added).max(initial=0) <= CLEAR:
                mix, added = np.zeros(2), added * 0
            if mix.any():
                curve = tone.fit(x[0], mean[0] - added, where)
            rest = mean[0] - curve(x[0]) - added
            weight = (np.maximum(1 - (rest / STRAY) ** 2, 0) ** 2).astype(np.float32)
            slope = _slope(curve, x[0])
            for c, now in zip(x[1:], mean[1:], strict=True):
                given = np.stack([slope * c, x[0], np.ones_like(c)])
                factors, _ = tint.fit(given, now / gain - slope * c, weight, (0.1, 1.0, 1e-4))
                tints.append(factors + np.array([1.0, 0.0, 0.0]))
        return _Found(curve, mix, tuple(tints), field, self._lit(curve, mix, tuple(tints), field))

    def _lit(
        self,
        curve: tone.Tone,
        mix: NDArray[np.float64],
        tints: tuple[NDArray[np.float64], ...],
        field: glow.Glow | None,
    ) -> tuple[NDArray[np.float32], ...]:
        """Return means of the reference's cells in a light, unclipped."""
        luma, colours = self._x[0], self._x[1:]
        out = [curve(luma)]
        slope = _slope(curve, luma) if colours else luma
        for c, part, factors in zip(colours, mix, tints, strict=False):
            out[0] = out[0] + np.float32(part) * c
            a, b, more = (np.float32(f) for f in factors)
            out.append(a * slope * c + b * luma + more)
        if field is not None:
            gain, black = self._grid.at_cells(field.gain), np.float32(self._black)
            out = [(out[0] - black) * gain + black, *(c * gain for c in out[1:])]
            out[0] += self._grid.at_cells(field.offset)
        return tuple(out)

    def _field(
        self, found: _Found, y: list[NDArray[np.float32]], usable: NDArray[np.bool_]
    ) -> glow.Glow | None:
        """Return the field that explains what the light of the whole picture leaves."""
        flat = self._lit(found.tone, found.mix, found.tints, None)[0]
        return glow.fit(flat - np.float32(self._black), y[0] - flat, usable, self._grid)

    def _made(self, found: _Found) -> Light | None:
        """Return a light in fixed point; None if it is none."""
        moved = max(float(np.abs(lit - x).max()) for lit, x in zip(found.lit, self._x, strict=True))
        if moved < CLEAR:
            return None
        code = np.arange(self._data_range + 1)
        x = (code / self._unit).astype(np.float32)
        scale = self._unit * (1 << SHIFT)
        most = 2 * self._data_range * (1 << SHIFT)
        luma = np.clip(np.rint((found.tone(x) - self._black) * scale), -most, most).astype(np.int32)
        slope = _slope(found.tone, x)
        chroma = []
        for a, b, more in found.tints:
            by = np.clip(np.rint(a * slope * (1 << ONE)), -4 << ONE, 4 << ONE).astype(np.int32)
            add = np.clip(np.rint((b * x + more) * scale), -128 * scale, 128 * scale).astype(np.int32)
            chroma.append((by, add))
        nodes, local = None, 0.0
        if found.glow is not None:
            gain = np.clip(np.rint(found.glow.gain * (1 << ONE)), 0, (2 << ONE) - 1)
            nodes = np.stack([gain, np.rint(found.glow.offset * scale)]).astype(np.int32)
            local = found.glow.most
        after = {"gain": round(found.tone.gain, 4), "offset": round(found.tone.offset, 2)}
        after |= {"local": round(local, 1)} if local else {}
        text = "brought into the light of the test picture"
        told = Correction("light", "reference", {"gain": 1.0, "offset": 0.0}, after, text)
        mix = round(float(found.mix[0]) * (1 << ONE)), round(float(found.mix[1]) * (1 << ONE))
        black = round(self._black * scale)
        return Light(luma, black, mix, tuple(chroma), nodes, 8 * self._grid.side, told)


def _slope(curve: tone.Tone, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the slope of the curve at some brightnesses: what it does to colours."""
    if len(curve.at) == 2:
        return np.full_like(x, curve.gain)
    return (curve(x + np.float32(FLAT)) - curve(x - np.float32(FLAT))) / np.float32(2 * FLAT)


def _counts(luma: tuple[int, ...], plane: tuple[int, ...]) -> NDArray[np.int32]:
    """Return (rows, columns) samples of cells that cover 8x8 pixels of luma."""
    along = []
    for n, m in zip(luma, plane, strict=True):
        side = max(8 // -(-n // m), 1)
        along.append(np.minimum(np.arange(0, m, side) + side, m) - np.arange(0, m, side))
    return (along[0][:, None] * along[1]).astype(np.int32)
