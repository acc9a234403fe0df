"""Textured patches of a reference, and how far each has moved in a test picture.

Lucas and Kanade 1981, with gain and offset of its own for every patch: the test's samples T are
fitted by g * R(x - u) + o = g * R - g * u * dR/dx - g * v * dR/dy + o. With R blurred beforehand
this is four dot products of every patch with filters that depend on the reference alone; the blur
of T is inside the filters.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Plane

SIDE = 16  # of a patch, pixels
CELL = 8  # patches begin at every eighth pixel
RIM = 2  # pixels that the blur of sigma 1 reaches
BLUR = np.array([1, 4, 6, 4, 1], np.float64) / 16
TEXTURE = 1.5  # least slope of a patch in its flattest direction, levels of 0..255 a pixel
OVER_NOISE = 2.0  # and how much more than noise alone makes
NOISE_SLOPE = 0.21  # slope of white noise that is blurred, over the mean of abs(noise - blurred noise)
ALIKE = 0.5  # correlation of a patch that is still there
ONCE = 0.8  # correlation with another place nearby that makes a patch repeat itself
AROUND = 10  # pixels: how near


class Seen(NamedTuple):
    """What every patch says."""

    moves: NDArray[np.complex128]
    """(patches,) how far it moved from where it was looked for, pixels."""
    sigmas: NDArray[np.float64]
    """(patches,) standard deviation of that, pixels."""
    alike: NDArray[np.float64]
    """(patches,) correlation with the reference, -1..1."""


class Patchwork:
    """Patches of one reference and their filters.

    Parameters
    ----------
    plane : Plane
        Of the reference.
    data_range : int
        Its largest code value.
    parts : int
        The most textured patch of each of at most `parts` x `parts` parts of the picture is taken.
    margin : int
        Pixels at the edges where no patch lies.

    Attributes
    ----------
    corners : array of int
        (patches, 2) left and top, pixels.
    """

    def __init__(self, plane: Plane, data_range: int, parts: int, margin: int = 0) -> None:
        self._levels = 255 / data_range
        levels = plane.astype(np.float32) * np.float32(self._levels)
        self.corners = _single(levels, _places(levels, parts, margin))
        count = len(self.corners)
        self._size = plane.shape
        self._window = np.empty((count, SIDE + 1, SIDE + 1), plane.dtype)
        self._samples = np.empty((count, SIDE + 1, SIDE + 1), np.float32)
        self._across = np.empty((count, SIDE + 1, SIDE), np.float32)
        self._part = np.empty((count, SIDE + 1, SIDE), np.float32)
        self._patch = np.empty((count, SIDE, SIDE), np.float32)
        self._said = np.empty((count, 4, 1), np.float32)
        self._index = np.empty((count, SIDE + 1, SIDE + 1), np.intp)
        cut = [_cut(levels, at) for at in self.corners]
        self.templates = np.stack(cut) if cut else np.empty((0, SIDE, SIDE), np.float32)
        self._filters, self._gains = _filters(self.templates)

    def look(self, plane: Plane, at: NDArray[np.float64]) -> Seen:
        """Return how far each patch is from where it is looked for.

        Parameters
        ----------
        plane : Plane
            Of the test picture, of the reference's size and depth.
        at : array of float
            (patches, 2) where its left upper corner is looked for, pixels. A patch that is not
            wholly inside is not alike.
        """
        count, (height, width) = len(at), self._size
        whole = np.floor(at).astype(np.intp)
        limit = np.array([width - SIDE - 1, height - SIDE - 1])
        inside = ((whole >= 0) & (whole <= limit)).all(axis=1)
        whole = np.clip(whole, 0, limit)
        flat, stride = _flat(plane)
        steps = np.arange(SIDE + 1)
        first = whole[:, 1] * stride + whole[:, 0]
        np.add(first[:, None, None], steps[:, None] * stride + steps, out=self._index)
        np.take(flat, self._index, out=self._window, mode="clip")
        patch = self._between((at - whole).astype(np.float32)).reshape(count, SIDE * SIDE)
        np.matmul(self._filters, patch[:, :, None], out=self._said)
        right, down, gain, along = self._said[:, :, 0].T.astype(np.float64)
        power = np.einsum("nk,nk->n", patch, patch).astype(np.float64) - patch.sum(axis=1) ** 2 / SIDE**2
        power = np.maximum(power, 1e-3)
        alike = np.where(inside & (gain > 0), along / np.sqrt(power), -1.0)
        gain = np.maximum(gain, 1e-3)
        noise = np.sqrt(power * np.maximum(1 - alike * alike, 0) / SIDE**2)
        return Seen(-(right + 1j * down) / gain, self._gains * noise / gain, alike)

    def _between(self, part: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the patches, in levels of 0..255, at parts of a pixel (bilinear)."""
        np.multiply(self._window, np.float32(self._levels), out=self._samples, casting="unsafe")
        x, y = part[:, 0, None, None], part[:, 1, None, None]
        if not part.any():
            np.copyto(self._patch, self._samples[:, :-1, :-1])
            return self._patch
        np.multiply(self._samples[:, :, :-1], 1 - x, out=self._across)
        np.multiply(self._samples[:, :, 1:], x, out=self._part)
        self._across += self._part
        np.multiply(self._across[:, :-1], 1 - y, out=self._patch)
        np.multiply(self._across[:, 1:], y, out=self._part[:, :-1])
        self._patch += self._part[:, :-1]
        return self._patch


