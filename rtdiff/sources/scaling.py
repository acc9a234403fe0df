"""Planes of another size, by FFmpeg's scaler: what `ffmpeg -vf scale` makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from rtdiff.records import Plane

_GRAY = {255: "gray", 1023: "gray10", 4095: "gray12", 16383: "gray14", 65535: "gray16"}


def resized(plane: Plane, shape_hw: tuple[int, ...], data_range: int) -> Plane:
    """Return a plane, 8 to 16 bit, of another height and width, bicubic."""
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
