"""The face of every sink: `write`, `close`, `wants_picture`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import TracebackType
from typing import ClassVar, Self

from rtdiff.errors import SinkError
from rtdiff.records import Diff, Event, Tick


class Sink(ABC):
    """Takes what the loop has found, a tick at a time, in order.

    Nothing is created or opened later than in the constructor, so that a wrong path is told at
    the start. `write` and `close` raise `SinkError`, and nothing else, for what the system refuses;
    `write` may be called again after that.
    """

    wants_picture: ClassVar[bool] = False
    """Whether it looks at pictures; where no sink and no window does, none is made."""

    @abstractmethod
    def write(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:
        """Take one step of the loop.

        Parameters
        ----------
        tick : Tick
            Its frame is None when nothing arrived.
        diff : Diff or None
            None without a frame, and while the reference is being learned.
        events : sequence of Event
            What happened at this tick, mostly nothing.
        """

    @abstractmethod
    def close(self) -> None:
        """Finish what was begun, so that it can be used; idempotent."""

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
