"""Frames as ticks. Files: all frames, in order, decoded ahead by a bounded number."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator

from rtdiff.records import Frame, Tick

AHEAD = 4  # frames decoded while one is compared
_POLL_S = 0.2  # how soon the decoding thread notices that nobody wants more


class FileCapture:
    """Reads a source in a thread of its own and hands on every frame.

    Iterate once. Whatever stops the source is raised where the ticks are taken; leaving the
    iteration early, or `close`, ends the thread.

    Parameters
    ----------
    frames : iterable of Frame
        A source.
    """

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = frames
        self._queue: queue.Queue[Frame | BaseException | None] = queue.Queue(AHEAD)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="rtdiff-decode", daemon=True)

    def __iter__(self) -> Iterator[Tick]:
        """Yield a tick per frame, then one without a frame whose state is 'ended'."""
        self._thread.start()
        time_ns = 0
        try:
            while True:
                item = self._queue.get()
                if isinstance(item, BaseException):
                    raise item
                if item is None:
                    break
                time_ns = item.time_ns
                yield Tick(item, "live", time_ns)
                del item
            yield Tick(None, "ended", time_ns)
        finally:
            self.close()

    def close(self) -> None:
        """End the thread; idempotent."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _read(self) -> None:
        last: BaseException | None = None
        try:
            for frame in self._frames:
                if not self._put(frame):
                    return
                del frame
        except Exception as error:  # any of the source's: it is raised in the reader
            last = error
        self._put(last)

    def _put(self, item: Frame | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_POLL_S)
            except queue.Full:
                continue
            return True
        return False


def until(ticks: Iterable[Tick], duration_ns: int | None, enough: Callable[[], str]) -> Iterator[Tick]:
    """Yield ticks until a time is over or somebody has had enough; the last one says why.

    Parameters
    ----------
    ticks : iterable of Tick
        A capture.
    duration_ns : int or None
        Stream time from which on nothing is taken, nanoseconds from the first tick.
    enough : callable
        Asked after every tick: 'ended' or 'interrupted' to end, empty to go on.
    """
    first: int | None = None
    for tick in ticks:
        first = tick.time_ns if first is None else first
        over = duration_ns is not None and tick.time_ns - first >= duration_ns
        if not over:
            yield tick
        state = "ended" if over else enough()
        if state and tick.state != "ended":
            yield Tick(None, state, tick.time_ns, tick.dropped)
            return
