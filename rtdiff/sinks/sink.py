"""The face of every sink: `write`, `close`, `wants_picture`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from rtdiff.closing import Closing
from rtdiff.records import Diff, Event, Tick


class Sink(Closing):
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
