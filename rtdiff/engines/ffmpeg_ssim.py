"""`ssim-ffmpeg`: what FFmpeg's filter ``ssim`` computes in C: 8x8 windows at stride 4, every plane.

Facts of that filter: windows are made of four 4x4 blocks; rows and columns left over on the right
and at the bottom (size modulo 4) are not looked at; sums are exact integers; C1 is scaled by 64
where its squares of sums are scaled by 64 * 64; both constants are rounded to integers; a plane's
value is the plain mean of its windows, and All weights planes by their size. Where it has no
window (a side under 8) it divides by zero; here such a side is one window, whole.

- A window counts for the zone that holds its centre. A zone that holds no centre has the windows
  nearest to its pixels.
- Of a picture with alpha the first three planes count, those over white, as in every other metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.engines.plan import Plan
from rtdiff.engines.rule import K1, K2
from rtdiff.records import Measured, Prepared

if TYPE_CHECKING:
    from rtdiff.engines.engine import Engine

NAME = "ssim-ffmpeg"
SIDE = 8
BLOCK = 4
PLANES = ("y", "u", "v")


def measure(engine: Engine, reference: Prepared, test: Prepared, plan: Plan) -> Measured:
    """Return the metric of one pair: of luma over the zones, and of every plane."""
    shapes = [plane.shape for plane in reference.frame.planes[: len(PLANES)]]
    peak, labels = reference.frame.data_range, len(plan.pixels)
    means, by_label = [], np.full(labels, np.nan)
    for i, shape in enumerate(shapes):
        ssim = engine.ffmpeg_windows(reference.planes[i], test.planes[i], shape, peak)
        if plan.labels is None:
            sums, counts = np.array([0.0, ssim.sum()]), np.array([0, ssim.size])
        else:
            at, label, picked, counts = zone_windows(plan, shape)
            np.take(ssim.reshape(-1), at, out=picked, mode="clip")
            sums = np.bincount(label, weights=picked, minlength=labels)
        means.append(float(sums[1:].sum() / max(counts[1:].sum(), 1)))
        if i == 0:
            np.divide(sums, counts, out=by_label, where=counts > 0)
    sizes = [height * width for height, width in shapes]
    planes = dict(zip(PLANES, means, strict=False))
    planes["all"] = sum(m * n for m, n in zip(means, sizes, strict=True)) / sum(sizes)
    smallest = min(SIDE, *(side for shape in shapes for side in shape))
    return Measured(means[0], by_label, smallest, SIDE, planes)


def windows(engine: Engine, x: Any, y: Any, shape: tuple[int, int], peak: int) -> NDArray[np.float64]:
    """Return (rows, columns) SSIM of the windows of one plane, from exact integer sums."""
    (tall, rows, down), (wide, columns, across) = (blocks(side) for side in shape)
    n = tall * down * wide * across
    c1, c2 = constants(peak, n)
    out = np.empty((rows - down + 1, columns - across + 1))
    step = max(engine.band // tall, 1)  # rows of windows at a time
    for first in range(0, len(out), step):
        last = min(first + step, len(out)) + down - 1
        cut = slice(first * tall, last * tall), slice(0, columns * wide)
        # 4 * 4 * 2 * 255 * 255 fits 32 bits, and halves the memory that moves
        a, b = (p[cut].astype(np.int32 if peak <= 255 else np.int64) for p in (x, y))
        cells = (last - first, tall, columns, wide)
        four = [v.reshape(cells).sum((1, 3), dtype=np.int64) for v in (a, b, a * a + b * b, a * b)]
        sums = engine.xp.stack(four)
        if down == 2:
            sums = sums[:, :-1] + sums[:, 1:]
        if across == 2:
            sums = sums[:, :, :-1] + sums[:, :, 1:]
        s1, s2, ss, s12 = sums
        m, q = 2 * s1 * s2, s1 * s1 + s2 * s2
        top = (m + c1).astype(np.float64) * (2 * n * s12 - m + c2)
        ssim = top / ((q + c1).astype(np.float64) * (n * ss - q + c2))
        out[first : first + len(ssim)] = engine.host(ssim)
    return out


def constants(peak: int, n: int) -> tuple[int, int]:
    """Return FFmpeg's two constants for windows of n samples."""
    parts = K1 * K1 * n, K2 * K2 * n * max(n - 1, 1)
    c1, c2 = (max(int(part * peak * peak + 0.5), 1) for part in parts)  # never 0: black has no mean
    return c1, c2


def blocks(side: int) -> tuple[int, int, int]:
    """Return how long blocks are along a side, how many there are, and how many make a window."""
    return (BLOCK, side // BLOCK, SIDE // BLOCK) if side >= SIDE else (side, 1, 1)


def zone_windows(
    plan: Plan, shape: tuple[int, int]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64], NDArray[np.intp]]:
    """Return the windows of the zones, made once: window, its zone, a buffer as long, windows by zone."""
    if (NAME, shape) not in plan.memory:
        assert plan.labels is not None  # without zones nobody asks
        steps = [-(-luma // side) for luma, side in zip(plan.shape, shape, strict=True)]
        places = [
            np.minimum(_centres(side) * step, luma - 1)
            for luma, side, step in zip(plan.shape, shape, steps, strict=True)
        ]
        label = plan.labels[np.ix_(*places)].ravel().astype(np.intp)
        at = np.arange(label.size)
        held = set(label.tolist())
        ats, labels = [at[label > 0]], [label[label > 0]]
        for bare in set(np.unique(plan.labels).tolist()) - held - {0}:
            pixels = np.nonzero(plan.labels == bare)
            near = [
                np.clip((p // step - BLOCK // 2) // BLOCK, 0, len(_centres(side)) - 1)
                for p, step, side in zip(pixels, steps, shape, strict=True)
            ]
            nearest = np.unique(near[0] * len(places[1]) + near[1])
            ats.append(nearest)
            labels.append(np.full(len(nearest), bare))
        where, zone = np.concatenate(ats).astype(np.intp), np.concatenate(labels).astype(np.intp)
        counts = np.bincount(zone, minlength=len(plan.pixels))
        plan.memory[NAME, shape] = where, zone, np.empty(len(zone)), counts
    made: tuple[Any, Any, Any, Any] = plan.memory[NAME, shape]
    return made


def _centres(side: int) -> NDArray[np.intp]:
    """Return the centres of the windows along a side."""
    length, count, together = blocks(side)
    return np.arange(count - together + 1) * length + length * together // 2
