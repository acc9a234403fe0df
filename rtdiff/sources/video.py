"""Video files and stdin, frame by frame as coded."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
from av.video.frame import VideoFrame

from rtdiff.errors import SourceError, redact
from rtdiff.records import Correction, Frame
from rtdiff.sources.container import PIPE_HINT
from rtdiff.sources.decoder import Decoder
from rtdiff.sources.look import Look, key_of, make_look
from rtdiff.sources.planes import orientation_of, picture_of, planes_of
from rtdiff.sources.source import Source, SourceInfo
from rtdiff.sources.timeline import NS, Timeline

_JOINED = 0x0200  # AVFMT_TS_DISCONT: MPEG-TS and its like, whose time stamps may leap
_MICROSECOND = Fraction(1, av.time_base)
_LEAP_NS = 10 * NS, 108_000 * NS  # with and without _JOINED; FFmpeg's own: 10 s, 30 h


class VideoSource(Source):
    """Every frame of a video file or of a pipe, in order of display.

    Planes are read-only views of the decoder's memory where the format is planar: Y, U, V as coded
    (subsampled chroma stays so), 8 to 16 bit at full depth, gray as one plane. RGB becomes Y, Cb, Cr
    of BT.601 in full range. Rotation by the file is applied. Where the file does not say, the matrix is
    BT.601 and the range limited (gray and RGB: full), as FFmpeg takes it.
    `info.frames` is None until a pass has reached the end: headers lie.

    Parameters
    ----------
    uri : str
        Path of a file, or ``-`` for stdin, which can be iterated once.
    threads : int
        Decoding threads; 0: as many as FFmpeg likes.
    max_pixels : int
        Larger pictures are refused.

    Raises
    ------
    SourceError
        It cannot be opened, or not one frame of it can be decoded.
    """

    def __init__(self, uri: str, *, threads: int = 0, max_pixels: int = 200_000_000) -> None:
        self.name = "stdin" if uri == "-" else redact(uri)
        self._open = uri, self.name, threads, max_pixels
        _check_file(uri, self.name)
        self._closed = False
        self._passes: list[_Pass] = []
        self._latest = self._begin()
        self._first: _Pass | None = self._latest
        self.info = self._latest.info()

    def _begin(self) -> _Pass:
        self._latest = _Pass(*self._open)
        self._passes.append(self._latest)
        return self._latest

    def __iter__(self) -> Iterator[Frame]:
        if self._closed:
            raise SourceError(f"{self.name}: this source was closed; open it again")
        one, self._first = self._first, None
        if one is None and self._open[0] == "-":
            raise SourceError(f"{self.name}: a pipe can be read once; save it to a file to read it again")
        return self._frames(one or self._begin())

    def _frames(self, one: _Pass) -> Iterator[Frame]:
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


class _Pass:
    """One way through the file: decoder, clock and count, with the first frame read ahead."""

    def __init__(self, uri: str, name: str, threads: int, max_pixels: int) -> None:
        self.name = name
        self.decoder = Decoder(uri, name, threads, max_pixels)
        self.index = 0
        try:
            first = self.decoder.read()
            if first is None:
                said, codec = self.decoder.last_error, self.decoder.stream.codec_context.name
                why = f"{codec}: {said}" if said else codec
                hint = PIPE_HINT if uri == "-" else "check it with another player"
                raise SourceError(f"{name}: not one frame could be decoded ({why}); {hint}")
            self._ahead: tuple[VideoFrame, bool] | None = first
            stream = self.decoder.stream
            self._aspect = _fraction(stream.sample_aspect_ratio)
            self._look = self._make_look(first[0])
            wh = first[0].width, first[0].height
            self._size_wh = wh[::-1] if self._look.orientation.transpose else wh
            self.fps = _fraction(stream.average_rate) or _fraction(stream.guessed_rate)
            self._timeline = _timeline(self.decoder, self.fps)
        except BaseException:
            self.decoder.close()
            raise

    def read(self) -> Frame | None:
        """Return the next frame, or None at the end."""
        item, self._ahead = self._ahead or self.decoder.read(), None
        if item is None:
            return None
        coded, damaged = item
        look = self._look
        if key_of(coded) != look.key or (coded.key_frame and orientation_of(coded) != look.orientation):
            look = self._look = self._make_look(coded)
        try:
            planes = planes_of(coded, look.layout, look.orientation)
        except av.FFmpegError as error:
            name = coded.format.name
            raise SourceError(
                f"{self.name}: {name} cannot be converted; convert the video to yuv420p"
            ) from error
        frame = Frame(
            planes=planes,
            data_range=look.layout.data_range,
            color_range=look.color_range,
            matrix=look.matrix,
            time_ns=self._timeline.place(coded.pts, coded.duration),
            index=self.index,
            source=self.name,
            bgr=partial(picture_of, coded, look.matrix, look.color_range, look.orientation),
            pts_ns=self._timeline.pts_ns(coded.pts),
            corrupt=damaged,
            corrections=look.corrections,
        )
        self.index += 1
        return frame

    def info(self) -> SourceInfo:
        """Say what is known before anything but the first frame was decoded."""
        stream, look = self.decoder.stream, self._look
        context = stream.codec_context
        detail = f"{context.name} {look.detail}"
        if self.decoder.choices > 1:
            detail += f", stream {stream.index} of {self.decoder.choices} video streams"
        base = _fraction(stream.time_base)
        length = base * stream.duration if base and stream.duration else None
        if length is None and self.decoder.container.duration:
            length = Fraction(self.decoder.container.duration, av.time_base)
        return SourceInfo(
            name=self.name,
            kind="video",
            size_wh=self._size_wh,
            fps=self.fps,
            duration_ns=int(length * NS) if length else None,
            unsaid=look.unsaid,
            detail=detail,
        )

    def _make_look(self, coded: VideoFrame) -> Look:
        look = make_look(coded, orientation_of(coded), self._aspect, self.name)
        if self.decoder.choices < 2:
            return look
        chosen = f"stream {self.decoder.stream.index}"
        note = Correction(
            "frame_choice", "both", f"{self.decoder.choices} video streams", chosen, "the default or first"
        )
        return replace(look, corrections=(*look.corrections, note))


def _timeline(decoder: Decoder, fps: Fraction | None) -> Timeline:
    """Return the clock of a stream: time 0 is the start of its container."""
    container, stream = decoder.container, decoder.stream
    start = None if container.start_time is None else Fraction(container.start_time, av.time_base)
    if start is not None:
        # The container's start is rounded to microseconds; the stream that set it knows it exactly.
        for other in (stream, *container.streams):
            base = _fraction(other.time_base)
            if base and other.start_time is not None and abs(other.start_time * base - start) < _MICROSECOND:
                start = other.start_time * base
                break
    nominal = int(NS / fps) if fps else NS // 25
    leap = _LEAP_NS[0] if container.format.flags & _JOINED else _LEAP_NS[1]
    return Timeline(_fraction(stream.time_base) or Fraction(1, 90_000), start, nominal, leap)


def _fraction(ratio: Any) -> Fraction | None:
    """Return PyAV's ratio as a Fraction: av 18 has Fraction or None, av 19 an AVRational that may be 0."""
    return Fraction(ratio.numerator, ratio.denominator) if ratio else None


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
