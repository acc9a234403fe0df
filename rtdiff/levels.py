"""What two watched frames show in a rectangle, as far as it can be compared.

What the moved camera does not show is the reference's, what was blown out in the reference may be any
brighter in another light, and what another light takes out of a camera's range is lost.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.grid import steps
from rtdiff.records import Frame
from rtdiff.scene_noise import SceneNoise
from rtdiff.scratch import Scratch
from rtdiff.shadows import Levels

BLOWN = 245.0  # levels: what is as bright in the reference may be any brighter in another light
EDGE = 1.5  # pixels from the edge that a cubic between pixels needs
Rect = tuple[int, int, int, int]
"""Left, top, right, bottom; half-open, pixels of luma."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """What is held against each other, and what is known of it."""

    pinned: Frame
    """The reference."""
    reference: Frame
    """The same in the test's light."""
    test: Frame
    """Where the reference is."""
    noise: SceneNoise
    """As it is at this frame."""
    threshold: float
    """What ``--threshold`` says."""
    matrix: NDArray[np.float64] | None = None
    """(2, 3): reference pixel -> pixel of the test as it came, where a movement was undone."""


def comparable(pair: Pair, rect: Rect, scratch: Scratch) -> tuple[Levels, NDArray[np.float32] | None]:
    """Return the levels of both frames by plane, and by how much a difference may be clipping, levels."""
    x0, y0, x1, y1 = rect
    shape, take = (y1 - y0, x1 - x0), scratch.take
    levels = []
    for k in range(len(pair.test.planes)):
        first, second = (
            _level(f, k, rect, take(f"{side}{k}", shape, np.float32), scratch)
            for side, f in (("x", pair.reference), ("y", pair.test))
        )
        levels.append((first, second))
    if pair.matrix is not None:
        unseen = _unseen(pair.matrix, rect, pair.noise.texture.shape)
        for first, second in levels:
            np.copyto(second, first, where=unseen)
    lost = None
    if pair.reference is not pair.pinned:
        pinned = [
            _level(pair.pinned, k, rect, take(f"p{k}", shape, np.float32), scratch)
            for k in range(min(len(levels), 3))
        ]
        blown = (highest(pinned) > BLOWN) & (levels[0][1] > levels[0][0])
        for first, second in levels:
            np.copyto(second, first, where=blown)
        lost = clipped([first for first, _ in levels])
    return levels, lost


def _level(
    frame: Frame, k: int, rect: Rect, out: NDArray[np.float32], scratch: Scratch
) -> NDArray[np.float32]:
    """Fill `out` with a plane in a rectangle of luma pixels, levels of 0..255."""
    plane = frame.planes[k]
    down, right = steps(frame.luma.shape, plane.shape)
    x0, y0, x1, y1 = rect
    part = plane[y0 // down : -(-y1 // down), x0 // right : -(-x1 // right)]
    if down == right == 1:
        np.multiply(part, np.float32(255 / frame.data_range), out=out, dtype=np.float32)
        return out
    few = scratch.take("few", part.shape, np.float32)
    np.multiply(part, np.float32(255 / frame.data_range), out=few, dtype=np.float32)
    np.copyto(out, few.repeat(down, 0)[: out.shape[0]].repeat(right, 1)[:, : out.shape[1]])
    return out


def _unseen(matrix: NDArray[np.float64], rect: Rect, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return which pixels of a rectangle the moved camera does not show."""
    x, y = np.arange(rect[0], rect[2]), np.arange(rect[1], rect[3])[:, None]
    unseen = np.zeros((rect[3] - rect[1], rect[2] - rect[0]), np.bool_)
    for (a, b, c), size in zip(matrix, shape[::-1], strict=True):
        at = a * x + b * y + c
        unseen |= (at < EDGE) | (at > size - 1 - EDGE)
    return unseen


def highest(planes: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the largest of R, G and B, levels; of Y, Cb, Cr by BT.601, which is near enough."""
    if len(planes) < 3:
        return planes[0]
    y, cb, cr = planes[:3]
    most: NDArray[np.float32] = np.maximum(1.402 * (cr - 128), 1.772 * (cb - 128))
    np.maximum(most, -0.344 * (cb - 128) - 0.714 * (cr - 128), out=most)
    most += y
    return most


def clipped(planes: list[NDArray[np.float32]]) -> NDArray[np.float32] | None:
    """Return by how much a lit reference is outside what a camera can show, levels; None: nowhere.

    A camera clips R, G and B, the light knows luma and chroma only.
    """
    if len(planes) < 3:
        return None
    y, cb, cr = planes[:3]
    lowest = 255 - highest([255 - y, 256 - cb, 256 - cr])
    lost: NDArray[np.float32] = np.maximum(np.maximum(highest(planes) - 255, -lowest), 0)
    return lost if lost.any() else None
