"""``--align auto``: reads some of two videos, finds how the times of one follow the other's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rtdiff.align import FLOOR, Alignment, plan, sample, search
from rtdiff.errors import SettingsError
from rtdiff.records import Frame
from rtdiff.sources import Source, open_source

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

WHOLE_NS = 24 * 3600 * 10**9  # of a video that does not say how long it is
_Part = tuple[NDArray[np.int64], NDArray[np.uint16]]


def find_alignment(settings: CompareConfig, lengths_ns: tuple[int | None, int | None]) -> Alignment:
    """Return how the test's time follows the reference's.

    Parameters
    ----------
    settings : CompareConfig
        The two files.
    lengths_ns : tuple of int or None
        How long they are, nanoseconds; None: nobody knows.

    Raises
    ------
    SettingsError
        It cannot be told with confidence, or one of the two is a pipe.
    """
    names = settings.reference, settings.test
    if "-" in names:
        raise SettingsError("--align auto: reads both videos twice, and a pipe can be read once; save it")
    first, second = lengths_ns
    whole = [(0, WHOLE_NS)]
    windows = (whole, whole) if first is None or second is None else plan(first, second)
    with ThreadPoolExecutor(2, "rtdiff-align") as pool:
        parts = list(pool.map(lambda of: _samples(settings, *of), zip(names, windows, strict=True)))
    found = search(*parts[0], *parts[1])
    if found is None or found.confidence < FLOOR:
        why = "nothing moves in both" if found is None else f"confidence {found.confidence:.2f} of {FLOOR}"
        raise SettingsError(
            f"--align auto: no answer is sure enough ({why}); give --time-shift, or --align none"
        )
    return found


def _samples(settings: CompareConfig, name: str, windows: list[tuple[int, int]]) -> _Part:
    """Return times and fingerprints of the frames in some windows."""
    times: list[int] = []
    rows: list[NDArray[np.uint16]] = []
    for start_ns, length_ns in windows:
        for frame in _window(settings, name, start_ns, length_ns):
            times.append(frame.time_ns)
            rows.append(sample(frame))
    return np.array(times, np.int64), np.array(rows, np.uint16).reshape(len(rows), -1)


def _window(settings: CompareConfig, name: str, start_ns: int, length_ns: int) -> Iterator[Frame]:
    with open_input(settings, name, start_ns) as source:
        for frame in source:
            if frame.time_ns >= start_ns + length_ns:
                return
            yield frame


def open_input(settings: CompareConfig, name: str | os.PathLike[str], start_ns: int = 0) -> Source:
    """Open one of the two videos from a time on.

    Raises
    ------
    SettingsError, SourceError
        It cannot be read.
    """
    return open_source(
        name, fps=settings.fps, size=settings.size, pix_fmt=settings.pix_fmt, start_ns=max(start_ns, 0)
    )
