"""What a frame looks like in a few numbers, and how those move over time: what alignment compares."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.records import Frame

GRID_WH = (32, 18)  # cells of a fingerprint: near square at 16:9
ROWS = 108  # of a picture that are read, at least: six a cell, a tenth of the time of reading all
DIMS = 32  # directions kept of the fingerprints' 576: those in which the two videos move
BASIS_FROM = 4000  # differences that the directions are learned from, at most
HELD = 6  # usual frame times that a frame holds for at most: dropped frames are bridged, a gap is not

Rows = NDArray[Any]
Floats = NDArray[np.float32]
Seconds = NDArray[np.float64]
Times = NDArray[np.int64]


def sample(frame: Frame) -> NDArray[np.uint16]:
    """Return a frame's fingerprint: means of luma over a grid, alike at any size, depth and range.

    Returns
    -------
    ndarray of uint16, shape (576,)
        18 rows of 32 cells; black is 0, white 65535, both clipped. 16 bits, since a person in a
        still scene changes a cell by a part of a level.
    """
    width, height = frame.size_wh
    luma = frame.luma[:: max(1, height // ROWS)]
    columns, wide = _cells(width, GRID_WH[0])
    rows, high = _cells(len(luma), GRID_WH[1])
    sums = np.add.reduceat(luma, columns, axis=1, dtype=np.uint32)
    means = np.add.reduceat(sums, rows, axis=0, dtype=np.uint32) / (high[:, None] * wide)
    black, white = 0.0, float(frame.data_range)
    if frame.color_range == "limited":
        black, white = white * 16 / 255, white * 235 / 255
    scaled = (means - black) * (65535 / (white - black))
    fingerprint: NDArray[np.uint16] = np.clip(scaled, 0, 65535).astype(np.uint16).ravel()
    return fingerprint


def _cells(length: int, count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where cells start and how long each is; cells share pixels where there are too few."""
    starts = np.arange(count) * length // count
    return starts, np.maximum(np.diff(starts, append=length), 1)


def basis(*videos: Rows) -> Floats:
    """Return the directions in which fingerprints, (n, k) a video, change most; shape (k, DIMS or fewer).

    Each holds its weight: strong directions are held back by the fourth root of their variance, so
    that one thing that moves a lot (a light, a fade) does not outweigh all else.
    """
    total = np.zeros((videos[0].shape[1],) * 2)
    for rows in videos:
        later = np.unique(np.linspace(1, len(rows) - 1, min(len(rows) - 1, BASIS_FROM)).astype(int))
        for gap in (1, 8):  # frames apart: quick and slow
            change = rows[later].astype(np.float64) - rows[np.maximum(later - gap, 0)]
            power = float((change**2).sum())
            if power > 0:
                total += change.T @ change / power  # each video and each pace counts the same
    soft = _blur(len(total))
    values, vectors = _strongest(soft @ total @ soft.T)
    kept = values > max(1e-9 * float(values[-1]), 1e-30)
    kept[: -min(DIMS, len(kept))] = False
    directions: Floats = (soft.T @ vectors[:, kept] / values[kept] ** 0.25).astype(np.float32)
    return directions


def _strongest(square: Rows) -> tuple[Rows, Rows]:
    """Return the largest eigenvalues, ascending, and eigenvectors, (k, 2 DIMS), of a covariance.

    A random subspace turned towards them (Halko, Martinsson, Tropp 2011): the whole takes 0.2 s.
    """
    towards = np.random.default_rng(0).normal(size=(len(square), min(2 * DIMS, len(square))))
    for _ in range(3):
        towards, _ = np.linalg.qr(square @ towards)
    values, inside = np.linalg.eigh(towards.T @ square @ towards)
    return values, towards @ inside


def _blur(k: int) -> Rows:
    """Return the matrix (k, k) that spreads every cell over its neighbours, so that a crop matters less."""
    if k != GRID_WH[0] * GRID_WH[1]:
        return np.eye(k)
    one, other = ((2 * np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1)) / 4 for n in (GRID_WH[1], GRID_WH[0]))
    spread: Rows = np.kron(one, other)
    return spread


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Fingerprints as a function of time: each holds until the next, but not over a gap."""

    times: Seconds
    """(m,) seconds, strictly ascending: where pieces begin, and the end."""
    total: NDArray[np.float64]
    """(m, d) integral of the fingerprint up to each time."""
    seen: Seconds
    """(m,) seconds that a frame was there for, up to each time."""

    def mean(self, start: Seconds, end: Seconds) -> tuple[Floats, Floats]:
        """Return the mean of every interval, (n, d), and the share of it that was seen, (n,)."""
        ends = np.concatenate([start, end])
        at = np.clip(np.searchsorted(self.times, ends, "right") - 1, 0, len(self.times) - 2)
        part = np.clip((ends - self.times[at]) / (self.times[at + 1] - self.times[at]), 0, 1)
        seen = self.seen[at] + part * (self.seen[at + 1] - self.seen[at])
        total = self.total[at] + part[:, None] * (self.total[at + 1] - self.total[at])
        n = len(start)
        lasted = seen[n:] - seen[:n]
        mean = (total[n:] - total[:n]) / np.maximum(lasted, 1e-9)[:, None]
        return mean.astype(np.float32), (lasted / (end - start)).astype(np.float32)

    def moving(self, middle: Seconds, width: float, around: float) -> tuple[Floats, NDArray[np.bool_]]:
        """Return how the mean over `width` differs from that over `around`, both about `middle`, seconds.

        Also returns whether at least half of `width` was seen; where not, the row is zero.
        """
        here, seen = self.mean(middle - width / 2, middle + width / 2)
        about, _ = self.mean(middle - around / 2, middle + around / 2)
        there = seen > 0.5
        return np.where(there[:, None], here - about, np.float32(0)), there


def track(times_ns: Times, samples: Rows, directions: Floats) -> Track:
    """Return a video's `Track` along `directions`, as `basis` gives them.

    Parameters
    ----------
    times_ns : ndarray of int64, shape (n,)
        Strictly ascending, nanoseconds.
    samples : ndarray, shape (n, k)
        A fingerprint a row.
    """
    starts = times_ns / 1e9
    gaps = np.diff(starts)
    usual = float(np.median(gaps))
    chunks = range(0, len(samples), 8192)  # 19 MB of float32 each
    rows = np.concatenate([samples[i : i + 8192].astype(np.float32) @ directions for i in chunks])
    rows = rows - rows.mean(axis=0, dtype=np.float64)
    lasts = np.append(gaps, usual)
    held = np.where(lasts > HELD * usual, usual, lasts)
    broken = np.flatnonzero(held < lasts)
    times = np.insert(np.append(starts, starts[-1] + usual), broken + 1, starts[broken] + usual)
    held = np.insert(held, broken + 1, 0.0)
    rows = np.insert(rows, broken + 1, 0.0, axis=0)
    total = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows * held[:, None], axis=0)])
    return Track(times, total, np.concatenate([[0.0], np.cumsum(held)]))
