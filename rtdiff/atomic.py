"""A file is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from rtdiff.errors import SinkError, redact


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` beside `path`, then put it in place; what was there stays until then.

    Something that is not a regular file (``/dev/stdout``) is written to as it is.

    Raises
    ------
    SinkError
        When the folder is missing, or the file cannot be written; nothing half is left behind.
    """
    target = checked_target(path)
    if target.exists() and not target.is_file():
        try:
            target.write_bytes(data)
        except OSError as error:
            raise cannot_write(path, error) from error
        return
    part = part_beside(target)
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise cannot_write(path, error) from error


def checked_target(path: Path) -> Path:
    """Return where `path` leads to (through links); refuse a folder and a missing folder.

    Raises
    ------
    SinkError
        As said above; no folder is created, for a misspelt path would look like success.
    """
    try:
        target = path.resolve()
        folder_there, is_folder = target.parent.is_dir(), target.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links; a null character
        raise SinkError(f"{redact(path)}: not a usable path; choose another place") from error
    if is_folder:
        raise SinkError(f"{redact(path)}: is a folder; name a file")
    if not folder_there:
        raise SinkError(f"{redact(path)}: the folder {redact(path.parent)} does not exist; create it first")
    return target


def part_beside(target: Path) -> Path:
    """Return a name in the folder of `target` that nobody else uses, for the unfinished file."""
    return target.with_name(f".rtdiff-{os.urandom(6).hex()}.part")


def cannot_write(path: Path | str, error: OSError) -> SinkError:
    """Return the one-line error for a file that the system refuses to write."""
    why = redact(error.strerror or error)
    return SinkError(f"{redact(path)}: cannot be written ({why}); free space or choose another place")
