"""Packets -> frames, past damage, with every frame that damage may have reached marked."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing, suppress

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from rtdiff.errors import SourceError, redact
from rtdiff.sources.container import choose_stream, open_container


class Decoder:
    """One pass over one video stream.

    Parameters
    ----------
    uri, name : str
        A path or ``-``, and what messages call it.
    threads : int
        Decoding threads; 0: as many as FFmpeg likes.
    max_pixels : int
        Larger pictures are refused.

    Raises
    ------
    SourceError
        It cannot be opened, has no video stream, is encrypted or too large.
    """

    def __init__(self, uri: str, name: str, threads: int, max_pixels: int) -> None:
        self._open = uri, name, threads, max_pixels
        self.container = open_container(uri, name, max_pixels)
        self._lock, self._stop = threading.Lock(), False
        self.errors = 0
        """Packets that could not be read or decoded so far."""
        self.last_error = ""
        """What FFmpeg said of the last of them."""
        self.ended = False
        """Whether the stream was read to its end."""
        try:
            self.stream, self.choices = choose_stream(self.container, name)
            context = self.stream.codec_context
            if context.width * context.height > max_pixels:
                size = f"{context.width}x{context.height}"
                raise SourceError(f"{name}: {size} is more than {max_pixels} pixels; scale it down first")
            context.options = {"max_pixels": str(max_pixels)}
            # Frame threads lose frames at a damaged end (see _rescue), and a pipe cannot be read again. With
            # FFV1 they race: under load one bad packet spoils up to 7 good frames before it (FFmpeg 8).
            self._framed = uri != "-" and context.name != "ffv1" and threads != 1
            context.thread_type = "AUTO" if self._framed else "SLICE"
            context.thread_count = threads
        except BaseException:
            self.container.close()
            raise
        self._sent = self._given = self._since = 0
        self._anchor: int | None = None
        self._torn: set[int | None] = set()
        self._tainted = False
        self._frames = self._decode(self.stream)

    def read(self) -> tuple[VideoFrame, bool] | None:
        """Return the next frame and whether it may be damaged, or None at the end.

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
                self.container.close()
            finally:
                self._lock.release()

    def _packets(self, stream: VideoStream) -> Iterator[Packet[VideoStream] | None]:
        """Yield packets, then None, where the decoder is to give up what it holds."""
        try:
            for packet in self.container.demux(stream):
                if not packet.size:
                    break
                yield packet
        except (av.FFmpegError, OSError) as error:  # the rest cannot be read: what there was stays
            self._count(error)
        yield None

    def _decode(self, stream: VideoStream) -> Generator[tuple[VideoFrame, bool]]:
        decode = stream.codec_context.decode
        for packet in self._packets(stream):
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

    def _mark(self, frames: list[VideoFrame]) -> Iterator[tuple[VideoFrame, bool]]:
        """Yield `frames` with their damage; holds none of them, so that the decoder reuses warm memory."""
        while frames:
            frame = frames.pop(0)
            damaged = frame.is_corrupt or (bool(self._torn) and frame.pts in self._torn)
            self._given += 1
            self._since += 1
            if frame.key_frame:
                self._anchor, self._since = frame.pts, 1
                self._tainted = damaged
            self._tainted = self._tainted or damaged
            yield frame, self._tainted

    def _look_at(self, packet: Packet[VideoStream]) -> None:
        if not self._sent and packet.has_sidedata("encryption_info"):
            raise SourceError(f"{self._open[1]}: the video is encrypted; decrypt it first")
        self._sent += 1
        if packet.is_corrupt:
            self._torn.add(packet.pts)

    def _count(self, error: Exception) -> None:
        self.errors += 1
        self.last_error = redact(getattr(error, "strerror", None) or error)

    def _rescue(self) -> Generator[tuple[VideoFrame, bool]]:
        """Decode the end again on one thread and yield the frames that are still missing.

        With frame threads, PyAV stops at the first error of the final flush and drops the good frames
        behind it: with 8 threads one bad packet among the last 8 of FFV1 cost 3 frames, with one
        thread 1, and how many threads there are depends on the machine. The second pass starts at
        the last key frame that came out and skips what was shown since.
        """
        if not self._framed:
            return
        uri, name, _, max_pixels = self._open
        with closing(Decoder(uri, name, 1, max_pixels)) as again, suppress(av.FFmpegError):
            skip = self._given if self._anchor is None else self._since
            found = self._anchor is None
            if not found:
                again.container.seek(self._anchor or 0, stream=again.stream)
            while item := again.read():
                found = found or item[0].pts == self._anchor
                if found and skip:
                    skip -= 1
                elif found:
                    self._given += 1
                    yield item
