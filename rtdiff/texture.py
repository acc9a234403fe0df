"""Which patches of a picture tell a movement, and the filters that tell it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.grid import CELL

SIDE = 16  # of a patch, pixels
RIM = 2  # pixels that the blur of sigma 1 reaches
BLUR = np.array([1, 4, 6, 4, 1], np.float64) / 16
TEXTURE = 1.5  # least slope of a patch in its flattest direction, levels of 0..255 a pixel
OVER_NOISE = 2.0  # and how much more than noise alone makes
NOISE_SLOPE = 0.21  # slope of white noise that is blurred, over the mean of abs(noise - blurred noise)
ONCE = 0.8  # correlation with another place nearby that makes a patch repeat itself
AROUND = 10  # pixels: how near


def chosen(levels: NDArray[np.float32], parts: int) -> NDArray[np.intp]:
    """Return (patches, 2) left and top of patches with texture in two directions, unlike others nearby.

    Parameters
    ----------
    levels : array of float32
        The picture, in levels of 0..255.
    parts : int
        The best patch of each of at most `parts` x `parts` parts of the picture is taken.
    """
    return _single(levels, _places(levels, parts))


def cut(levels: NDArray[np.float32], at: NDArray[np.intp], by: int = 0) -> NDArray[np.float32]:
    """Return the patch whose left upper corner is `at`, and `by` pixels around it."""
    x, y = at
    return levels[max(y - by, 0) : y + SIDE + by, max(x - by, 0) : x + SIDE + by]


def _blurred(patches: NDArray[Any]) -> NDArray[Any]:
    """Return patches blurred; their rim is undefined."""
    out = patches
    for axis in (-1, -2):
        out = sum(w * np.roll(out, k - RIM, axis) for k, w in enumerate(BLUR))
    return out


def filters(
    patches: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float32]]:
    """Return (patches, 4, 256) filters, the noise of the first two, and the patches normalised.

    They tell gain * right, gain * down, gain, and correlation times spread.
    """
    count = len(patches)
    blurred = _blurred(patches.astype(np.float64))
    inner, side = slice(RIM + 1, -RIM - 1), SIDE - 2 * RIM - 2
    right = (np.roll(blurred, -1, 2) - np.roll(blurred, 1, 2)) / 2
    down = (np.roll(blurred, -1, 1) - np.roll(blurred, 1, 1)) / 2
    columns = np.stack(
        [a[:, inner, inner].reshape(count, side * side) for a in (right, down, blurred)], axis=2
    )
    columns = columns - columns.mean(axis=1, keepdims=True)
    small = np.linalg.pinv(columns, rcond=1e-6) if count else np.empty((0, 3, side * side))
    wide = np.zeros((count, 3, SIDE, SIDE))
    wide[:, :, inner, inner] = small.reshape(count, 3, side, side)
    wide = _blurred(wide)
    plain = patches - patches.mean(axis=(1, 2), keepdims=True)
    plain = plain / np.maximum(np.sqrt((plain * plain).sum(axis=(1, 2), keepdims=True)), 1e-6)
    every = np.concatenate([wide, plain[:, None]], axis=1).reshape(count, 4, SIDE * SIDE)
    gains = np.sqrt((every[:, :2] ** 2).sum(axis=(1, 2)) / 2)
    return np.ascontiguousarray(every, np.float32), gains, np.ascontiguousarray(plain, np.float32)


def _places(levels: NDArray[np.float32], parts: int) -> NDArray[np.intp]:
    """Return (patches, 2) left and top of the patches with the most texture in two directions."""
    import cv2

    height, width = levels.shape
    rows, columns = height // CELL, width // CELL
    if min(rows, columns) < 2:
        return np.empty((0, 2), np.intp)
    soft = cv2.sepFilter2D(levels, -1, BLUR, BLUR)
    right, down = (cv2.Sobel(soft, -1, dx, 1 - dx, ksize=1, scale=0.5) for dx in (1, 0))

    def cells(what: NDArray[np.float32]) -> NDArray[np.float64]:
        parts8 = what[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)
        mean: NDArray[np.float64] = parts8.mean(axis=(1, 3), dtype=np.float64)
        return (mean[:-1, :-1] + mean[1:, :-1] + mean[:-1, 1:] + mean[1:, 1:]) / 4

    xx, yy, xy = cells(right * right), cells(down * down), cells(right * down)
    least = (xx + yy) / 2 - np.sqrt(((xx - yy) / 2) ** 2 + xy * xy)
    rough = np.abs(levels - soft)[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)
    noise = float(np.percentile(rough.mean(axis=(1, 3)), 10)) * NOISE_SLOPE
    found = []
    for band in np.array_split(np.arange(rows - 1), min(parts, rows - 1)):
        for strip in np.array_split(np.arange(columns - 1), min(parts, columns - 1)):
            here = least[np.ix_(band, strip)]
            k, m = np.unravel_index(int(here.argmax()), here.shape)
            if here[k, m] >= max(TEXTURE, OVER_NOISE * noise) ** 2:
                found.append((int(strip[m]) * CELL, int(band[k]) * CELL))
    return np.array(found, np.intp).reshape(-1, 2)


def _single(levels: NDArray[np.float32], places: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the patches that are like no other place nearby."""
    import cv2

    kept = []
    for at in places:
        field, patch = cut(levels, at, AROUND), cut(levels, at)
        match = cv2.matchTemplate(field, patch, cv2.TM_CCOEFF_NORMED)
        x, y = min(at[0], AROUND), min(at[1], AROUND)
        peak = np.zeros(match.shape, np.uint8)
        peak[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2] = 1
        high = (match > ONCE).astype(np.uint8)
        # the hill that the patch itself stands on may be wide; another hill may not be there
        count, hills = cv2.connectedComponents(high, connectivity=8)
        own = hills[y, x]
        if count <= 2 and own and not _long(hills == own):
            kept.append(at)
    return np.array(kept, np.intp).reshape(-1, 2)


def _long(hill: NDArray[np.bool_]) -> bool:
    """Return whether a hill goes on to the edge of what was looked at: an edge moves along itself unseen."""
    rows, columns = np.nonzero(hill)
    return bool(max(np.ptp(rows), np.ptp(columns)) > AROUND)
