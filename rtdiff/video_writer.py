"""The face of what takes pairs of two videos as they come, and writes them."""

from __future__ import annotations

from abc import abstractmethod

from rtdiff.closing import Closing
from rtdiff.video_records import VideoPair


class VideoWriter(Closing):
    """Takes pairs, in order; a wrong path is told by its constructor."""

    @abstractmethod
    def write(self, pair: VideoPair) -> None:
        """Take a pair; its frames are not held."""