def _flat(plane: Plane) -> tuple[NDArray[Any], int]:
    """Return a plane's memory as one row, and how many samples lie from one row to the next."""
    height, width = plane.shape
    size = plane.itemsize
    if plane.strides[1] != size or plane.strides[0] % size or plane.strides[0] < 0:
        plane = np.ascontiguousarray(plane)
    stride = plane.strides[0] // size
    whole = (height - 1) * stride + width
    return np.lib.stride_tricks.as_strided(plane, (whole,), (size,), writeable=False), stride


def _cut(levels: NDArray[np.float32], at: NDArray[np.intp], by: int = 0) -> NDArray[np.float32]:
    """Return the patch whose left upper corner is `at`, and `by` pixels around it."""
    x, y = at
    return levels[max(y - by, 0) : y + SIDE + by, max(x - by, 0) : x + SIDE + by]


def _blurred(patches: NDArray[Any]) -> NDArray[Any]:
    """Return patches blurred; their rim is undefined."""
    out = patches
    for axis in (-1, -2):
        out = sum(w * np.roll(out, k - RIM, axis) for k, w in enumerate(BLUR))
    return out


def _filters(patches: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return (patches, 4, 256) filters: gain * right, gain * down, gain, correlation; and noise gains."""
    count = len(patches)
    blurred = _blurred(patches.astype(np.float64))
    inner = slice(RIM + 1, -RIM - 1)
    right = (np.roll(blurred, -1, 2) - np.roll(blurred, 1, 2)) / 2
    down = (np.roll(blurred, -1, 1) - np.roll(blurred, 1, 1)) / 2
    columns = np.stack([a[:, inner, inner].reshape(count, -1) for a in (right, down, blurred)], axis=2)
    columns = columns - columns.mean(axis=1, keepdims=True)
    small = np.linalg.pinv(columns, rcond=1e-6) if count else np.empty((0, 3, 100))
    wide = np.zeros((count, 3, SIDE, SIDE))
    side = SIDE - 2 * RIM - 2
    wide[:, :, inner, inner] = small.reshape(count, 3, side, side)
    wide = _blurred(wide)
    plain = patches - patches.mean(axis=(1, 2), keepdims=True)
    plain = plain / np.maximum(np.sqrt((plain * plain).sum(axis=(1, 2), keepdims=True)), 1e-6)
    filters = np.concatenate([wide, plain[:, None]], axis=1).reshape(count, 4, SIDE * SIDE)
    gains = np.sqrt((filters[:, :2] ** 2).sum(axis=(1, 2)) / 2)
    return np.ascontiguousarray(filters, np.float32), gains


def _places(levels: NDArray[np.float32], parts: int, margin: int) -> NDArray[np.intp]:
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
    edge = -(-margin // CELL)
    inside = np.zeros(least.shape, np.bool_)
    last = (height - margin - SIDE) // CELL + 1, (width - margin - SIDE) // CELL + 1
    inside[edge : max(last[0], 0), edge : max(last[1], 0)] = True
    least = np.where(inside, least, -1.0)
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
        field, patch = _cut(levels, at, AROUND), _cut(levels, at)
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
