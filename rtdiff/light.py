"""A change of light: one gain and one offset for the whole picture, found from block means.

Block means of a picture whose light changed lie on a line, whatever it shows; means of blocks that
show something else do not. The line is taken on which most blocks lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rtdiff.blocks import SIZE
from rtdiff.classes import dataclass
from rtdiff.records import Correction, Frame

LIMIT = 2.0  # levels of 0..255: a smaller change of light is none
NEAR = 1.0  # levels: how near to the line a block mean is 'on' it; two roundings and a little noise
LEVELS = 16  # stretches of brightness whose medians the line may go through
EXPLAINED = 0.6  # share of the blocks that changed which the light must explain
SAMPLES = 100_000  # pixels looked at
FEWEST = 12  # blocks that must have changed by it
VARIED = 8.0  # levels: one thing of one brightness that changed is no light
GAIN = 0.4, 2.5  # a line as steep or as flat as this is another picture


@dataclass(frozen=True, slots=True)
class Light:
    """test = gain * reference + offset, for every plane."""

    gains: tuple[float, ...]
    """One per plane, luma first."""
    offsets: tuple[float, ...]
    """One per plane, code values; of chroma round its middle."""
    everywhere: bool
    """Whether the whole picture shows it, and it is more than `LIMIT` somewhere."""


def fit(sums: list[NDArray[np.int64]], data_range: int, quarters: Sequence[NDArray[np.intp]]) -> Light:
    """Return the change of light between two pictures.

    Parameters
    ----------
    sums : list of (blocks, 5) int64
        For every plane, luma first: sums of d, d * d, x, x * x and x * d over 8x8 blocks, where x
        is the reference and d = x - test.
    data_range : int
        Largest code value.
    quarters : sequence of (blocks,) int
        For every plane, which quarter of the picture a block lies in, 0..3.

    Returns
    -------
    Light
        Gain 1 and offset 0 where no line holds more blocks than the identity does.
    """
    unit = data_range / 255
    lines = [_line(plane, unit, (data_range + 1) / 2 if k % 3 else 0.0) for k, plane in enumerate(sums)]
    gains, offsets = zip(*lines, strict=True) if lines else ((), ())
    everywhere = any(
        _everywhere(plane, gain, offset, unit, (data_range + 1) / 2 if k % 3 else 0.0, quarters[k])
        for k, (plane, gain, offset) in enumerate(zip(sums, gains, offsets, strict=True))
    )
    return Light(gains, offsets, everywhere)


def residual(plane: NDArray[np.int64], gain: float) -> NDArray[np.float64]:
    """Return (blocks,) variances of what is left of d when a line of this gain is taken away."""
    d, dd, x, xx, xd = (plane[:, k].astype(np.float64) for k in range(5))
    slope = 1 - gain  # d = x - y = (1 - gain) x - offset
    total = dd - 2 * slope * xd + slope * slope * xx
    mean = d - slope * x
    left: NDArray[np.float64] = np.maximum(total - mean * mean / SIZE, 0) / (SIZE - 1)
    return left


def _means(plane: NDArray[np.int64], middle: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = plane[:, 2] / SIZE - middle
    return x, x - plane[:, 0] / SIZE


def _line(plane: NDArray[np.int64], unit: float, middle: float) -> tuple[float, float]:
    """Return the gain and offset on which most block means lie; 1 and 0 unless another holds more."""
    if len(plane) < FEWEST:
        return 1.0, 0.0
    x, y = _means(plane, middle)
    near = NEAR * unit
    best, held = (1.0, 0.0), int((np.abs(y - x) <= near).sum())
    if held > len(plane) - FEWEST:
        return best
    lines = _through(_medians(x, y, unit), 8 * unit)
    counts = (np.abs(y - lines[:, :1] * x - lines[:, 1:]) <= near).sum(axis=1)
    if not len(lines) or counts.max() <= held + len(plane) // 50:
        return best
    gain, offset = (float(v) for v in lines[counts.argmax()])
    on = np.abs(y - gain * x - offset) <= near
    return _refined(x[on], y[on], gain, offset)


def _through(points: list[tuple[float, float]], apart: float) -> NDArray[np.float64]:
    """Return (lines, 2) gains and offsets of lines of gain 1 through every point, and through every two."""
    u, v = np.array(points).T
    first, second = np.triu_indices(len(u), 1)
    wide = np.abs(u[second] - u[first]) > apart
    first, second = first[wide], second[wide]
    gains = np.concatenate([np.ones(len(u)), (v[second] - v[first]) / (u[second] - u[first])])
    offsets = np.concatenate([v, v[first]]) - gains * np.concatenate([u, u[first]])
    lines = np.stack([gains, offsets], axis=1)
    sane: NDArray[np.float64] = lines[(gains >= GAIN[0]) & (gains <= GAIN[1])]
    return sane


def _medians(x: NDArray[np.float64], y: NDArray[np.float64], unit: float) -> list[tuple[float, float]]:
    """Return median x and y of every stretch of brightness that holds enough blocks."""
    order = np.argsort(x, kind="stable")
    step = max(len(x) // LEVELS, 4)
    parts = np.split(order, range(step, len(x), step))
    points = [(_median(x[part]), _median(y[part])) for part in parts if len(part)]
    return sorted({(round(u / unit, 1) * unit, v) for u, v in points})


def _median(values: NDArray[np.float64]) -> float:
    """Return the same as NumPy's, which imports masked arrays for it: 10 ms of every start."""
    ordered, half = np.sort(values), len(values) // 2
    return float(ordered[half] + ordered[~half]) / 2


