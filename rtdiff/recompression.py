"""What JPEG makes of a picture: the other picture of a pair may be that, and nothing else.

The quality that a picture was saved with is found by trying: saved with the same, the other picture
becomes the same. What still differs then is no matter of compression.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Frame, Plane

SIDE = 128  # of the part that is tried, pixels; a multiple of 16, JPEG's largest block
QUALITIES = range(100, 44, -1)  # all: what was saved as JPEG before is like itself at its own quality only
CLIP = 12  # levels: what differs more is not counted for more; it may be a change
AROUND = 9  # side of the surroundings, pixels: a block of JPEG and its border
HELPS = 0.5  # of what differed, how much must be left at most
SAMPLINGS = ("420", "444", "422")

Split = Callable[[NDArray[Any]], tuple[Plane, ...]]
"""(H, W) or (H, W, 3) BGR -> the planes that a picture file has."""


def saved_alike(one: Frame, other: Frame, split: Split) -> Frame | None:
    """Return `one` as JPEG makes it when saved as `other` was; None where that explains nothing.

    Parameters
    ----------
    one, other : Frame
        Of one size and number of planes, 8 bit, without transparency (otherwise: None).
    split : callable
        Makes planes from a picture, as they were made for these frames.
    """
    if any(f.data_range != 255 or len(f.planes) > 3 for f in (one, other)):
        return None
    top, left = _where(one.luma, other.luma)
    window = slice(top, top + SIDE), slice(left, left + SIDE)
    gray = len(one.planes) == 1
    part = np.ascontiguousarray(_shown(one)[window])
    wanted = [plane[window].astype(np.int16) for plane in other.planes]
    before = _apart([plane[window] for plane in one.planes], wanted)

    luma = np.ascontiguousarray(one.luma[window])
    quality = _quality(luma, wanted[0])
    choices = [(quality, sampling) for sampling in (SAMPLINGS[:1] if gray else SAMPLINGS)]
    rest, best = min((_apart(split(_saved(part, *how)), wanted), how) for how in choices)
    return replace(one, planes=split(_saved(_shown(one), *best))) if rest <= HELPS * before else None


def _quality(luma: Plane, wanted: NDArray[np.int16]) -> int:
    """Return the quality at which luma becomes most alike; luma alone, in a third of the time, tells it."""
    return min(QUALITIES, key=lambda quality: _apart([_saved(luma, quality)], [wanted]))


def _where(x: Plane, y: Plane) -> tuple[int, int]:
    """Return top and left, multiples of `SIDE`, of where the two differ most in many places."""
    d = np.minimum(np.abs(x.astype(np.int16) - y), CLIP)
    rows, columns = (range(0, max(n - SIDE // 2, 1), SIDE) for n in d.shape)
    return max(
        ((top, left) for top in rows for left in columns),
        key=lambda at: int(d[at[0] : at[0] + SIDE, at[1] : at[1] + SIDE].sum(dtype=np.int64)),
    )


def _apart(made: Any, wanted: list[NDArray[np.int16]]) -> float:
    """Return how far planes are from others, levels."""
    pairs = zip(made, wanted, strict=True)
    return float(sum(np.minimum(np.abs(p - q), CLIP).mean() for p, q in pairs))


def _shown(frame: Frame) -> NDArray[Any]:
    """Return the picture that is saved, (H, W) where it is gray."""
    return frame.luma if len(frame.planes) == 1 else frame.picture()


def _saved(picture: NDArray[Any], quality: int, sampling: str = "420") -> NDArray[Any]:
    """Return a picture as it is read when it was saved as JPEG."""
    import cv2

    factor = getattr(cv2, f"IMWRITE_JPEG_SAMPLING_FACTOR_{sampling}")
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor] if picture.ndim == 3 else []
    _, data = cv2.imencode(".jpg", picture, options)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))


def beyond(
    one: Frame, other: Frame, mask: NDArray[np.uint8], noise: tuple[float, ...], threshold: float
) -> NDArray[np.uint8]:
    """Return `mask` without pixels whose difference compression of another kind explains.

    It changes single pixels by no more than a few times what it changes the worst blocks by, and the
    mean of their surroundings by less than is seen of a single pixel.

    Parameters
    ----------
    noise : tuple of float
        Of the worst blocks, levels by plane.
    threshold : float
        In units of the noise.
    """
    import cv2

    unit = one.data_range / 255
    far: NDArray[np.bool_] = np.zeros(mask.shape, np.bool_)
    for x, y, level in zip(one.planes, other.planes, noise, strict=True):
        d = x.astype(np.float32) - y
        mean = cv2.blur(d, (AROUND, AROUND), borderType=cv2.BORDER_REPLICATE)
        far |= (np.abs(d) > threshold * level * unit) | (np.abs(mean) > threshold * unit)
    return mask * far
