"""Makes two frames comparable: size, depth, planes, matrix, range. Every step is a correction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.coding import KR_KB, levels
from rtdiff.errors import SettingsError
from rtdiff.records import Correction, Frame, Plane
from rtdiff.sizes import SizePolicy, same_size, scaled


def match_pair(reference: Frame, test: Frame, policy: SizePolicy) -> tuple[Frame, Frame]:
    """Return two frames of one size, depth and number of planes.

    Parameters
    ----------
    reference, test : Frame
        As read.
    policy : {'pad', 'scale', 'crop', 'fail'}
        ``pad``: both get the larger width and height, at the top left, and the strips differ;
        ``scale``: the test, bicubic; ``crop``: both to what they share.

    Raises
    ------
    SettingsError
        The sizes differ and `policy` is ``fail``.
    """
    if not _alike(reference, test):
        test = convert(test, reference) if _still_differs(reference, test) else test
        reference, test = same_depth(reference, test)
        reference, test = same_planes(reference, test)
    if reference.size_wh == test.size_wh:
        return reference, test
    return same_size(reference, test, policy)


def fit_still(still: Frame, current: Frame) -> Frame:
    """Return a still in the format of a stream: the still is converted, once, never the stream."""
    if still.size_wh != current.size_wh:
        still = scaled(still, current.size_wh)
    shapes = [p.shape for p in still.planes], [p.shape for p in current.planes]
    if shapes[0] != shapes[1] or not _alike(still, current):
        still = convert(still, current)
    return still


def fit_same_size(still: Frame, current: Frame) -> Frame:
    """As `fit_still`, for ``--size-policy fail``.

    Raises
    ------
    SettingsError
        The sizes differ.
    """
    if still.size_wh != current.size_wh:
        (w, h), (u, v) = still.size_wh, current.size_wh
        raise SettingsError(f"--size-policy fail: the reference is {w}x{h}, the frame {u}x{v}; use scale")
    return fit_still(still, current)


def expanded(frame: Frame) -> Frame:
    """Return a frame of limited range (black 16, white 235) at full range, rounded as FFmpeg does."""
    if frame.color_range == "full":
        return frame
    black, white, middle, swing = levels(frame.data_range, frame.color_range)
    codes = np.arange(frame.data_range + 1, dtype=np.float64)
    half = (frame.data_range + 1) // 2
    luma = (codes - black) * (frame.data_range / (white - black))
    chroma = (codes - middle) * (frame.data_range / swing) + half
    tables = [np.clip(np.rint(t), 0, frame.data_range).astype(frame.luma.dtype) for t in (luma, chroma)]
    planes = tuple(tables[i > 0][plane] for i, plane in enumerate(frame.planes))
    told = Correction("range", "both", "limited", "full", "expanded, as asked")
    return replace(frame, planes=planes, color_range="full", corrections=(*frame.corrections, told))


def convert(frame: Frame, like: Frame) -> Frame:
    """Return `frame` with the matrix, range, depth and planes of `like`, at its own size."""
    rgb = _rgb(frame)
    planes = _planes(rgb, like)
    before, after = (
        {"matrix": f.matrix, "range": f.color_range, "depth": f.data_range} for f in (frame, like)
    )
    kinds = [kind for kind in before if before[kind] != after[kind]]
    made = tuple(
        Correction(kind, "both", before[kind], after[kind], "converted to the other's") for kind in kinds
    )
    return replace(
        frame,
        planes=planes,
        data_range=like.data_range,
        color_range=like.color_range,
        matrix=like.matrix,
        corrections=frame.corrections + made,
    )


def _alike(a: Frame, b: Frame) -> bool:
    return (a.data_range, a.color_range, a.matrix, len(a.planes)) == (
        b.data_range,
        b.color_range,
        b.matrix,
        len(b.planes),
    )


def _still_differs(a: Frame, b: Frame) -> bool:
    shapes = [{p.shape for p in f.planes} for f in (a, b)]
    return (a.color_range, a.matrix) != (b.color_range, b.matrix) or any(len(s) > 1 for s in shapes)


def same_depth(reference: Frame, test: Frame) -> tuple[Frame, Frame]:
    """Return two frames at the greater depth of the two."""
    deep = max(reference.data_range, test.data_range)
    return _deepened(reference, deep), _deepened(test, deep)


def _deepened(frame: Frame, deep: int) -> Frame:
    if frame.data_range == deep:
        return frame
    if frame.color_range == "limited":  # 16..235 is 64..940 at 10 bit
        by = (deep + 1) // (frame.data_range + 1)
        planes = tuple(np.multiply(plane, by, dtype=np.uint16) for plane in frame.planes)
    else:
        planes = tuple(_deeper(plane, frame.data_range, deep) for plane in frame.planes)
    told = Correction("depth", "both", frame.data_range, deep, "compared at the greater depth")
    return replace(frame, planes=planes, data_range=deep, corrections=(*frame.corrections, told))


def _deeper(plane: Plane, data_range: int, deep: int) -> Plane:
    """Return ``plane * deep / data_range``, rounded; row by row, since 32 bits of a whole plane are large."""
    out = np.empty(plane.shape, np.uint16)
    for row, new in zip(plane, out, strict=True):
        new[:] = (row.astype(np.uint32) * deep + data_range // 2) // data_range
    return out


def same_planes(reference: Frame, test: Frame) -> tuple[Frame, Frame]:
    """Give a gray picture neutral chroma, and an opaque one the same planes over white and black."""
    most = max(len(reference.planes), len(test.planes))
    first, second = (_with_planes(f, most) for f in (reference, test))
    return first, second


def _with_planes(frame: Frame, count: int) -> Frame:
    planes = frame.planes
    if len(planes) == 1 < count:
        neutral = np.full_like(planes[0], (frame.data_range + 1) // 2)
        planes = (planes[0], neutral, neutral)
    if len(planes) == 3 < count:
        planes = planes * 2
    return replace(frame, planes=planes) if planes is not frame.planes else frame


def _rgb(frame: Frame) -> NDArray[np.float32]:
    """Return (H, W, 3) R, G, B, 0..1 nominally, from planes of any matrix, range and subsampling."""
    height, width = frame.luma.shape
    y, *rest = (_upsampled(p, (height, width)).astype(np.float32) for p in frame.planes[:3])
    black, white, middle, swing = levels(frame.data_range, frame.color_range)
    y = (y - black) / (white - black)
    if not rest:
        return np.stack([y, y, y], axis=2)
    kr, kb = KR_KB[frame.matrix]
    cb, cr = ((c - middle) / swing for c in rest)
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    return np.stack([red, green, blue], axis=2)


def _planes(rgb: NDArray[np.float32], like: Frame) -> tuple[Plane, ...]:
    """Return planes in the format of `like`, chroma averaged to its subsampling."""
    import cv2

    kr, kb = KR_KB[like.matrix]
    red, green, blue = (rgb[..., k] for k in range(3))
    y = kr * red + (1 - kr - kb) * green + kb * blue
    black, white, middle, swing = levels(like.data_range, like.color_range)
    planes = [y * (white - black) + black]
    if len(like.planes) > 1:
        factors = [-(-a // b) for a, b in zip(like.luma.shape, like.planes[1].shape, strict=True)]
        shape = [-(-n // f) for n, f in zip(y.shape, factors, strict=True)]
        for c in ((blue - y) / (2 * (1 - kb)), (red - y) / (2 * (1 - kr))):
            small = cv2.resize(c * swing + middle, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
            planes.append(small)
    kind = like.luma.dtype
    rounded = tuple(np.clip(np.rint(p), 0, like.data_range).astype(kind) for p in planes)
    return rounded * 2 if len(like.planes) == 6 else rounded


def _upsampled(plane: Plane, shape: tuple[int, int]) -> NDArray[Any]:
    if plane.shape == shape:
        return plane
    import cv2

    return np.asarray(cv2.resize(np.ascontiguousarray(plane), shape[::-1], interpolation=cv2.INTER_LINEAR))
