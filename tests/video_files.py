"""Small videos made for the tests of video sources."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from rtdiff.records import Frame
from rtdiff.sources.video import VideoSource

MS = 1_000_000


def coded(width: int, height: int, fmt: str, seed: int) -> tuple[av.VideoFrame, list[np.ndarray]]:
    """Return a frame of noise and what was written into its planes, rows as bytes."""
    frame = av.VideoFrame(width, height, fmt)
    bits, rng, rows = frame.format.components[0].bits, np.random.default_rng(seed), []
    mixed = len(frame.planes) == 2
    for number, plane in enumerate(frame.planes):
        wide = 2 if mixed and number else 1
        if bits == 8:
            values = rng.integers(0, 256, (plane.height, plane.width * wide), np.uint8)
        else:
            values = rng.integers(0, 1 << bits, (plane.height, plane.width * wide), np.uint16)
            values <<= 16 - bits if fmt.startswith("p") else 0
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[:, : values.shape[1] * values.itemsize] = values.view(np.uint8)
        plane.update(padded)
        rows.append(values)
    return frame, rows


def moving(width: int = 160, height: int = 120, count: int = 40) -> list[av.VideoFrame]:
    """Return frames of a block picture that moves."""
    rng = np.random.default_rng(3)
    big = rng.integers(0, 255, (height // 8 + count, width // 8 + count), np.uint8).repeat(8, 0).repeat(8, 1)
    cuts = (big[i : i + height, 2 * i : 2 * i + width] for i in range(count))
    return [av.VideoFrame.from_ndarray(np.ascontiguousarray(cut), "gray") for cut in cuts]


def write(
    path: Path,
    frames: Sequence[av.VideoFrame],
    codec: str = "libx264",
    fmt: str = "yuv420p",
    pts: Sequence[int] | None = None,
    set_up: Callable[[Any], None] = lambda stream: None,
    flags: str = "",
    **options: str,
) -> Path:
    """Write `frames` at 25 frames a second, or at `pts` in milliseconds."""
    with av.open(str(path), "w", options={"movflags": flags} if flags else {}) as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, fmt
        if pts is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        set_up(stream)
        for i, frame in enumerate(frames):
            picture = frame if frame.format.name == fmt else frame.reformat(format=fmt)
            if pts is not None:
                picture.pts, picture.time_base = pts[i], Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def spoil(path: Path, numbers: Sequence[int]) -> Path:
    """Overwrite the payload of some packets with noise."""
    with av.open(str(path)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    content, rng = bytearray(path.read_bytes()), np.random.default_rng(0)
    for number in numbers:
        at, size = places[number]
        content[at + 40 : at + size] = rng.bytes(size - 40)
    path.write_bytes(content)
    return path


def read(path: Path | str, **options: Any) -> list[Frame]:
    with VideoSource(str(path), **options) as source:
        return list(source)


def kinds(frame: Frame) -> list[str]:
    return [correction.kind for correction in frame.corrections]
