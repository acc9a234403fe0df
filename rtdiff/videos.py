"""Two videos: frames paired by time, every pair compared, and what they come to.

Decoding runs in a thread a file and is a few frames ahead; comparing takes what cores are left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rtdiff.aligning import open_input
from rtdiff.capture import FileCapture
from rtdiff.errors import RtdiffError, redact
from rtdiff.matching import format_of, match_videos
from rtdiff.pairing import Pairing, Slip, Step
from rtdiff.reconcile import expanded, fit_still
from rtdiff.records import Correction, Frame, Plane
from rtdiff.sizes import cut
from rtdiff.sources import Source
from rtdiff.tally import Tally
from rtdiff.video_judge import EVERY, VideoJudge
from rtdiff.video_records import SIDES, Figures, Side, VideoPair, VideoResult
from rtdiff.video_times import when

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

NS = 1_000_000_000


def compare_videos(
    reference: str | os.PathLike[str], test: str | os.PathLike[str], **options: Any
) -> VideoComparison:
    """Compare two videos, or a picture with every frame of a video; iterate to get the pairs.

    ::

        videos = rtdiff.compare_videos("a.mp4", "b.mp4")
        for pair in videos:
            print(pair.reference.index, pair.test.index, pair.score, [box.xyxy for box in pair.boxes])
        print(videos.result.same, videos.result.score, videos.result.unpaired)

    Parameters
    ----------
    reference, test : path
        What it should be, and what it is.
    **options
        Those of ``rtdiff compare``, in snake_case; a name that is none of them is an error.

    Returns
    -------
    VideoComparison
        Yields a `VideoPair` after another; `result` says what they come to.

    Raises
    ------
    SettingsError, SourceError, EngineError, MissingExtra
        An option that is not accepted, a file that cannot be read, an engine that cannot run.
    """
    from rtdiff.config import CompareConfig, from_options

    return VideoComparison(from_options(CompareConfig, reference=reference, test=test, **options))


class VideoComparison:
    """Pairs of two videos as they are compared; iterate once, or use ``with``.

    Parameters
    ----------
    settings : CompareConfig
        Inputs, engine, threshold, zones and so on.

    Attributes
    ----------
    skipped : tuple of str
        What ``--engine auto`` passed over, a line each.
    fps : Fraction
        Nominal rate of the pairs.
    """

    def __init__(self, settings: CompareConfig) -> None:
        self._settings = settings
        self._policy: Any = settings.size_policy or "scale"
        with ExitStack() as stack:
            self._sources = [self._opened(stack, name, 0) for name in (settings.reference, settings.test)]
            infos = [source.info for source in self._sources]
            self.fps = next((info.fps for info in infos if info.fps), settings.fps)
            self._when = when(settings, self.fps, infos[0], infos[1])
            if self._when.trimmed:  # opened anew, later: the first frames told what there is
                starts = self._when.start_ns, self._when.test_ns(self._when.start_ns) - self._when.slack_ns
                names = settings.reference, settings.test
                self._sources = [
                    source if name == "-" else self._opened(stack, name, start)  # a pipe is read once
                    for source, name, start in zip(self._sources, names, starts, strict=True)
                ]
            self._judge = VideoJudge(settings)
            self._closing = stack.pop_all()
        self.skipped = self._judge.skipped
        self._closing.callback(self._judge.close)
        self._tally = Tally(round(NS / self.fps))
        self._frames = [0, 0]
        self._slips: list[Slip] = []
        self._place = 0
        self._done = False
        self._error: str | None = None
        self._unsaid = infos[0].unsaid, infos[1].unsaid

    def _opened(self, stack: ExitStack, name: str, start_ns: int) -> Source:
        source = open_input(self._settings, name, start_ns)
        stack.callback(source.close)
        return source

    @property
    def pairs(self) -> int:
        """How many were compared so far."""
        return self._tally.pairs

    @property
    def score(self) -> float:
        """Mean so far."""
        return self._tally.score

    @property
    def length_ns(self) -> int | None:
        """How long the reference is compared, as far as its file says, nanoseconds."""
        length, wanted = self._sources[0].info.duration_ns, self._settings.duration
        return length if wanted is None else min(length or self._when.length_ns, self._when.length_ns)

    @property
    def expected(self) -> int | None:
        """How many pairs there may be, as the files say; None: they do not."""
        counts = []
        for source in self._sources:
            info = source.info
            length = None if info.duration_ns is None else info.duration_ns - self._when.start_ns
            if self._settings.duration is not None:
                length = min(length or self._when.length_ns, self._when.length_ns)
            if length and info.fps:
                counts.append(max(1, round(info.fps * Fraction(length, NS) / self._settings.every)))
        return min(counts, default=None)

    def __iter__(self) -> Iterator[VideoPair]:
        try:
            for step in self._steps():
                pair = self._compared(step)
                if pair is not None:
                    self._tally.take(pair)
                    yield pair
                del step, pair  # their memory goes back to the decoder
            self._done = True
        except RtdiffError as error:
            self._error = redact(error)
            raise
        finally:
            self.close()

    def _steps(self) -> Iterator[Step]:
        still = [source.info.kind == "picture" for source in self._sources]
        if any(still):
            return self._against_still(still.index(True))
        captures = [FileCapture(self._counted(side)) for side in (0, 1)]
        for capture in captures:
            self._closing.callback(capture.close)
        streams = [(tick.frame for tick in capture if tick.frame is not None) for capture in captures]
        pairing = Pairing(
            *streams,
            offset_ns=self._when.offset_ns,
            rate=self._when.rate,
            content=self._settings.align != "none",
            shortest=self._settings.end == "shortest",
        )
        self._slips = pairing.slips
        return iter(pairing)

    def _against_still(self, side: int) -> Iterator[Step]:
        (still,) = iter(self._sources[side])
        self._frames[side] = 1
        told = Correction("frame_choice", SIDES[side], 1, "every frame", "a still against every frame")
        self._tally.told(told)
        like: tuple[object, ...] = ()
        for frame in self._counted(1 - side):
            if like != (like := format_of(frame)):
                fitted = fit_still(still, frame)
            pair = (fitted, frame) if side == 0 else (frame, fitted)
            yield Step(*pair, (False, False), False)

    def _counted(self, side: int) -> Iterator[Frame]:
        """Yield the frames of a side that are asked for, as they are compared."""
        settings, inside = self._settings, self._when.inside[side]
        rect = (settings.crop_ref, settings.crop_test)[side]
        option = ("--crop-ref", "--crop-test")[side]
        for frame in self._sources[side]:
            place = inside(frame.time_ns)
            if place > 0:
                return
            if place < 0:
                continue
            self._frames[side] += 1
            if rect is not None:
                frame = cut(frame, rect, option)
            yield expanded(frame) if settings.range == "full" else frame

    def _compared(self, step: Step) -> VideoPair | None:
        frames = step.reference, step.test
        for side, frame in enumerate(frames):
            if frame is not None and step.repeated[side]:
                self._tally.repeated(side, frame.index)
        if frames[0] is None or frames[1] is None:
            side = int(frames[0] is None)
            frame = frames[side]
            assert frame is not None  # a step has one frame at least
            if side == 0 or self._when.counts(frame.time_ns):
                self._tally.alone(side, frame.index, corrupt=frame.corrupt)
            return None
        number = self._tally.pairs
        self._place += 1
        if (self._place - 1) % self._settings.every:
            return None
        first, second = match_videos(frames[0], frames[1], self._policy, _resized, self._unsaid)
        diff = self._judge(first, second, anew=step.cut or number % EVERY == 0)
        return VideoPair(number, frames[0], frames[1], diff)

    @property
    def result(self) -> VideoResult:
        """What the pairs so far come to; ``complete`` when all were taken."""
        for one in (*self._when.told, *map(_told, self._slips)):
            self._tally.told(one)
        first = next((slip for slip in self._slips if slip.start), None)
        early = ("offset",) if first else ()
        figures = self._tally.figures(forgiven=self._settings.end == "shortest", also=early)
        chosen: dict[str, Any] = {one.name: getattr(figures, one.name) for one in fields(Figures)}
        when = self._when
        return VideoResult(
            reference=self._side(0),
            test=self._side(1),
            complete=self._done,
            error=self._error,
            metric=self._settings.metric[0],
            offset_ns=when.offset_ns + (first.by_ns if first else 0),
            offset_confidence=first.share if first else when.confidence,
            rate=when.rate if when.rate != 1 else None,
            engine=self._judge.engine,
            **chosen,
        )

    def _side(self, side: int) -> Side:
        info = self._sources[side].info
        path = (self._settings.reference, self._settings.test)[side]
        fps = None if info.fps is None else float(info.fps)
        frames = self._frames[side]
        return Side(redact(path), info.size_wh, frames, fps, info.duration_ns, info.detail)

    def close(self) -> None:
        """Let go of files, threads and the device; idempotent."""
        self._closing.close()

    def __enter__(self) -> VideoComparison:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _resized(plane: Plane, shape_hw: tuple[int, ...], data_range: int) -> Plane:
    from rtdiff.sources.scaling import resized  # with PyAV

    return resized(plane, shape_hw, data_range)


def _told(slip: Slip) -> Correction:
    """Return what is told of frames that were lost or doubled."""
    count, word = abs(slip.frames), "frame" if abs(slip.frames) == 1 else "frames"
    if slip.start:
        way = "later" if slip.by_ns > 0 else "earlier"
        detail = f"the test shows everything {count} {word} {way}"
        return Correction("offset", "test", 0, slip.by_ns / NS, detail)
    if slip.frames < 0:
        detail = f"{count} {word} before frame {slip.frame_ref} of the reference are not in the test"
        return Correction("dropped", "test", slip.frame_ref, slip.frame_test, detail)
    detail = f"{count} {word} before frame {slip.frame_test} of the test are not in the reference"
    return Correction("dropped", "reference", slip.frame_test, slip.frame_ref, detail)
