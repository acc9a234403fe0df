"""A few pictures, one after another for ever, in one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtdiff.atomic import write_whole
from rtdiff.errors import SinkError, redact
from rtdiff.sinks.still import check_size, options_for

ANIMATED = (".png", ".gif", ".webp")


def write_animation(path: Path | str, frames: Sequence[NDArray[np.uint8]], each_ms: int) -> None:
    """Write an animation that repeats, whole or not at all; the ending names the format.

    Parameters
    ----------
    path : Path or str
        Ends in one of `ANIMATED`, in any case; its folder must exist.
    frames : sequence of ndarray
        (H, W, 3) uint8, BGR, of one size.
    each_ms : int
        How long each is shown, milliseconds.

    Raises
    ------
    SinkError
        When the format is not animated, cannot hold pictures this large, or the file cannot be written.
    """
    import cv2

    path = Path(path)
    check_animated(path)
    ending = path.suffix.lower()
    check_size(path, frames[0])
    # OpenCV warns on stderr of any other option of an animated PNG
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1] if ending == ".png" else options_for(ending)
    animation = cv2.Animation()
    animation.frames, animation.durations, animation.loop_count = list(frames), [each_ms] * len(frames), 0
    try:
        done, data = cv2.imencodeanimation(ending, animation, options)
    except cv2.error as error:
        raise SinkError(f"{redact(path)}: cannot be encoded ({redact(error.err)}); write a .png") from error
    if not done:
        raise SinkError(f"{redact(path)}: cannot be encoded as {ending}; write a .png")
    write_whole(path, data.tobytes())


def check_animated(path: Path) -> None:
    """Refuse a format of one picture.

    Raises
    ------
    SinkError
        The ending is none of `ANIMATED`.
    """
    ending = path.suffix.lower()
    if ending not in ANIMATED:
        raise SinkError(
            f"{redact(path)}: {ending or 'a file without an ending'} holds no animation; "
            f"write a {', '.join(ANIMATED[:-1])} or {ANIMATED[-1]}, or choose another layout"
        )
