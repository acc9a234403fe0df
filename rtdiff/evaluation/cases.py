"""What a dataset is made of: scenes of still pairs, of frames with masks, of alarms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rtdiff.evaluation.matching import XYXY, TrueBox

Mask = NDArray[np.uint8]
"""(H, W), 255 where different."""
Truth = NDArray[np.uint8]
"""(H, W): STATIC, CHANGED or UNKNOWN."""
STATIC, UNKNOWN, CHANGED = 0, 128, 255


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a method finds in one picture."""

    mask: Mask
    """Where it is different."""
    boxes: Sequence[XYXY]
    """Its regions."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two still pictures, and what is true of them."""

    name: str
    """For people."""
    reference: Path
    """What it should be."""
    test: Path
    """What it is."""
    boxes: tuple[TrueBox, ...]
    """True regions, pixels of the reference."""
    truth: Callable[[], Truth] | None = None
    """Makes the true mask; None: there are only boxes."""


@dataclass(frozen=True, slots=True, eq=False)
class StillScene:
    """Pairs of pictures that belong together."""

    name: str
    """For people; unique in the dataset."""
    pairs: tuple[Pair, ...]
    """At least one."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskScene:
    """A sequence of frames, some with a true mask."""

    name: str
    """For people; unique in the dataset."""
    frames: Mapping[int, Path] | Path
    """Number -> picture, ascending; or a video, whose first frame is number 1."""
    truth: Mapping[int, Path]
    """Number -> mask of the frames that are evaluated, ascending; at least one."""
    first: int
    """What is before this frame is known beforehand: the reference is made of it."""
    region: Path | None = None
    """A picture; black is not evaluated."""
    reference: Path | None = None
    """A picture; None: the median of the frames before `first`."""


@dataclass(frozen=True, slots=True, eq=False)
class AlarmScene:
    """A video, and when something happens in it."""

    name: str
    """For people; unique in the dataset."""
    source: str
    """What `rtdiff.open_source` opens."""
    events: tuple[tuple[float, float], ...]
    """Start and end of every event, seconds of the video, ascending."""


Scene = StillScene | MaskScene | AlarmScene


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """What is measured on."""

    path: str
    """As it was named."""
    layout: str
    """deeppcb, coco, cdnet, events; several with commas."""
    scenes: tuple[Scene, ...]
    """At least one."""
