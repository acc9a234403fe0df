"""Textured patches of a reference, and how far each has moved in a test picture.

Lucas and Kanade 1981, with gain and offset of its own for every patch: the test's samples T are
fitted by g * R(x - u) + o = g * R - g * u * dR/dx - g * v * dR/dy + o. With R blurred beforehand
this is four dot products of every patch with filters that depend on the reference alone; the blur
of T is inside the filters.
"""

from __future__ import annotations

import importlib.util
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Plane
from rtdiff.texture import SIDE, chosen, cut, filters

ALIKE = 0.5  # correlation of a patch that is still there
HILL = 3  # pixels around the best place that belong to it
CLEAR = 0.08  # correlation by which the best place must be better than another


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
    compiled : bool
        With loops compiled by Numba.

    Attributes
    ----------
    corners : array of int
        (patches, 2) left and top, pixels.
    """

    def __init__(self, plane: Plane, data_range: int, parts: int, *, compiled: bool) -> None:
        self._levels = 255 / data_range
        levels = plane.astype(np.float32) * np.float32(self._levels)
        self.corners = chosen(levels, parts)
        count = len(self.corners)
        self._size = plane.shape
        cuts = [cut(levels, at) for at in self.corners]
        templates = np.stack(cuts) if cuts else np.empty((0, SIDE, SIDE), np.float32)
        self._filters, self._gains, self._plain = filters(templates)
        self._said = np.zeros((count, 6), np.float32)
        self._scores = np.empty((count, 0, 0), np.float32)
        self._kernels = kernels() if compiled else None
        if self._kernels is None:
            self._window = np.empty((count, SIDE + 1, SIDE + 1), plane.dtype)
            self._index = np.empty(self._window.shape, np.intp)
            self._samples = np.empty(self._window.shape, np.float32)
            self._across, self._part = np.empty((2, count, SIDE + 1, SIDE), np.float32)
            self._patch = np.empty((count, SIDE, SIDE), np.float32)

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
        height, width = self._size
        whole = np.floor(at).astype(np.intp)
        limit = np.array([width - SIDE - 1, height - SIDE - 1])
        inside = np.all((whole >= 0) & (whole <= limit), axis=1)
        whole = np.minimum(np.maximum(whole, 0), limit)
        part = np.where(inside[:, None], at - whole, 0).astype(np.float32)
        flat, stride = flat_of(plane)
        if self._kernels is None:
            self._look(flat, stride, whole, part)
        else:
            left, top = whole.T.copy()
            self._kernels.look(flat, stride, left, top, part, self._levels, self._filters, self._said)
        right, down, gain, along, total, power = self._said.T.astype(np.float64)
        power = np.maximum(power - total * total / SIDE**2, 1e-3)
        alike = np.where(inside & (gain > 0), along / np.sqrt(power), -1.0)
        gain = np.maximum(gain, 1e-3)
        noise = np.sqrt(power * np.maximum(1 - alike * alike, 0)) / SIDE
        moves = np.asarray(-(right + 1j * down) / gain, np.complex128)
        return Seen(moves, self._gains * noise / gain, alike)

    def match(self, plane: Plane, reach: int) -> tuple[NDArray[np.complex128], NDArray[np.bool_]]:
        """Return how far every patch is from its best match nearby, and whether it has a clear one.

        Parameters
        ----------
        plane : Plane
            Of the test picture, with `reach` further pixels on every side.
        reach : int
            How far to look in every direction, pixels.
        """
        side = 2 * reach + 1
        count = len(self.corners)
        if self._scores.shape[1] != side:
            self._scores = np.empty((count, side, side), np.float32)
        scores = self._scores
        if self._kernels is not None:
            flat, stride = flat_of(plane)
            left, top = self.corners.T.copy()
            self._kernels.match(flat, stride, left, top, self._plain, scores)
        else:
            self._match(plane, scores)
        each = np.arange(count)
        row, column = np.divmod(scores.reshape(count, side * side).argmax(axis=1), side)
        best = scores[each, row, column]
        inner = [np.clip(i, 1, side - 2) for i in (row, column)]
        dy = _peak(*(scores[each, inner[0] + k, column] for k in (-1, 0, 1)))
        dx = _peak(*(scores[each, row, inner[1] + k] for k in (-1, 0, 1)))
        places = np.arange(side)
        down, right = np.abs(places - row[:, None]) <= HILL, np.abs(places - column[:, None]) <= HILL
        np.putmask(scores, down[:, :, None] & right[:, None, :], -1)
        second = scores.max(axis=(1, 2))
        moves = column + dx - reach + 1j * (row + dy - reach)
        return moves, (best > ALIKE) & (second < best - CLEAR)

    def _match(self, plane: Plane, scores: NDArray[np.float32]) -> None:
        """As the kernel: correlation with the picture at each place, and right and down of it."""
        import cv2

        size = SIDE + scores.shape[1] - 1
        for k, (x, y) in enumerate(self.corners):
            field = plane[y : y + size, x : x + size].astype(np.float32)
            cv2.matchTemplate(field, self._plain[k], cv2.TM_CCOEFF_NORMED, scores[k])

    def _look(
        self, flat: NDArray[Any], stride: int, whole: NDArray[np.intp], part: NDArray[np.float32]
    ) -> None:
        """As the kernel: what the filters say of every patch, its sum and its sum of squares."""
        steps = np.arange(SIDE + 1)
        first = whole[:, 1] * stride + whole[:, 0]
        np.add(first[:, None, None], steps[:, None] * stride + steps, out=self._index)
        np.take(flat, self._index, out=self._window, mode="clip")
        np.multiply(self._window, np.float32(self._levels), out=self._samples, casting="unsafe")
        x, y = part[:, 0, None, None], part[:, 1, None, None]
        np.multiply(self._samples[:, :, :-1], 1 - x, out=self._across)
        np.multiply(self._samples[:, :, 1:], x, out=self._part)
        self._across += self._part
        np.multiply(self._across[:, :-1], 1 - y, out=self._patch)
        np.multiply(self._across[:, 1:], y, out=self._part[:, :-1])
        self._patch += self._part[:, :-1]
        patch = self._patch.reshape(len(whole), SIDE**2)
        np.matmul(self._filters, patch[:, :, None], out=self._said[:, :4, None])
        np.sum(patch, axis=1, out=self._said[:, 4])
        np.einsum("nk,nk->n", patch, patch, out=self._said[:, 5])


def kernels() -> Any:
    """Return the compiled loops, or None where Numba is not installed."""
    if importlib.util.find_spec("numba") is None:
        return None
    from rtdiff.engines import motion_kernels

    return motion_kernels


def _peak(before: NDArray[Any], here: NDArray[Any], after: NDArray[Any]) -> NDArray[np.float64]:
    """Return where between samples a parabola through three has its top, -0.5..0.5; 0 where none is."""
    bend = (before + after - 2 * here).astype(np.float64)
    part = np.divide(0.5 * (before - after), bend, out=np.zeros(len(bend)), where=bend < 0)
    return np.where((here >= before) & (here >= after), part, 0.0)


def flat_of(plane: Plane) -> tuple[NDArray[Any], int]:
    """Return a plane's memory as one row, and how many samples lie from one row to the next."""
    height, width = plane.shape
    size = plane.itemsize
    if plane.strides[1] != size or plane.strides[0] % size or plane.strides[0] < 0:
        plane = np.ascontiguousarray(plane)
    stride = plane.strides[0] // size
    whole = (height - 1) * stride + width
    return np.lib.stride_tricks.as_strided(plane, (whole,), (size,), writeable=False), stride
