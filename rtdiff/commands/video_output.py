"""``compare A B -o FILE`` of videos: an annotated video, or a page."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from rtdiff.records import Tick
from rtdiff.sinks.video import VideoSink
from rtdiff.video_records import VideoPair
from rtdiff.video_writer import VideoWriter
from rtdiff.views.painter import Painter
from rtdiff.views.palette import palette_of

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig


class AnnotatedVideo(VideoWriter):
    """Every pair as a picture of a video, at the reference's times."""

    def __init__(self, settings: CompareConfig, fps: Fraction) -> None:
        painter = Painter(settings.layout, palette_of(settings.palette))
        self._sink = VideoSink(Path(settings.output or ""), painter, fps)

    def write(self, pair: VideoPair) -> None:
        """Draw a pair and add it."""
        self._sink.write(Tick(pair.reference, "live", pair.reference.time_ns), pair.diff, ())

    def close(self) -> None:
        """Finish the video and put it in place."""
        self._sink.close()
