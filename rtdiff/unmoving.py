"""Undoing a camera's movement: the test picture as it would be had the camera stood still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rtdiff.motion import Motion
from rtdiff.patchwork import Patchwork, flat_of, kernels
from rtdiff.records import Correction, Frame, Kept, Picture

Take = Callable[[tuple[int, ...], DTypeLike], NDArray[Any]]
OnRows = Callable[[int, Callable[[int, int, int], None]], None]

WHOLE = 0.05  # pixels from a whole number at which a shift is one


def undone(
    reference: Frame,
    test: Frame,
    motion: Motion,
    take: Take = np.empty,
    on_rows: OnRows | None = None,
    *,
    compiled: bool = True,
) -> Frame:
    """Return the test frame in the reference's coordinates.

    What the test does not show is the reference's own pixels, so that nothing differs there.
    Between pixels it is cubic; a shift within `WHOLE` of whole pixels is one.

    Parameters
    ----------
    reference, test : Frame
        Of one size, depth and layout of planes.
    motion : Motion
        Between their lumas.
    take : callable
        Gives an array of some shape and dtype, as `rtdiff.engines.pool.Pool.take`.
    on_rows : callable, optional
        Calls a job (band, first row, end row) for all rows of so many, maybe on several threads.
    compiled : bool
        With loops compiled by Numba, where it is installed; without, by OpenCV.
    """
    matrix = motion.matrix
    if not motion.turned and np.abs(matrix[:, 2] - np.rint(matrix[:, 2])).max() < WHOLE:
        matrix = np.rint(matrix)
    loops = kernels() if compiled else None
    planes = []
    for under, over in zip(reference.planes, test.planes, strict=True):
        out = take(over.shape, over.dtype)
        scaled = _scaled(matrix, test.luma.shape, over.shape)
        if loops is None or np.array_equal(scaled, np.rint(scaled)):
            _back(out, under, over, scaled)
        else:
            _compiled(loops, out, under, over, scaled, test.data_range, on_rows)
        planes.append(out)
    dx, dy = motion.shift
    before = [round(dx, 2), round(dy, 2)]
    if motion.turned:
        before += [round(motion.rotation, 3), round(motion.zoom, 5)]
    after = [0, 0, 0, 1][: len(before)]
    told = Correction("shift", "test", before, after, "moved back; what it does not show is not compared")

    def picture() -> Picture:
        under, over = reference.picture(), test.picture()
        return _back(np.empty_like(over), under, over, matrix)

    return replace(test, planes=tuple(planes), bgr=picture, corrections=(*test.corrections, told), _made=[])


def _scaled(
    matrix: NDArray[np.float64], luma: tuple[int, ...], plane: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return the movement of a plane that has fewer samples than luma, in its own pixels."""
    if luma == plane:
        return matrix
    scale = np.array([round(luma[1] / plane[1]), round(luma[0] / plane[0])], np.float64)
    middle = (scale - 1) / 2  # luma = scale * chroma + middle
    turn = matrix[:, :2] * scale / scale[:, None]
    return np.column_stack([turn, (matrix[:, :2] @ middle + matrix[:, 2] - middle) / scale])


def _back(
    out: NDArray[Any], under: NDArray[Any], over: NDArray[Any], matrix: NDArray[np.float64]
) -> NDArray[Any]:
    """Fill `out` with `over` in the reference's coordinates, upon `under`."""
    np.copyto(out, under)
    height, width = out.shape[:2]
    if np.array_equal(matrix, np.rint(matrix)):
        dx, dy = (int(by) for by in matrix[:, 2])
        to = slice(max(-dy, 0), height - max(dy, 0)), slice(max(-dx, 0), width - max(dx, 0))
        source = slice(max(dy, 0), height - max(-dy, 0)), slice(max(dx, 0), width - max(-dx, 0))
        out[to] = over[source]
        return out
    import cv2

    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    cv2.warpAffine(over, matrix, (width, height), dst=out, flags=flags, borderMode=cv2.BORDER_TRANSPARENT)
    return out


def _compiled(
    loops: Any,
    out: NDArray[Any],
    under: NDArray[Any],
    over: NDArray[Any],
    matrix: NDArray[np.float64],
    data_range: int,
    on_rows: OnRows | None,
) -> None:
    """As `_back`, by the compiled loops."""
    (below, below_stride), (above, above_stride) = flat_of(under), flat_of(over)
    height, width = out.shape
    most = np.float32(data_range)

    def job(_band: int, start: int, stop: int) -> None:
        lines = np.empty((2, width + 8), np.float32)
        loops.warp(start, stop, below, below_stride, above, above_stride, matrix, most, lines, out)

    if on_rows is None:
        job(0, 0, height)
    else:
        on_rows(height, job)


def warm() -> None:
    """Compile the loops for 8-bit and deeper planes, or load them from Numba's cache; without it, nothing."""
    if kernels() is None:
        return
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    turned = Motion(np.array([[1, -0.01, 0.5], [0.01, 1, 0.5]]), (64, 64))
    for dtype, data_range in ((np.uint8, 255), (np.uint16, 1023)):
        plane = noise.astype(dtype)
        patches = Patchwork(plane, data_range, 2, compiled=True)
        patches.look(plane, patches.corners.astype(np.float64))
        patches.match(np.pad(plane, 1), 1)
        frame = Frame(
            (plane,), data_range, "full", "bt601", 0, 0, "warm", Kept(np.zeros((64, 64, 3), np.uint8))
        )
        undone(frame, frame, turned)
