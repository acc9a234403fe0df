"""Damage that only a C library notices, and tells nobody but stderr: libjpeg decodes on, whatever comes.

Listening means turning the process's stderr aside, so it is for commands, which own their process; a
library call leaves stderr alone. Other ways were looked for: OpenCV keeps libjpeg's count of warnings to
itself, and the damage cannot be seen without decoding.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rtdiff.errors import SourceError, redact

# libjpeg-turbo, jerror.h; 'extraneous bytes before marker' is common and harmless.
_DAMAGE = ("premature end of", "bad Huffman code", "bad arithmetic code", "found marker", "Inconsistent prog")
_MOST_BYTES = 1 << 15  # less than a pipe holds


@contextmanager
def native_messages() -> Iterator[list[str]]:
    """Catch what is written to the process's stderr; the list is filled when the block ends.

    Only one thread may do so at a time. Where there is no such thing as a full pipe that does not
    block (Windows), or no stderr, nothing is caught.
    """
    said: list[str] = []
    try:
        kept = os.dup(2) if os.name == "posix" else -1
    except OSError:
        kept = -1
    if kept < 0:
        yield said
        return
    ear, mouth = os.pipe()
    os.set_blocking(ear, False)
    os.set_blocking(mouth, False)  # whoever says more than it holds is not held up
    if sys.stderr is not None:
        sys.stderr.flush()
    os.dup2(mouth, 2)
    os.close(mouth)
    try:
        yield said
    finally:
        os.dup2(kept, 2)  # closes the last writing end
        os.close(kept)
        with os.fdopen(ear, "rb") as file:
            said += (file.read(_MOST_BYTES) or b"").decode("utf-8", "replace").splitlines()


def refuse_damaged(said: list[str], read: Callable[[str, int], object], names: tuple[str, str]) -> None:
    """Refuse the JPEG that libjpeg complained of while two pictures were read.

    Parameters
    ----------
    said : list of str
        What `native_messages` caught meanwhile.
    read : callable
        Reads a name, given which side it is: 0 the reference, 1 the test.
    names : tuple of str
        Their names.

    Raises
    ------
    SourceError
        There was damage.
    """
    if damage := _damage(said):
        name = _guilty(read, names)
        subject = "stdin" if name == "-" else redact(name)
        raise SourceError(f"{subject}: the JPEG data are damaged ({damage}); copy or make it again")


def _guilty(read: Callable[[str, int], object], names: tuple[str, str]) -> str:
    """Return which of two it was: a file is read a second time, alone; what is no file cannot be."""
    for side, name in enumerate(names):
        if Path(name).is_file():
            with native_messages() as said:
                read(name, side)
            if _damage(said):
                return name
    return next((name for name in names if not Path(name).is_file()), names[0])


def _damage(said: list[str]) -> str:
    """Return the first words of damage that libjpeg said, or nothing."""
    found = (line for line in said if any(words in line for words in _DAMAGE))
    return next(found, "").removeprefix("Corrupt JPEG data: ")
