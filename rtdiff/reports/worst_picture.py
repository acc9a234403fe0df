"""A pair of frames as a page and a folder keep it: encoded, so that few bytes wait for the end."""

from __future__ import annotations

from rtdiff.classes import dataclass
from rtdiff.records import Box


@dataclass(frozen=True, slots=True, eq=False)
class WorstPicture:
    """Two frames of one time and what is different, as files that a browser shows."""

    index: int
    """Number of the pair, from 0."""
    frame_ref: int
    """Number of the frame of the reference, from 0."""
    frame_test: int
    """Of the test."""
    time_ref_ns: int
    """Time of the frame of the reference, nanoseconds from its start."""
    time_test_ns: int
    """Of the test."""
    score: float
    """0..1, 1.0 is the same."""
    changed_fraction: float
    """Different pixels over pixels, 0..1."""
    boxes: tuple[Box, ...]
    """Different regions, largest first, pixels of the reference."""
    same: bool
    """Whether there is no reason to call the two frames different."""
    size_wh: tuple[int, int]
    """Width and height of the reference, pixels; the test may be shown at another size."""
    reference: bytes
    """PNG or JPEG."""
    test: bytes
    """PNG or JPEG."""
    map: bytes
    """PNG: how strongly every place differs, in colours; empty where nobody asked for it."""
