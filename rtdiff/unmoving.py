"""Undoing a camera's movement: the test picture as it would be had the camera stood still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from rtdiff.motion import Motion
from rtdiff.records import Correction, Frame, Picture

WHOLE = 0.05  # pixels from a whole number at which a shift is one


def undone(
    reference: Frame,
    test: Frame,
    motion: Motion,
    take: Callable[[tuple[int, ...], DTypeLike], NDArray[Any]] = np.empty,
) -> Frame:
    """Return the test frame in the reference's coordinates.

    What the test does not show is the reference's own pixels, so that nothing differs there.

    Parameters
    ----------
    reference, test : Frame
        Of one size, depth and layout of planes.
    motion : Motion
        Between their lumas.
    take : callable
        Gives an array of some shape and dtype, as `rtdiff.engines.pool.Pool.take`.
    """
    planes = []
    for under, over in zip(reference.planes, test.planes, strict=True):
        out = take(over.shape, over.dtype)
        np.copyto(out, under)
        planes.append(_back(out, over, _scaled(motion.matrix, test.luma.shape, over.shape)))
    dx, dy = motion.shift
    before = [round(dx, 2), round(dy, 2)]
    if motion.turned:
        before += [round(motion.rotation, 3), round(motion.zoom, 5)]
    told = Correction(
        "shift",
        "test",
        before,
        [0, 0, 0, 1][: len(before)],
        "moved back; what the test picture does not show is not compared",
    )

    def picture() -> Picture:
        return _back(reference.picture().copy(), test.picture(), motion.matrix)

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


def _back(out: NDArray[Any], over: NDArray[Any], matrix: NDArray[np.float64]) -> NDArray[Any]:
    """Return `over` in the reference's coordinates, upon `out`."""
    import cv2

    height, width = out.shape[:2]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    cv2.warpAffine(over, matrix, (width, height), dst=out, flags=flags, borderMode=cv2.BORDER_TRANSPARENT)
    return out
