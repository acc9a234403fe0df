"""What is made of pairs of two videos as they come: an annotated video, pictures of the worst."""

from __future__ import annotations

import platform
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from rtdiff.probe import OPENCV_WHEELS, version_of
from rtdiff.records import Tick
from rtdiff.sinks.video import VideoSink
from rtdiff.video_records import VideoPair
from rtdiff.video_writer import VideoWriter
from rtdiff.views.painter import Painter
from rtdiff.views.palette import palette_of
from rtdiff.worst import WorstKeeper

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig
    from rtdiff.reports.worst_picture import WorstPicture


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


class Worst(VideoWriter):
    """Pictures of the worst pairs; into a folder, or for a page where there is none."""

    def __init__(self, settings: CompareConfig, most: int, length_ns: int | None, folder: str | None) -> None:
        self._folder = folder
        self._keeper = WorstKeeper(
            most, files=folder is not None, palette=settings.palette, duration_ns=length_ns
        )
        self.pictures: tuple[WorstPicture, ...] = ()
        """What was kept, the worst first, when it is closed."""

    def write(self, pair: VideoPair) -> None:
        """Look at a pair."""
        self._keeper.add(pair)

    def close(self) -> None:
        """Write the pictures, if there is a folder for them."""
        self.pictures = self._keeper.pictures()
        if self._folder is not None and self.pictures:
            self._keeper.write(self._folder)


def versions() -> dict[str, str]:
    """Return what a result was made with beside rtdiff: program or library -> version."""
    names = "numpy", "numba", "av", *OPENCV_WHEELS
    return {"Python": platform.python_version()} | {
        name: found for name in names if (found := version_of(name))
    }
