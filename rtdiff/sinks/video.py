"""The annotated picture as a video that browsers play."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rtdiff.atomic import cannot_write, checked_target, part_beside
from rtdiff.errors import SinkError, redact
from rtdiff.records import Diff, Event, Picture, Tick
from rtdiff.sinks.sink import Sink
from rtdiff.sinks.still import checked_ending

if TYPE_CHECKING:
    import av

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
TIME_BASE = Fraction(1, 90_000)  # of MPEG: exact for 24, 25, 30, 50, 60 frames a second and for 30000/1001
CRF = "20"  # thin outlines stay sharp; x264's default of 23 smears them
LONGEST = 16_384  # pixels a side, x264's limit
KEYFRAME_S = 2  # how exactly a player can seek


class VideoSink(Sink):
    """H.264 (yuv420p, BT.709) at the frames' own times; ready to stream from its first byte.

    It is written beside the path under another name and takes its place when it is closed, also when an
    error ends the run. Without any frame there is no file, and `close` says so. A picture of
    another size than the first is scaled to the first; an odd size gets one more row or column.

    Parameters
    ----------
    path : Path or str
        Ends in one of `FORMATS`; the folder must exist.
    paint : callable
        Makes the (H, W, 3) uint8 BGR picture of a tick and its diff; it may hand out one buffer
        again and again. Not called for a tick without a frame.
    fps : Fraction or float
        Nominal rate: how long the last frame is shown, and where keyframes go.
    threads : int
        Of the encoder.

    Raises
    ------
    SinkError
        When the ending is unknown or the path cannot be written.
    """

    wants_picture: ClassVar[bool] = True

    def __init__(
        self,
        path: Path | str,
        paint: Callable[[Tick, Diff | None], Picture],
        fps: Fraction | float = 25,
        *,
        threads: int = 2,
    ) -> None:
        self.path = Path(path)
        self.frames = 0
        """Frames written so far."""
        self._paint = paint
        self._fps = Fraction(fps).limit_denominator(1001)
        self._threads = threads
        self._format = FORMATS[checked_ending(self.path, tuple(FORMATS))]
        self._target = checked_target(self.path)
        self._part = part_beside(self._target)
        try:
            self._part.touch(exist_ok=False)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self._out: Any = None
        self._stream: Any = None
        self._first_ns = 0
        self._last_pts = -1
        self._closed = False

    def write(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Add the picture of this tick, if there is a frame."""
        if tick.frame is None:
            return
        if self._closed:
            raise SinkError(f"{redact(self.path)}: is closed; nothing more can be written")
        picture = self._paint(tick, diff)
        with self._telling():
            if self._out is None:
                self._first_ns = tick.frame.time_ns
                self._open(picture)
            image = self._image(picture)
            # Two frames of one time would be refused by the muxer; one tick of 11 us apart is not seen.
            passed = Fraction(tick.frame.time_ns - self._first_ns, 10**9) / TIME_BASE
            self._last_pts = image.pts = max(round(passed), self._last_pts + 1)
            for packet in self._stream.encode(image):
                self._out.mux(packet)
        self.frames += 1

    def close(self) -> None:
        """Finish the video and put it in place.

        Raises
        ------
        SinkError
            When there was no frame, or the end cannot be written; no file is left then.
        """
        if self._closed:
            return
        self._closed = True
        try:
            if self.frames == 0:
                self._let_go()
                raise SinkError(
                    f"{redact(self.path)}: no frame was written, so there is no video; check the source"
                )
            with self._telling():
                for packet in self._stream.encode():
                    self._out.mux(packet)
                self._out.close()
                self._part.replace(self._target)
        finally:
            self._let_go()
            self._part.unlink(missing_ok=True)

    def _let_go(self) -> None:
        """Close the file whatever state it is in; its error has been told or is about to be."""
        import av

        if self._out is not None:
            with contextlib.suppress(av.FFmpegError, OSError):
                self._out.close()
        self._out = self._stream = None

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        import av

        try:
            yield
        except (av.FFmpegError, OSError) as error:
            if isinstance(error, SinkError):
                raise
            why = redact(error.strerror or error)
            raise SinkError(
                f"{redact(self.path)}: cannot be written ({why}); free space or choose another place"
            ) from error

    def _open(self, picture: NDArray[np.uint8]) -> None:
        import av
        from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

        height, width = (side + side % 2 for side in picture.shape[:2])
        if max(height, width) > LONGEST:
            raise SinkError(
                f"{redact(self.path)}: {width}x{height} is too large for H.264 ({LONGEST} a side); "
                "choose another layout"
            )
        fast = {"movflags": "+faststart"} if self._format in ("mp4", "mov") else {}
        self._out = av.open(str(self._part), "w", format=self._format, options=fast)
        self._stream = self._out.add_stream(
            "libx264", rate=self._fps, options={"preset": "veryfast", "crf": CRF}
        )
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        self._stream.time_base = TIME_BASE
        context = self._stream.codec_context
        context.time_base, context.thread_count = TIME_BASE, self._threads
        context.gop_size = max(1, round(self._fps * KEYFRAME_S))
        # With B-frames the muxer counts the length by decoding times: at an uneven rate players cut the end.
        context.max_b_frames = 0
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709

    def _image(self, picture: NDArray[np.uint8]) -> av.VideoFrame:
        import av
        import cv2
        from av.video.reformatter import ColorRange, Colorspace

        width, height = self._stream.width, self._stream.height
        down, right = height - picture.shape[0], width - picture.shape[1]
        if down in (0, 1) and right in (0, 1) and (down or right):
            picture = cv2.copyMakeBorder(picture, 0, down, 0, right, cv2.BORDER_REPLICATE)
        elif down or right:
            picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        image = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        image.time_base = TIME_BASE
        return image
