"""Makes two frames one size: pad, scale, crop or fail. Pictures for people follow when they are looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from rtdiff.errors import SettingsError
from rtdiff.grid import steps
from rtdiff.records import Correction, Frame, Picture, Plane

SizePolicy = Literal["pad", "scale", "crop", "fail"]
Resize = Callable[[Plane, tuple[int, ...], int], Plane]
"""Plane, height and width wanted, largest code value -> plane."""
MOST_PIXELS = 200_000_000  # as of one picture; a wide one beside a tall one, both small, would need far more


def same_size(reference: Frame, test: Frame, policy: SizePolicy) -> tuple[Frame, Frame]:
    """Return two frames of one size; see `match_pair`.

    Raises
    ------
    SettingsError
        `policy` is ``fail``, or ``pad`` would make a picture larger than any may be.
    """
    sizes = reference.size_wh, test.size_wh
    if policy == "fail":
        (w, h), (u, v) = sizes
        raise SettingsError(
            f"--size-policy fail: the reference is {w}x{h}, the test {u}x{v}; use pad, scale or crop"
        )
    if policy == "scale":
        return reference, scaled(test, reference.size_wh)
    width, height = (max(pair) if policy == "pad" else min(pair) for pair in zip(*sizes, strict=True))
    if policy == "crop":
        first, second = (_cropped(f, width, height) for f in (reference, test))
        return first, second
    if width * height > max(MOST_PIXELS, *(w * h for w, h in sizes)):
        (w, h), (u, v) = sizes
        raise SettingsError(
            f"--size-policy pad: {w}x{h} and {u}x{v} need {width}x{height}, above {MOST_PIXELS // 1_000_000} "
            "megapixels; use scale or crop"
        )
    return _padded(reference, test, width, height), _padded(test, reference, width, height)


def _cropped(frame: Frame, width: int, height: int) -> Frame:
    if frame.size_wh == (width, height):
        return frame
    told = Correction(
        "crop", "both", list(frame.size_wh), [width, height], "the part both have, at the top left"
    )
    planes = tuple(p[:height, :width] for p in frame.planes)
    return _changed(frame, planes, told, lambda picture: picture[:height, :width])


def cut(frame: Frame, rect: tuple[int, int, int, int], option: str) -> Frame:
    """Return a part of a frame: left, top, right, bottom, half-open, pixels.

    Raises
    ------
    SettingsError
        It does not lie in the picture, or would part a sample of chroma; `option` is named.
    """
    (left, top, right, bottom), (width, height) = rect, frame.size_wh
    text = f"{left}:{top}-{right}:{bottom}"
    if right > width or bottom > height:
        raise SettingsError(f"{option} {text}: lies outside of the picture, which is {width}x{height}")
    planes = []
    for plane in frame.planes:
        down, across = steps(frame.luma.shape, plane.shape)
        if left % across or top % down:
            raise SettingsError(
                f"{option} {text}: parts a sample of chroma; begin at multiples of {across} and {down}"
            )
        rows, columns = slice(top // down, -(-bottom // down)), slice(left // across, -(-right // across))
        planes.append(np.ascontiguousarray(plane[rows, columns]))
    told = Correction("crop", "both", [width, height], [right - left, bottom - top], f"{text}, as asked")
    return _changed(frame, tuple(planes), told, lambda picture: picture[top:bottom, left:right])


def _padded(frame: Frame, other: Frame, width: int, height: int) -> Frame:
    """Return `frame` on a larger canvas; what only `other` has is as far from it as can be."""
    if frame.size_wh == (width, height):
        return frame
    peak = frame.data_range
    planes = []
    for mine, theirs in zip(frame.planes, other.planes, strict=True):
        out = np.zeros((height, width), mine.dtype)
        there = out[: theirs.shape[0], : theirs.shape[1]]
        np.less_equal(theirs, peak // 2, out=there, casting="unsafe")
        there *= peak
        out[: mine.shape[0], : mine.shape[1]] = mine
        planes.append(out)
    told = Correction(
        "pad", "both", list(frame.size_wh), [width, height], "at the top left; the strip is different"
    )

    def pad(picture: Picture) -> Picture:
        out = np.zeros((height, width, 3), np.uint8)
        out[: picture.shape[0], : picture.shape[1]] = picture
        return out

    return _changed(frame, tuple(planes), told, pad)


def cubic(plane: Plane, shape_hw: tuple[int, ...], data_range: int) -> Plane:
    """Return a plane of another height and width, by OpenCV's bicubic."""
    import cv2

    made = cv2.resize(np.ascontiguousarray(plane), shape_hw[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(made if data_range in (255, 65535) else np.minimum(made, data_range))


def scaled(
    frame: Frame,
    size_wh: tuple[int, int],
    *,
    chroma_hw: tuple[int, ...] | None = None,
    resize: Resize = cubic,
) -> Frame:
    """Return `frame` with another width and height, bicubic.

    Parameters
    ----------
    frame : Frame
        Of any number of planes.
    size_wh : tuple of int
        Width and height wanted.
    chroma_hw : tuple of int, optional
        Height and width of the planes of chroma; default: subsampled as they are.
    resize : callable
        Makes a plane of another size.
    """
    import cv2

    tall, wide = frame.luma.shape
    planes = []
    for k, plane in enumerate(frame.planes):
        down, across = -(-size_wh[1] * plane.shape[0] // tall), -(-size_wh[0] * plane.shape[1] // wide)
        shape = chroma_hw if k % 3 and chroma_hw else (down, across)
        planes.append(plane if plane.shape == shape else resize(plane, shape, frame.data_range))
    if size_wh == frame.size_wh:
        return replace(frame, planes=tuple(planes))
    told = Correction("scale", "both", list(frame.size_wh), list(size_wh), "bicubic")
    return _changed(
        frame,
        tuple(planes),
        told,
        lambda picture: np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_CUBIC)),
    )


def _changed(
    frame: Frame, planes: tuple[Plane, ...], told: Correction, change: Callable[[Picture], Picture]
) -> Frame:
    """Return `frame` with other planes; the picture is changed as they were, on its first use."""
    make, made = frame.bgr, frame._made  # only these are held, not the frame with its planes

    def picture() -> Picture:
        if not made:
            made.append(make())
        return change(made[0])

    return replace(frame, planes=planes, corrections=(*frame.corrections, told), bgr=picture, _made=[])
