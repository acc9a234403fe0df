"""Makes two frames comparable: size, depth, planes, matrix, range. Every step is a correction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rtdiff.errors import SettingsError
from rtdiff.records import Correction, Frame, Plane

SizePolicy = Literal["pad", "scale", "crop", "fail"]

# Kr, Kb of ITU-R BT.601, BT.709 and BT.2020
_WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}


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
        reference, test = _same_depth(reference, test)
        reference, test = _same_planes(reference, test)
    if reference.size_wh == test.size_wh:
        return reference, test
    return _same_size(reference, test, policy)


def fit_still(still: Frame, current: Frame) -> Frame:
    """Return a still in the format of a stream: the still is converted, once, never the stream."""
    if still.size_wh != current.size_wh:
        still = _scaled(still, current.size_wh)
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
    black, white, middle, swing = _swing(frame)
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
        _made=[frame.picture()],
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


def _same_depth(reference: Frame, test: Frame) -> tuple[Frame, Frame]:
    deep = max(reference.data_range, test.data_range)
    return _deepened(reference, deep), _deepened(test, deep)


def _deepened(frame: Frame, deep: int) -> Frame:
    if frame.data_range == deep:
        return frame
    planes = tuple(
        ((p.astype(np.uint32) * deep + frame.data_range // 2) // frame.data_range).astype(np.uint16)
        for p in frame.planes
    )
    told = Correction("depth", "both", frame.data_range, deep, "compared at the greater depth")
    return replace(
        frame, planes=planes, data_range=deep, corrections=(*frame.corrections, told), _made=[frame.picture()]
    )


def _same_planes(reference: Frame, test: Frame) -> tuple[Frame, Frame]:
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
    return replace(frame, planes=planes, _made=[frame.picture()]) if planes is not frame.planes else frame


def _same_size(reference: Frame, test: Frame, policy: SizePolicy) -> tuple[Frame, Frame]:
    sizes = reference.size_wh, test.size_wh
    if policy == "fail":
        (w, h), (u, v) = sizes
        raise SettingsError(
            f"--size-policy fail: the reference is {w}x{h}, the test {u}x{v}; use pad, scale or crop"
        )
    if policy == "scale":
        return reference, _scaled(test, reference.size_wh)
    width, height = (max(pair) if policy == "pad" else min(pair) for pair in zip(*sizes, strict=True))
    if policy == "crop":
        first, second = (_cropped(f, width, height) for f in (reference, test))
        return first, second
    return _padded(reference, test, width, height), _padded(test, reference, width, height)


def _cropped(frame: Frame, width: int, height: int) -> Frame:
    if frame.size_wh == (width, height):
        return frame
    picture = frame.picture()[:height, :width]
    told = Correction(
        "crop", "both", list(frame.size_wh), [width, height], "the part both have, at the top left"
    )
    planes = tuple(p[:height, :width] for p in frame.planes)
    return replace(frame, planes=planes, corrections=(*frame.corrections, told), _made=[picture])


def _padded(frame: Frame, other: Frame, width: int, height: int) -> Frame:
    """Return `frame` on a larger canvas; what only `other` has is as far from it as can be."""
    if frame.size_wh == (width, height):
        return frame
    peak = frame.data_range
    planes = []
    for mine, theirs in zip(frame.planes, other.planes, strict=True):
        out = np.zeros((height, width), mine.dtype)
        there = out[: theirs.shape[0], : theirs.shape[1]]
        there[:] = np.where(theirs > peak // 2, 0, peak)
        out[: mine.shape[0], : mine.shape[1]] = mine
        planes.append(out)
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: frame.size_wh[1], : frame.size_wh[0]] = frame.picture()
    told = Correction(
        "pad", "both", list(frame.size_wh), [width, height], "at the top left; the strip is different"
    )
    return replace(frame, planes=tuple(planes), corrections=(*frame.corrections, told), _made=[picture])


def _scaled(frame: Frame, size_wh: tuple[int, int]) -> Frame:
    import cv2

    planes = []
    for plane in frame.planes:
        share = [
            new * part / old
            for new, part, old in zip(size_wh[::-1], plane.shape, frame.luma.shape, strict=True)
        ]
        size = int(np.ceil(share[1])), int(np.ceil(share[0]))
        planes.append(cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_CUBIC))
    if frame.data_range not in (255, 65535):
        planes = [np.minimum(p, frame.data_range) for p in planes]
    picture = cv2.resize(frame.picture(), size_wh, interpolation=cv2.INTER_CUBIC)
    told = Correction("scale", "both", list(frame.size_wh), list(size_wh), "bicubic")
    return replace(frame, planes=tuple(planes), corrections=(*frame.corrections, told), _made=[picture])


def _rgb(frame: Frame) -> NDArray[np.float32]:
    """Return (H, W, 3) R, G, B, 0..1 nominally, from planes of any matrix, range and subsampling."""
    height, width = frame.luma.shape
    y, *rest = (_upsampled(p, (height, width)).astype(np.float32) for p in frame.planes[:3])
    black, white, middle, swing = _swing(frame)
    y = (y - black) / (white - black)
    if not rest:
        return np.stack([y, y, y], axis=2)
    kr, kb = _WEIGHTS[frame.matrix]
    cb, cr = ((c - middle) / swing for c in rest)
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    return np.stack([red, green, blue], axis=2)


def _planes(rgb: NDArray[np.float32], like: Frame) -> tuple[Plane, ...]:
    """Return planes in the format of `like`, chroma averaged to its subsampling."""
    import cv2

    kr, kb = _WEIGHTS[like.matrix]
    red, green, blue = (rgb[..., k] for k in range(3))
    y = kr * red + (1 - kr - kb) * green + kb * blue
    black, white, middle, swing = _swing(like)
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


def _swing(frame: Frame) -> tuple[float, float, float, float]:
    """Return code values of black, white and neutral chroma, and the swing of chroma."""
    scale = (frame.data_range + 1) / 256
    if frame.color_range == "full":
        return 0.0, float(frame.data_range), 128 * scale, float(frame.data_range)
    return 16 * scale, 235 * scale, 128 * scale, 224 * scale


def _upsampled(plane: Plane, shape: tuple[int, int]) -> NDArray[Any]:
    if plane.shape == shape:
        return plane
    import cv2

    return np.asarray(cv2.resize(np.ascontiguousarray(plane), shape[::-1], interpolation=cv2.INTER_LINEAR))
