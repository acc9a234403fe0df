"""One way through a video: packets decoded, looked at, counted and timed."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
from av.video.frame import VideoFrame

from rtdiff.errors import SourceError
from rtdiff.records import Coding, Correction, Frame
from rtdiff.sources.container import PIPE_HINT, Opening, fraction
from rtdiff.sources.decoder import Decoded, Decoder
from rtdiff.sources.look import Look, key_of, make_look
from rtdiff.sources.packets import Arrival
from rtdiff.sources.planes import orientation_of, picture_of, planes_of
from rtdiff.sources.raw import Raw, rest_note
from rtdiff.sources.source import SourceInfo
from rtdiff.sources.timeline import NS, Timeline

_JOINED = 0x0200  # AVFMT_TS_DISCONT: MPEG-TS and its like, whose time stamps may leap
_MICROSECOND = Fraction(1, av.time_base)
_LEAP_NS = 10 * NS, 108_000 * NS  # with and without _JOINED; FFmpeg's own: 10 s, 30 h
_TYPES = ("", "I", "P", "B", "P", "I", "P", "B")  # AVPictureType: none I P B S SI SP BI


class Reading:
    """One way through the file: decoder, clock and count, with the first frame read ahead.

    Parameters
    ----------
    opening : Opening
        What is opened, and how.
    start_ns : int
        Begin with the first frame of this time or later, nanoseconds from the start.

    Raises
    ------
    SourceError
        It cannot be opened, or not one frame can be decoded, or none from that time on.
    """

    def __init__(self, opening: Opening, start_ns: int = 0) -> None:
        self.name, self._opening = opening.name, opening
        self.index = 0
        self._look: Look | None = None
        self._open()
        try:
            self._notes = self._common_notes()
            first = self._first(start_ns)
            if first is None:
                raise SourceError(f"{self.name}: {self._why_nothing(start_ns)}")
            self._ahead: Decoded | None = first
            self._look = self._look_of(first.frame)
            wh = first.frame.width, first.frame.height
            self._size_wh = wh[::-1] if self._look.orientation.transpose else wh
        except BaseException:
            self.decoder.close()
            raise

    def _open(self) -> None:
        self.decoder = Decoder(self._opening)
        stream, raw = self.decoder.stream, self._opening.raw
        self._aspect = fraction(stream.sample_aspect_ratio)
        self.fps = raw.fps if raw else fraction(stream.average_rate) or fraction(stream.guessed_rate)
        self._timeline = _timeline(self.decoder, self.fps)
        self._by_order = _stands_in_order(self.decoder)

    def read(self) -> Frame | None:
        """Return the next frame, or None at the end."""
        item, self._ahead = self._ahead or self.decoder.read(), None
        if item is None:
            return None
        coded, damaged, size = item
        look = self._look = self._look_of(coded)
        try:
            planes = planes_of(coded, look.layout, look.orientation)
        except av.FFmpegError as error:
            name = coded.format.name
            raise SourceError(
                f"{self.name}: {name} cannot be converted; convert the video to yuv420p"
            ) from error
        pts = coded.dts if self._by_order else coded.pts
        frame = Frame(
            planes=planes,
            data_range=look.layout.data_range,
            color_range=look.color_range,
            matrix=look.matrix,
            time_ns=self._timeline.place(pts, coded.duration),
            index=self.index,
            source=self.name,
            bgr=partial(picture_of, coded, look.matrix, look.color_range, look.orientation, look.hdr),
            pts_ns=self._timeline.pts_ns(pts),
            corrupt=damaged,
            corrections=look.corrections,
            coding=Coding(_TYPES[coded.pict_type], size, coded.key_frame),
        )
        self.index += 1
        return frame

    def _first(self, start_ns: int) -> Decoded | None:
        """Return the first frame wanted; count and clock stand before it."""
        if start_ns <= 0:
            return self.decoder.read()
        if self._opening.uri != "-":
            if not self._by_order and (arrival := self.decoder.skip(self._timeline, start_ns)):
                self.index = arrival.number
                if arrival.pts is None or (found := self._arrive(arrival, arrival.pts)):
                    return None if arrival.pts is None else found
            self.decoder.close()
            self._open()
            self.index, self._look = 0, None
        return self._wind(start_ns)

    def _arrive(self, arrival: Arrival, wanted: int) -> Decoded | None:
        """Decode from a key frame up to the frame wanted; None where other frames come than were counted."""
        coming = iter((*arrival.lead, wanted))
        key = next(iter(arrival.lead), wanted)
        while item := self.decoder.read():
            frame = item.frame
            if frame.pts is not None and frame.pts < key:
                continue  # leading pictures of an open group, which need the group before
            if frame.pts != next(coming):
                return None
            if frame.pts == key:
                # A key frame may also be a picture that is refreshed bit by bit; and of two fields, each
                # may have come as a packet.
                fields = frame.interlaced_frame and self.decoder.container.format.flags & _JOINED
                if not frame.key_frame or _TYPES[frame.pict_type] != "I" or fields:
                    return None
            self._look = self._look_of(frame)
            if frame.pts == wanted:
                return item
        return None

    def _wind(self, start_ns: int) -> Decoded | None:
        """Decode from the beginning up to the frame wanted."""
        while item := self.decoder.read():
            before = copy(self._timeline)
            self._look = self._look_of(item.frame)
            pts = item.frame.dts if self._by_order else item.frame.pts
            if self._timeline.place(pts, item.frame.duration) >= start_ns:
                self._timeline = before
                return item
            self.index += 1
        return None

    def _look_of(self, coded: VideoFrame) -> Look:
        """Return the look of a frame: the last one, unless something changed."""
        look = self._look
        if (
            look
            and key_of(coded) == look.key
            and (not coded.key_frame or orientation_of(coded) == look.orientation)
        ):
            return look
        look = make_look(coded, orientation_of(coded), self._aspect, self.name)
        return replace(look, corrections=(*look.corrections, *self._notes)) if self._notes else look

    def info(self) -> SourceInfo:
        """Say what is known before anything but the first frame was decoded."""
        stream = self.decoder.stream
        detail = f"{stream.codec_context.name} {self._look.detail if self._look else ''}"
        if self.decoder.choices > 1:
            detail += f", stream {stream.index} of {self.decoder.choices} video streams"
        base = fraction(stream.time_base)
        length = base * stream.duration if base and stream.duration else None
        if length is None and self.decoder.container.duration:
            length = Fraction(self.decoder.container.duration, av.time_base)
        raw, size = self._opening.raw, self._raw_bytes()
        return SourceInfo(
            name=self.name,
            kind="video",
            size_wh=self._size_wh,
            fps=self.fps,
            frames=size // self._frame_bytes(raw) if raw and size is not None else None,
            duration_ns=int(length * NS) if length else None,
            unsaid=self._look.unsaid if self._look else (),
            detail=detail,
            shown=self._look.shown if self._look else (),
        )

    def _common_notes(self) -> tuple[Correction, ...]:
        """Say what holds for all frames: the choice of a stream, a rest that is no frame."""
        notes: tuple[Correction, ...] = ()
        if (among := self.decoder.choices) > 1:
            chosen = f"stream {self.decoder.stream.index}"
            why = "the default or first"
            notes = (Correction("frame_choice", "both", f"{among} video streams", chosen, why),)
        raw = self._opening.raw
        if raw and (size := self._raw_bytes()) is not None:
            whole = self._frame_bytes(raw)
            if size < whole:
                width, height = raw.size_wh
                raise SourceError(
                    f"{self.name}: {size} bytes are less than a frame of {width}x{height} {raw.pix_fmt} "
                    f"({whole}); check --size and --pix-fmt"
                )
            notes += rest_note(size, whole, raw)
        return notes

    def _raw_bytes(self) -> int | None:
        return Path(self._opening.uri).stat().st_size if self._opening.uri != "-" else None

    def _frame_bytes(self, raw: Raw) -> int:
        return raw.frame_bytes(self.decoder.stream.codec_context.bit_rate or 0)

    def _why_nothing(self, start_ns: int) -> str:
        if self.index:
            end, start = (f"{value / NS:.3f} s" for value in (self._timeline.last_ns, start_ns))
            return f"its last frame is at {end}, before the start at {start}; start earlier"
        said, codec = self.decoder.last_error, self.decoder.stream.codec_context.name
        why = f"{codec}: {said}" if said else codec
        hint = PIPE_HINT if self._opening.uri == "-" else "check it with another player"
        return f"not one frame could be decoded ({why}); {hint}"


def _timeline(decoder: Decoder, fps: Fraction | None) -> Timeline:
    """Return the clock of a stream: time 0 is the start of its container, of AVI the first frame."""
    container, stream = decoder.container, decoder.stream
    # AVI's start is one of decoding, some frames before the first is shown.
    unknown = container.start_time is None or container.format.name == "avi"
    start = None if unknown else Fraction(container.start_time, av.time_base)
    if start is not None:
        # The container's start is rounded to microseconds; the stream that set it knows it exactly.
        for other in (stream, *container.streams):
            base = fraction(other.time_base)
            if base and other.start_time is not None and abs(other.start_time * base - start) < _MICROSECOND:
                start = other.start_time * base
                break
    nominal = int(NS / fps) if fps else NS // 25
    leap = _LEAP_NS[0] if container.format.flags & _JOINED else _LEAP_NS[1]
    return Timeline(fraction(stream.time_base) or Fraction(1, 90_000), start, nominal, leap)


def _stands_in_order(decoder: Decoder) -> bool:
    """Return whether the decoder's own order tells time better than time stamps.

    AVI has none of presentation. FFmpeg knows the order of MPEG-4 by its packets, but gives H.264 in AVI
    those of decoding: 1, 4, 3, 5, 2 for five frames in order.
    """
    codec = decoder.stream.codec_context.codec.canonical_name
    return decoder.container.format.name == "avi" and codec in ("h264", "hevc")
