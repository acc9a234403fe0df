"""Packets -> frames, past damage, with every frame that damage may have reached marked."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

import av
from av.packet import Packet
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from rtdiff.errors import SourceError, redact
from rtdiff.sources.container import Opening, choose_stream, open_container
from rtdiff.sources.packets import ONE_TO_ONE, Arrival, Sizes, skip
from rtdiff.sources.timeline import Timeline


class Decoded(NamedTuple):
    """What comes out of a decoder."""

    frame: VideoFrame
    damaged: bool
    """Damage may have reached it."""
    bytes: int
    """Of its packets; 0: unknown."""


class Decoder:
    """One pass over one video stream.

    Parameters
    ----------
    opening : Opening
        What is opened, and how.

    Raises
    ------
    SourceError
        It cannot be opened, has no video stream, is encrypted or too large.
    """

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self.container = open_container(opening)
        self._lock, self._stop = threading.Lock(), False
        self.errors = 0
        """Packets that could not be read or decoded so far."""
        self.last_error = ""
        """What FFmpeg said of the last of them."""
        self.ended = False
        """Whether the stream was read to its end."""
        try:
            name, max_pixels, threads = opening.name, opening.max_pixels, opening.threads
            self.stream, self.choices = choose_stream(self.container, name)
            for other in self.container.streams:
                if other.index != self.stream.index:
                    other.discard = Discard.all  # sound is not even read where the container lets it lie
            context = self.stream.codec_context
            width, height = opening.raw.size_wh if opening.raw else (context.width, context.height)
            if width * height > max_pixels:
                size = f"{width}x{height}"
                raise SourceError(f"{name}: {size} is more than {max_pixels} pixels; scale it down first")
            context.options = {"max_pixels": str(max_pixels)}
            # Frame threads lose frames at a damaged end (see _rescue), and a pipe cannot be read again. With
            # FFV1 they race: under load one bad packet spoils up to 7 good frames before it (FFmpeg 8).
            serial = opening.uri == "-" or opening.raw or context.name == "ffv1"
            self._framed = not serial and threads != 1
            context.thread_type = "AUTO" if self._framed else "SLICE"
            context.thread_count = threads
        except BaseException:
            self.container.close()
            raise
        self._sent = self._given = self._since = 0
        self._anchor: int | None = None
        self._torn: set[int | None] = set()
        self._tainted = False
        self._sizes = Sizes()
        self._arrival: Arrival | None = None
        self._packets = self._demux(self.stream)
        self._frames = self._decode(self.stream)

    def skip(self, timeline: Timeline, start_ns: int) -> Arrival | None:
        """Begin at the last key frame before a time, see `packets.skip`; before the first `read`.

        Where it returns None this pass is spent: open another.
        """
        if self.stream.codec_context.codec.canonical_name in ONE_TO_ONE:
            self._arrival = skip(self._packets, timeline, start_ns)
        return self._arrival

    def read(self) -> Decoded | None:
        """Return the next frame, or None at the end.

        Raises
        ------
        SourceError
            The stream is encrypted.
        """
        with self._lock:
            item = None if self._stop else next(self._frames, None)
        if self._stop:
            self.close()
        return item

    def close(self) -> None:
        """Let go of the file; while another thread reads, it does so itself after that frame."""
        self._stop = True
        if self._lock.acquire(blocking=False):
            try:
                self._frames.close()
                self._packets.close()
                self.container.close()
            finally:
                self._lock.release()

    def _demux(self, stream: VideoStream) -> Generator[Packet[VideoStream] | None]:
        """Yield packets, then None, where the decoder is to give up what it holds."""
        try:
            for packet in self.container.demux(stream):
                if not packet.size:
                    break
                yield packet
        except (av.FFmpegError, OSError) as error:  # the rest cannot be read: what there was stays
            self._count(error)
        yield None

    def _decode(self, stream: VideoStream) -> Generator[Decoded]:
        decode = stream.codec_context.decode
        for packet in chain(self._held(), self._packets):
            if packet is not None:
                self._look_at(packet)
            try:
                marked = self._mark(decode(packet))
            except (av.FFmpegError, OSError) as error:
                self._count(error)
                self._tainted = True
            else:
                yield from marked
        if self._given + self.errors < self._sent or self.last_error:
            yield from self._rescue()
        self.ended = True

    def _held(self) -> Iterator[Packet[VideoStream] | None]:
        """Yield what `skip` read too far, and let it go one by one."""
        packets = self._arrival.packets if self._arrival else []
        packets.reverse()
        while packets:
            yield packets.pop()

    def _mark(self, frames: list[VideoFrame]) -> Iterator[Decoded]:
        """Yield `frames` with their damage; holds none of them, so that the decoder reuses warm memory."""
        while frames:
            frame = frames.pop(0)
            pts = frame.pts
            damaged = frame.is_corrupt or (bool(self._torn) and pts in self._torn)
            self._given += 1
            self._since += 1
            if frame.key_frame:
                self._anchor, self._since = pts, 1
                self._tainted = damaged
            self._tainted = self._tainted or damaged
            yield Decoded(frame, self._tainted, self._sizes.take(pts))

    def _look_at(self, packet: Packet[VideoStream]) -> None:
        if not self._sent and packet.has_sidedata("encryption_info"):
            raise SourceError(f"{self._opening.name}: the video is encrypted; decrypt it first")
        self._sent += 1
        pts = packet.pts
        self._sizes.add(pts, packet.size)
        if packet.is_corrupt:
            self._torn.add(pts)

    def _count(self, error: Exception) -> None:
        self.errors += 1
        self.last_error = redact(getattr(error, "strerror", None) or error)

    def _rescue(self) -> Generator[Decoded]:
        """Decode the end again on one thread and yield the frames that are still missing.

        With frame threads, PyAV stops at the first error of the final flush and drops the good frames
        behind it: with 8 threads one bad packet among the last 8 of FFV1 cost 3 frames, with one
        thread 1, and how many threads there are depends on the machine. The second pass starts at
        the last key frame that came out and skips what was shown since.
        """
        if not self._framed:
            return
        with closing(Decoder(replace(self._opening, threads=1))) as again, suppress(av.FFmpegError):
            skip = self._given if self._anchor is None else self._since
            found = self._anchor is None
            if not found:
                again.container.seek(self._anchor or 0, stream=again.stream)
            while item := again.read():
                found = found or item.frame.pts == self._anchor
                if found and skip:
                    skip -= 1
                elif found:
                    self._given += 1
                    yield item
