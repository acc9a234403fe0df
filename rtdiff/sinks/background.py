"""A sink that may block, behind a thread and a bounded queue: frames are not late because a reader is."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import ClassVar

from rtdiff.errors import SinkError
from rtdiff.records import Diff, Event, Tick
from rtdiff.sinks.sink import Sink

LINES_MOST = 1000
CLOSE_S = 2.0  # a signal ends everything within 2 s, also with a reader that hangs


class Background(Sink):
    """Hands what it is given to `sink` in a thread of its own; when too much waits, the oldest is dropped.

    For sinks that look at events only: ticks are passed on without their frames, so that nothing holds
    a decoder's memory. What the sink raises is raised by the next `write` or `close`.

    Parameters
    ----------
    sink : Sink
        ``wants_picture`` must be False; it is closed with this one.
    most : int
        How many events may wait.
    """

    wants_picture: ClassVar[bool] = False

    def __init__(self, sink: Sink, most: int = LINES_MOST) -> None:
        if sink.wants_picture:
            raise ValueError("a sink that wants pictures cannot stand behind a queue of events")
        self.dropped = 0
        """Events given up because the sink was too slow."""
        self._sink = sink
        self._most = most
        self._waiting: deque[tuple[Tick, Event]] = deque()
        self._change = threading.Condition()
        self._error: SinkError | None = None
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="rtdiff-sink", daemon=True)
        self._thread.start()

    def write(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Queue the events of this tick; never waits."""
        bare = Tick(None, tick.state, tick.time_ns, tick.dropped)
        with self._change:
            for event in events:
                if len(self._waiting) >= self._most:
                    self._waiting.popleft()
                    self.dropped += 1
                self._waiting.append((bare, event))
            if events:
                self._change.notify()
        self._tell()

    def close(self) -> None:
        """Give the sink 2 s for what is waiting, then go.

        Raises
        ------
        SinkError
            When it did not finish, or could not write.
        """
        with self._change:
            self._ending = True
            self._change.notify()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            lost = len(self._waiting)
            self._waiting.clear()
            if lost:
                self.dropped += lost
                raise SinkError(f"output: nobody reads it, {lost} events were not written; read it faster")
        self._tell()

    def _work(self) -> None:
        while True:
            with self._change:
                while not self._waiting and not self._ending:
                    self._change.wait()
                step = self._waiting.popleft() if self._waiting else None
            try:
                if step is None:
                    self._sink.close()
                    return
                self._sink.write(step[0], None, [step[1]])
            except SinkError as error:
                self._error = error
                if step is None:
                    return

    def _tell(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error
