"""The face of what takes pairs of two videos as they come, and writes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from rtdiff.errors import SinkError
from rtdiff.video_records import VideoPair


class VideoWriter(ABC):
    """Takes pairs, in order; a wrong path is told by its constructor."""

    @abstractmethod
    def write(self, pair: VideoPair) -> None:
        """Take a pair; its frames are not held."""

    @abstractmethod
    def close(self) -> None:
        """Put what was written in its place, nothing where nothing was; idempotent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except SinkError as second:
            if error is None:
                raise
            error.add_note(str(second))  # the first error is the one to be told
