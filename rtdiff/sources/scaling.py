"""Planes of another size, by FFmpeg's scaler: what `ffmpeg -vf scale` makes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from rtdiff.records import Correction, Frame, Picture, Plane

_GRAY = {255: "gray", 1023: "gray10", 4095: "gray12", 16383: "gray14", 65535: "gray16"}


def scaled(frame: Frame, size_wh: tuple[int, int], chroma_hw: tuple[int, ...] | None = None) -> Frame:
    """Return `frame` with another width and height, bicubic.

    Parameters
    ----------
    frame : Frame
        Of any number of planes, 8 to 16 bit.
    size_wh : tuple of int
        Width and height wanted.
    chroma_hw : tuple of int, optional
        Height and width of the planes of chroma; default: subsampled as they are.
    """
    planes = [_resized(frame.luma, size_wh[::-1], frame.data_range)]
    for plane in frame.planes[1:]:
        shape = chroma_hw or tuple(
            -(-new * part // old)
            for new, part, old in zip(size_wh[::-1], plane.shape, frame.luma.shape, strict=True)
        )
        planes.append(_resized(plane, shape, frame.data_range))
    told = frame.corrections
    if size_wh != frame.size_wh:
        told = (*told, Correction("scale", "both", list(frame.size_wh), list(size_wh), "bicubic"))

    def picture() -> Picture:
        import cv2

        return np.asarray(cv2.resize(frame.picture(), size_wh, interpolation=cv2.INTER_CUBIC))

    return replace(frame, planes=tuple(planes), corrections=told, bgr=picture, _made=[])


def _resized(plane: Plane, shape_hw: tuple[int, ...], data_range: int) -> Plane:
    if plane.shape == shape_hw:
        return plane
    name = _GRAY.get(data_range, "gray16")
    deep = name != "gray"
    image = VideoFrame(plane.shape[1], plane.shape[0], f"{name}le" if deep else name)
    _samples(image, plane.dtype)[:] = plane
    made = image.reformat(width=shape_hw[1], height=shape_hw[0], interpolation=Interpolation.BICUBIC)
    return np.array(_samples(made, plane.dtype))


def _samples(image: VideoFrame, dtype: Any) -> NDArray[Any]:
    part = image.planes[0]
    memory: Any = part
    rows = np.frombuffer(memory, np.uint8).reshape(part.height, part.line_size)
    samples: NDArray[Any] = rows.view(dtype)[:, : image.width]
    return samples
