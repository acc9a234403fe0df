"""The face of every source: iterate frames, `info`, `close`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from fractions import Fraction
from itertools import dropwhile
from types import TracebackType
from typing import Literal, Self

from rtdiff.classes import dataclass
from rtdiff.records import Correction, Frame


@dataclass(frozen=True, slots=True, eq=False)
class SourceInfo:
    """What is known of a source when it has been opened."""

    name: str
    """For people and events; without credentials."""
    kind: Literal["picture", "folder", "video", "synthetic", "array"]
    """Which row of the table opened it."""
    size_wh: tuple[int, int]
    """Width and height of the first frame after orientation, pixels."""
    fps: Fraction | None = None
    """Nominal frames a second, when there is such a thing."""
    frames: int | None = None
    """How many there are, only where it is certain (a file's header may lie)."""
    duration_ns: int | None = None
    """Length by the container, nanoseconds."""
    unsaid: tuple[str, ...] = ()
    """What the file does not say and was assumed: matrix, range."""
    detail: str = ""
    """Codec and format, for people."""
    shown: tuple[Correction, ...] = ()
    """What only `Frame.picture` changes, for people; planes are as coded."""


class Source(ABC):
    """Frames in order, from time 0.

    Iterating twice starts again at the first frame where the medium can (a file, a folder),
    and raises `SourceError` where it cannot (stdin). A source closes itself at the end of an
    iteration that is left early, also without ``with``.
    """

    info: SourceInfo

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Yield frames; the planes of one are valid as long as that frame is held."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and decoders; idempotent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Later(Source):
    """A source from a time on; frames before it are made and left out, the others are as they were.

    Parameters
    ----------
    source : Source
        Closed with this one.
    start_ns : int
        Time of the first frame, or somewhat before it, nanoseconds from the start.
    """

    def __init__(self, source: Source, start_ns: int) -> None:
        self._source, self._start_ns = source, start_ns
        self.info = source.info

    def __iter__(self) -> Iterator[Frame]:
        return dropwhile(lambda frame: frame.time_ns < self._start_ns, self._source)

    def close(self) -> None:
        """Close the source."""
        self._source.close()
