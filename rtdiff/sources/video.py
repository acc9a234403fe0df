"""Video files and stdin, frame by frame as coded."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from rtdiff.errors import SourceError, redact
from rtdiff.records import Frame
from rtdiff.sources.container import Opening
from rtdiff.sources.raw import raw_of
from rtdiff.sources.reading import Reading
from rtdiff.sources.source import Source


class VideoSource(Source):
    """Every frame of a video file or of a pipe, in order of display.

    Planes are read-only views of the decoder's memory where the format is planar: Y, U, V as coded
    (subsampled chroma stays so), 8 to 16 bit at full depth, gray as one plane. RGB becomes Y, Cb, Cr
    of BT.601 in full range. Rotation by the file is applied. Where the file does not say, the matrix is
    BT.601 and the range limited (gray and RGB: full), as FFmpeg takes it.
    `info.frames` is None until a pass has reached the end: headers lie; of bare samples it is known.

    Parameters
    ----------
    uri : str
        Path of a file, or ``-`` for stdin, which can be iterated once.
    threads : int
        Decoding threads; 0: half as many as there are cores.
    max_pixels : int
        Larger pictures are refused.
    size : tuple of int, optional
        Width and height, pixels: given for a file of bare samples, and for no other.
    pix_fmt : str, optional
        FFmpeg's name of how they lie; None: by the ending of the name, yuv420p for most.
    fps : Fraction or float
        Frames a second of a file of bare samples.
    start_ns : int
        Begin with the first frame of this time or later, nanoseconds from the start. Its `index`, its
        `time_ns` and its samples are those of a pass from the beginning. (A frame that was lost to damage
        before it is counted where the packets were not known to be damaged.)

    Raises
    ------
    SourceError
        It cannot be opened, not one frame of it can be decoded, or it ends before `start_ns`.
    SettingsError
        `size`, `pix_fmt` or `fps` is not possible.
    """

    def __init__(
        self,
        uri: str,
        *,
        threads: int = 0,
        max_pixels: int = 200_000_000,
        size: tuple[int, int] | None = None,
        pix_fmt: str | None = None,
        fps: Fraction | float = 25,
        start_ns: int = 0,
    ) -> None:
        self.name = "stdin" if uri == "-" else redact(uri)
        raw = raw_of(uri, size, pix_fmt, fps) if size else None
        self._opening = Opening(uri, self.name, threads or _share(), max_pixels, raw)
        self._start_ns = start_ns
        _check_file(uri, self.name)
        self._closed = False
        self._passes: list[Reading] = []
        self._latest = self._begin()
        self._first: Reading | None = self._latest
        self.info = self._latest.info()

    def _begin(self) -> Reading:
        self._latest = Reading(self._opening, self._start_ns)
        self._passes.append(self._latest)
        return self._latest

    def __iter__(self) -> Iterator[Frame]:
        if self._closed:
            raise SourceError(f"{self.name}: this source was closed; open it again")
        one, self._first = self._first, None
        if one is None and self._opening.uri == "-":
            raise SourceError(f"{self.name}: a pipe can be read once; save it to a file to read it again")
        return self._frames(one or self._begin())

    def _frames(self, one: Reading) -> Iterator[Frame]:
        try:
            while (frame := one.read()) is not None:
                yield frame
            if one.decoder.ended:
                self.info = replace(self.info, frames=one.index)
        finally:
            one.decoder.close()
            if one in self._passes:
                self._passes.remove(one)

    @property
    def errors(self) -> int:
        """Packets that could not be read or decoded, in the latest pass."""
        return self._latest.decoder.errors

    def close(self) -> None:
        """Let go of the file, also while an iteration is under way: that ends with its next frame."""
        self._closed = True
        while self._passes:
            self._passes.pop().decoder.close()


def _share() -> int:
    """Return how many threads decode where nobody says: the rest is for the other video, or comparing.

    With more, decoding alone costs a sixth more processor time (two H.264 of 1080p on 2 cores).
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, allowed // 2)


def _check_file(uri: str, name: str) -> None:
    """Refuse what is not a plain file: opening a FIFO or a device may block for ever."""
    if uri == "-":
        return
    try:
        mode = Path(uri).stat().st_mode
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise SourceError(f"{name}: cannot be read ({redact(said)}); check the path") from error
    if stat.S_ISDIR(mode):
        raise SourceError(f"{name}: a folder, not a video; name the file in it")
    if not stat.S_ISREG(mode):
        raise SourceError(f"{name}: a pipe or a device, not a file; use '-' and redirect it to stdin")
