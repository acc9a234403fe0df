"""A name on this machine: is it there, is it a file, may we read it; refused before opening otherwise."""

from __future__ import annotations

import os
import select
import stat
import sys
import time
from pathlib import Path
from typing import BinaryIO

from rtdiff.errors import SourceError, redact

_MOST_PIPED = 1 << 28  # a stream of JPEGs begins like a picture, and never ends
_TOO_MUCH = f"more than {_MOST_PIPED} bytes are no picture; pipe a video as MPEG-TS"
_CHUNK = 1 << 20
_MOST_BYTES = (1 << 31) - 1  # OpenCV counts bytes in 32 bits
_MOST_NAMES = 20_000  # of a folder searched for a similar name
_KINDS = (
    (stat.S_ISDIR, "is a folder, not a file; name a file in it"),
    (stat.S_ISFIFO, "is a named pipe, not a file; pipe into '-' instead"),
    (stat.S_ISSOCK, "is a socket, not a file; name a file"),
    (stat.S_ISCHR, "is a device, not a file; name a file"),
    (stat.S_ISBLK, "is a disk device, not a file; name a file"),
)


def status(path: Path) -> os.stat_result:
    """Return the status of what `path` leads to, or raise `SourceError`, one line, with a remedy."""
    try:
        return path.stat()
    except FileNotFoundError:
        raise SourceError(f"{redact(path)}: no such file; {_similar(path)}") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{redact(path)}: {reason(error)}; check the name") from None


def regular(path: Path) -> os.stat_result:
    """Return the status of a plain file; refuse everything else without opening it."""
    found = status(path)
    for is_kind, words in _KINDS:
        if is_kind(found.st_mode):
            raise SourceError(f"{redact(path)}: {words}")
    return found


def read_start(path: Path, count: int) -> bytes:
    """Return the first `count` bytes of a plain file."""
    regular(path)
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise SourceError(f"{redact(path)}: {reason(error)}; check its rights") from None


def read_whole(path: Path, patience_s: float = 60) -> bytes:
    """Return all bytes of a plain file or a named pipe, read once: replacing it meanwhile disturbs nothing.

    Parameters
    ----------
    path : Path
        What a shell makes of ``<(command)`` is a named pipe.
    patience_s : float
        How long a pipe may be silent, seconds.

    Raises
    ------
    SourceError
        Not there, neither file nor pipe, too large, or silent for too long.
    """
    if stat.S_ISFIFO(status(path).st_mode) and os.name == "posix":
        return _read_pipe(path, patience_s)
    size = regular(path).st_size
    if size > _MOST_BYTES:
        raise SourceError(f"{redact(path)}: {size} bytes are no picture; {_MOST_BYTES} at most")
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(f"{redact(path)}: {reason(error)}; check its rights") from None


def stdin() -> BinaryIO:
    """Return stdin's bytes, or raise `SourceError` when it is closed, or a terminal."""
    if sys.stdin is None or sys.stdin.isatty():
        raise SourceError("stdin: nothing is redirected to it; write 'rtdiff ... - < FILE'")
    return sys.stdin.buffer


def read_stdin() -> bytes:
    """Return all of stdin, or raise `SourceError` when it is more than any picture."""
    data = stdin().read(_MOST_PIPED + 1)
    if len(data) > _MOST_PIPED:
        raise SourceError(f"stdin: {_TOO_MUCH}")
    return data


def _read_pipe(path: Path, patience_s: float) -> bytes:
    """Read until all writers have closed it; opened so that a pipe without a writer does not block."""
    parts: list[bytes] = []
    size, heard = 0, time.monotonic()
    try:
        pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise SourceError(f"{redact(path)}: {reason(error)}; check its rights") from None
    with open(pipe, "rb", buffering=0) as file:  # noqa: PTH123 - of a descriptor
        while size <= _MOST_PIPED:
            select.select([file], [], [], 0.05)
            part = file.read(_CHUNK)  # None: the writer is silent; empty: there is none (yet, or any more)
            if part:
                parts.append(part)
                size, heard = size + len(part), time.monotonic()
            elif part is not None and parts:
                break
            elif time.monotonic() - heard > patience_s:
                words = f"a named pipe, and nobody wrote to it for {patience_s:g} s"
                raise SourceError(f"{redact(path)}: {words}; start the writer first, or give a file")
            elif part is not None:
                time.sleep(0.02)  # select says at once that the end is reached, while nobody writes
    if size > _MOST_PIPED:
        raise SourceError(f"{redact(path)}: {_TOO_MUCH}")
    return b"".join(parts)


def reason(error: Exception) -> str:
    """Return the words of the system without number and path."""
    words = error.strerror if isinstance(error, OSError) else None
    return redact(words or error).lower()


def _similar(path: Path) -> str:
    from difflib import get_close_matches

    folder = path.parent
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _ in zip(entries, range(_MOST_NAMES), strict=False)]
    except FileNotFoundError:
        return f"there is no folder {redact(folder)} either"
    except OSError:
        return "check the name"
    lowered = {name.lower(): name for name in names}
    close = get_close_matches(path.name.lower(), lowered, n=1)
    return f"did you mean {redact(lowered[close[0]])}?" if close else "check the name"