def _refined(
    x: NDArray[np.float64], y: NDArray[np.float64], gain: float, offset: float
) -> tuple[float, float]:
    """Return the least-squares line through what lies on a line."""
    spread = x - x.mean()
    total = float((spread * spread).sum())
    if total < len(x):  # of one brightness: the gain cannot be told
        return gain, offset
    gain = float((spread * y).sum()) / total
    return gain, float(y.mean() - gain * x.mean())


def _everywhere(
    plane: NDArray[np.int64],
    gain: float,
    offset: float,
    unit: float,
    middle: float,
    quarters: NDArray[np.intp],
) -> bool:
    """Return whether most of what changed, changed by the light, in most parts of the picture."""
    if (gain, offset) == (1.0, 0.0):
        return False
    x, y = _means(plane, middle)
    near = NEAR * unit
    change = np.abs((gain - 1) * x + offset)
    # where light changes little, a block says little: white paper stays white as ink gets paler
    moved = (np.abs(y - x) > near) | (change > LIMIT * unit)
    lit = moved & (np.abs(y - gain * x - offset) <= near) & (change > LIMIT * unit)
    if lit.sum() < max(FEWEST, EXPLAINED * moved.sum()):
        return False
    ordered = np.sort(x[lit])  # the middle half: blocks on the edge of a thing are of every brightness
    if ordered[3 * len(ordered) // 4] - ordered[len(ordered) // 4] < VARIED * unit:
        return False
    there = np.bincount(quarters[lit], minlength=4)
    return int((there * 20 >= lit.sum()).sum()) >= 3


def seen(reference: Frame, test: Frame, light: Light) -> bool:
    """Return whether single pixels bear a change of light out, and not their means alone.

    Bolder letters change the means of blocks as stronger ink does, but not the ink itself.
    """
    step = max(1, int((reference.luma.size / SAMPLES) ** 0.5))
    unit = reference.data_range / 255
    told, right = 0, 0
    for k, (gain, offset) in enumerate(zip(light.gains, light.offsets, strict=True)):
        middle = (reference.data_range + 1) / 2 if k % 3 else 0.0
        x, y = (f.planes[k][::step, ::step].astype(np.float64) - middle for f in (reference, test))
        lit = np.clip(gain * x + offset, -middle, reference.data_range - middle)
        moved = np.abs(lit - x) > LIMIT * unit
        told += int(moved.sum())
        right += int((np.abs(y - lit)[moved] <= np.maximum(1.5 * unit, np.abs(lit - x)[moved] / 3)).sum())
    return told > 0 and right >= EXPLAINED * told


def applied(reference: Frame, light: Light) -> Frame:
    """Return the reference in the light of the test picture; what is clipped there is clipped here."""
    planes = []
    for k, (plane, gain, offset) in enumerate(zip(reference.planes, light.gains, light.offsets, strict=True)):
        middle = (reference.data_range + 1) / 2 if k % 3 else 0.0
        codes = (np.arange(reference.data_range + 1) - middle) * gain + offset + middle
        table = np.clip(np.rint(codes), 0, reference.data_range).astype(plane.dtype)
        planes.append(table[plane])
    told = Correction(
        "light",
        "reference",
        {"gain": 1.0, "offset": 0.0},
        {"gain": round(light.gains[0], 4), "offset": round(light.offsets[0] * 255 / reference.data_range, 2)},
        "brought into the light of the test picture",
    )
    return replace(reference, planes=tuple(planes), corrections=(*reference.corrections, told))
