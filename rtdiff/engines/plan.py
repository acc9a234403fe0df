"""What is known of a shape before any frame of it comes: zones as runs, counts, the window."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.engines.rule import TILE, window_for


class Plan:
    """Zones and window for pictures of one shape; made once, used for every frame.

    Attributes
    ----------
    shape : tuple of int
        Height and width.
    window : int
        Side of the SSIM window.
    labels : (H, W) uint8 or None
        The zone map, 0 = ignored; None when everything is one zone, label 1.
    pixels : (labels,) int64
        Pixels by label.
    runs : (runs, 4) int32
        Row, first column, end column and label of every stretch of one zone.
    tile_labels : (tiles,) int16 or None
        Zone of every tile, -1 where it has more than one.
    row_start : (H + 1,) int32
        Index of the first run of every row.
    """

    def __init__(
        self, shape: tuple[int, int], labels: NDArray[np.uint8] | None, window: int | None = None
    ) -> None:
        self.shape = shape
        self.window = window or window_for(*shape)
        self.labels = labels
        height, width = shape
        if labels is None:
            rows = np.arange(height)
            columns = np.stack([rows, rows * 0, rows * 0 + width, rows * 0 + 1], axis=1)
            self.pixels = np.array([0, height * width], dtype=np.int64)
        else:
            columns = _runs(labels)
            self.pixels = np.bincount(labels.ravel(), minlength=2).astype(np.int64)
        self.first = 0 if labels is None or not labels.any() else int((labels != 0).argmax())
        """Flat index of the first pixel in a zone."""
        self.tile_labels = None if labels is None else _tile_labels(labels)
        self.runs = np.ascontiguousarray(columns, dtype=np.int32)
        self.row_start = np.searchsorted(self.runs[:, 0], np.arange(height + 1)).astype(np.int32)
        self.valid = self._valid()
        self.memory: dict[Any, Any] = {}
        """Buffers of whoever uses the plan; they live as long as it does."""

    def _valid(self) -> NDArray[np.int32]:
        """Return the runs clipped to where the whole window lies in the picture, first and end.

        SSIM's mean is taken there (scikit-image crops the same); zones that lie outside it
        altogether are averaged over all their pixels.
        """
        r = self.window // 2
        height, width = self.shape
        row, first, end, label = self.runs.T
        inside = (row >= r) & (row < height - r)
        first, end = np.maximum(first, r), np.minimum(end, width - r)
        end = np.where(inside, np.maximum(end, first), first)
        counts = np.bincount(label, weights=end - first, minlength=len(self.pixels))
        bare = counts[label] == 0
        valid = np.stack([np.where(bare, self.runs[:, 1], first), np.where(bare, self.runs[:, 2], end)], 1)
        self.counts = np.bincount(label, weights=valid[:, 1] - valid[:, 0], minlength=len(self.pixels))
        return np.ascontiguousarray(valid, dtype=np.int32)

    def add_sums(self, ssim: NDArray[Any], rows: tuple[int, int], sums: NDArray[np.float64]) -> None:
        """Write the sums of some rows of an SSIM map, over the valid part of their runs, into (runs,)."""
        runs = slice(*self.row_start[list(rows)])
        valid = self.valid[runs]
        if self.labels is None:  # one run a row, all as wide or empty
            widths = valid[:, 1] - valid[:, 0]
            first, end = valid[int(widths.argmax())]
            sums[runs] = ssim[:, first:end].sum(axis=1, dtype=np.float64) * (widths > 0)
            return
        for k, (first, end) in zip(range(runs.start, runs.stop), valid, strict=True):
            sums[k] = ssim[self.runs[k, 0] - rows[0], first:end].sum()

    def means(self, sums: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        """Return the mean SSIM by label and over all zones, from sums by run."""
        by_label = np.bincount(self.runs[:, 3], weights=sums, minlength=len(self.pixels))
        means = np.full(len(by_label), np.nan)
        np.divide(by_label, self.counts, out=means, where=self.counts > 0)
        return means, float(by_label[1:].sum() / max(self.counts[1:].sum(), 1))

    def padded(self, plane: Any, rows: tuple[int, int], xp: Any) -> Any:
        """Return some rows of a plane with the window's border round them, mirrored at the edges."""
        r, height = self.window // 2, self.shape[0]
        index = np.arange(rows[0] - r, rows[1] + r)
        index = np.where(index < 0, -index - 1, np.where(index >= height, 2 * height - 1 - index, index))
        part: Any = plane[xp.asarray(index)]
        return xp.concatenate([part[:, :r][:, ::-1], part, part[:, part.shape[1] - r :][:, ::-1]], axis=1)


def _runs(labels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return (runs, 4): row, first column, end column, label of every stretch that is not 0."""
    height, width = labels.shape
    edge = np.ones((height, width + 1), dtype=np.bool_)
    edge[:, 1:-1] = labels[:, 1:] != labels[:, :-1]
    rows, at = np.nonzero(edge)
    same = rows[1:] == rows[:-1]
    row, first, end = rows[:-1][same], at[:-1][same], at[1:][same]
    label = labels[row, first].astype(np.int64)
    runs = np.stack([row, first, end, label], axis=1)
    wanted: NDArray[np.int64] = runs[label > 0]
    return wanted


def _tile_labels(labels: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return the zone of every tile, -1 where it has more than one."""
    starts = [np.arange(0, n, TILE) for n in labels.shape]
    low, high = (
        of.reduceat(of.reduceat(labels, starts[0], axis=0), starts[1], axis=1)
        for of in (np.minimum, np.maximum)
    )
    # uint8 holds no -1: widen before choosing
    return np.where(low == high, low.astype(np.int16), np.int16(-1)).ravel()
