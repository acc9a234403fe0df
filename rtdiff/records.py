"""What travels from room to room. Records hold data; they decide nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, fields, replace
from functools import partial
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass

Plane = NDArray[Any]
"""(H, W) uint8 or uint16, one colour component; rows may be strided, samples are contiguous."""

Picture = NDArray[np.uint8]
"""(H, W, 3) uint8, BGR, for people to look at."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Gives an array that is there already, where others make one."""

    array: NDArray[Any]
    """What is given."""

    def __call__(self) -> NDArray[Any]:
        return self.array


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """One thing that was changed or chosen before comparing. Nothing is silent."""

    kind: str
    """One of the contract's kinds: scale, pad, crop, orientation, alpha, window, light ..."""
    side: Literal["reference", "test", "both"]
    """Which picture was changed."""
    before: Any
    """What it was; JSON key ``from``."""
    after: Any
    """What it became; JSON key ``to``."""
    detail: str = ""
    """For people, one sentence at most."""


class Coding(NamedTuple):
    """How a frame of a video was coded."""

    picture_type: str
    """``I``, ``P`` or ``B``; empty where the decoder does not say."""
    bytes: int
    """Of its packets; 0 where none could be told to be its own."""
    key: bool
    """Whether decoding may begin with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source, as planes on the host."""

    planes: tuple[Plane, ...]
    """Luma first, then chroma (or nothing for gray); every plane (H, W) or subsampled, uint8 or
    uint16 (native byte order). A picture with alpha has six: Y, Cb, Cr over white, then over
    black. Possibly read-only and possibly strided views of a decoder's memory."""
    data_range: int
    """Largest code value: 255 at 8 bit, 1023 at 10 bit, 65535 at 16 bit."""
    color_range: Literal["full", "limited"]
    """Whether luma black..white is 0..data_range or 16..235 (scaled by depth)."""
    matrix: Literal["bt601", "bt709", "bt2020"]
    """How Y, Cb, Cr were made from R, G, B."""
    time_ns: int
    """Nanoseconds since the start of the source; never decreases. Of a file: from its
    container's start; of anything live: arrival."""
    index: int
    """Number of this frame in its source, from 0."""
    source: str
    """Name of the source, without credentials."""
    bgr: Callable[[], Picture]
    """Makes the picture; call `picture` instead, which makes it once."""
    pts_ns: int | None = None
    """What the medium says the time is, nanoseconds, or None; only reported."""
    corrupt: bool = False
    """The decoder marked this frame as damaged."""
    corrections: tuple[Correction, ...] = ()
    """What the source changed while reading (side is filled in later: 'both' until then)."""
    frames: int = 1
    """How many its file holds, if it is a picture: frames of an animation, pages of a document."""
    coding: Coding | None = None
    """How it was coded, if it is one of a video."""
    _made: list[Picture] = field(default_factory=list, repr=False)

    @property
    def luma(self) -> Plane:
        """Luma, ``planes[0]``, (H, W)."""
        return self.planes[0]

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height, pixels."""
        height, width = self.planes[0].shape
        return width, height

    def picture(self) -> Picture:
        """Return the frame as (H, W, 3) uint8 BGR, made once, on the first call."""
        if not self._made:
            self._made.append(self.bgr())
        return self._made[0]

    def copy(self) -> Frame:
        """Return a frame that owns its memory, picture included, for keeping past its source's end."""
        picture = Kept(self.picture().copy())
        planes = tuple(np.array(plane, order="C") for plane in self.planes)
        return replace(self, planes=planes, bgr=picture, _made=[])


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """A step of the loop, at least every 250 ms, with or without a new frame."""

    frame: Frame | None
    """The newest frame, or None when nothing arrived."""
    state: str
    """State of the source: live, stalled, ended ..."""
    time_ns: int
    """Time of this tick on the source's clock, nanoseconds."""
    dropped: int = 0
    """Frames skipped since the start because newer ones had arrived."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A frame on an engine's device."""

    frame: Frame
    """The host frame, so that another engine can prepare it anew."""
    planes: tuple[Any, ...]
    """The planes as the engine wants them, on its device."""
    sums: dict[str, Any] = field(default_factory=dict, repr=False)
    """What depends on this picture alone, made on its first use as a reference."""


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """Where the mask is set, by cells of 8x8 pixels; 1-D arrays, cell ``row * shape[1] + column``.

    Only cells with ``area > 0`` hold anything in the other arrays.
    """

    shape: tuple[int, int]
    """Rows and columns of cells."""
    area: NDArray[np.int32]
    """Different pixels in the cell."""
    x0: NDArray[np.int32]
    """Left edge of them, pixels; the four edges are half-open and exact."""
    y0: NDArray[np.int32]
    """Top edge."""
    x1: NDArray[np.int32]
    """Right edge."""
    y1: NDArray[np.int32]
    """Bottom edge."""
    max_diff: NDArray[np.int32]
    """Largest difference of a sample at a different pixel, code values."""
    min_ssim: NDArray[np.float32]
    """Lowest SSIM at a different pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A metric of one pair that was asked for beside `ssim`."""

    mean: float
    """Of luma over all zones and the valid area, -1..1; 1 is the same."""
    by_label: NDArray[np.float64]
    """Of luma by label of the zone map, index 0 unused; NaN for a zone without pixels."""
    window: int
    """Smallest side of a window, pixels."""
    full_window: int
    """What it is where pictures are large enough, pixels."""
    planes: Mapping[str, float] = field(default_factory=dict)
    """Over all zones by plane, y, u and v as far as there are, and ``all``; empty if of luma only."""


class Noise(NamedTuple):
    """How much a pair differs by nature."""

    luma: float
    """Levels of 0..255 of the difference."""
    chroma: float
    """The same of chroma."""
    exact: bool = False
    """There is none: texture hides nothing, every difference was made."""
    frames: int = 0
    """How many frames it was learned from; 0: from the pair alone."""


@dataclass(frozen=True, slots=True, eq=False)
class DiffMap:
    """What an engine makes of two prepared frames, before anything is called a region."""

    reference: Prepared
    """What it was held against."""
    test: Prepared
    """The current frame."""
    engine: str
    """Name of the engine."""
    window: int
    """Side of the SSIM window, pixels; 7 unless the picture is smaller."""
    noise: Noise
    """What differences were measured in."""
    ssim: NDArray[np.float64]
    """Mean SSIM by label of the zone map, index 0 unused; NaN for a zone without pixels."""
    mssim: float
    """Mean SSIM over all zones and the valid area, -1..1."""
    min_ssim: float
    """Lowest SSIM in the zones, -1..1."""
    min_xy: tuple[int, int]
    """Where, pixels."""
    tiles: Tiles
    """Summary of the mask."""
    labels: NDArray[np.uint8] | None
    """(H, W) zone map, 0 = ignored; None when everything is one zone."""
    pixels: NDArray[np.int64]
    """Pixels by label; index 0: the ignored ones."""
    identical: bool
    """Every sample of every plane is equal."""
    differences: NDArray[np.int64] | None
    """(labels, 2): sums of abs(d) and of d * d of luma by label; None unless asked for."""
    mask: NDArray[np.uint8]
    """(H, W) 255 where different; from the engine's pool, or made when asked for."""
    group: Callable[[int], tuple[NDArray[np.int32], Tiles]]
    """Merge distance in pixels -> number of every tile's component (-1: none), and the summary of
    components, as `Tiles` of shape (1, components)."""
    tile_labels: NDArray[np.int16] | None
    """Zone of every tile, -1 where it has more than one; None as `labels`."""
    map: Callable[[], NDArray[Any]]
    """Makes the (H, W) SSIM map: float64 from numpy, float32 from numba and cupy."""
    ssim_rows: Callable[[tuple[int, int]], NDArray[Any]]
    """Makes some rows of it, from the first to before the second."""
    measured: Mapping[str, Measured] = field(default_factory=dict)
    """Further metrics by name, what was asked for only."""


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """One different region."""

    id: int
    """Number of the region, from 1; in a stream the same region keeps it."""
    xyxy: tuple[int, int, int, int]
    """Left, top, right, bottom; half-open; pixels of the oriented reference."""
    area_px: int
    """Different pixels in it."""
    min_ssim: float
    """Lowest local SSIM at its different pixels, -1..1."""
    max_diff: float
    """Largest difference of a sample in it, in levels of 0..255 whatever the depth."""
    zone: str = ""
    """Name of the zone that holds most of it, empty when there are no named zones."""


@dataclass(frozen=True, slots=True, eq=False)
class ZoneResult:
    """One named zone of a comparison."""

    score: float
    """0..1, 1 is the same."""
    changed_fraction: float
    """Different pixels over pixels of the zone."""
    boxes: int
    """How many boxes lie mostly in it."""
    pixels: int
    """Pixels of the zone."""


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """What changed in the whole picture at once."""

    light: tuple[float, float] | None = None
    """Gain, and offset in levels of 0..255, of the test's luma against the reference's."""
    shift: tuple[int, int] | None = None
    """How far the test is shifted to the right and down, pixels."""
    margin: int = 0
    """How much farther than its different pixels a thing may reach, pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Diff:
    """The result of one comparison, as decided."""

    score: float
    """Of the first metric asked for; 0..1, 1.0 is the same."""
    mssim: float
    """Mean of the first SSIM named, -1..1."""
    min_ssim: float
    """Lowest local SSIM, -1..1."""
    min_xy: tuple[int, int]
    """Where it is, pixels."""
    metrics: Mapping[str, float]
    """What was computed, by name; ``psnr_db`` may be infinite."""
    boxes: tuple[Box, ...]
    """Different regions, largest first."""
    changed_fraction: float
    """Different pixels over pixels of all zones, 0..1."""
    zones: Mapping[str, ZoneResult]
    """By name; empty when no zone was named."""
    corrections: tuple[Correction, ...]
    """Everything that was changed before comparing."""
    reasons: tuple[str, ...]
    """Why it is different; empty when it is the same."""
    identical: bool
    """Every sample of every plane is equal, and so are size and depth."""
    engine: str
    """Name of the engine that compared."""
    noise_levels: float
    """The noise that differences were measured in, levels of 0..255."""
    reference: Frame = field(repr=False)
    """The reference as it was compared."""
    test: Frame = field(repr=False)
    """The test picture (the current frame) as it was compared."""
    _mask: Callable[[], NDArray[np.uint8]] = field(repr=False)
    _map: Callable[[], NDArray[Any]] = field(repr=False)
    planes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Metrics that have a value for every plane: name -> {"y": .., "u": .., "v": .., "all": ..}."""
    whole: Whole = field(default_factory=Whole)
    """What changed in the whole picture at once."""
    noise_frames: int = 0
    """How many frames the noise was learned from; 0: from the pair alone."""
    densest: tuple[int, tuple[int, int]] | None = None
    """Most different pixels in a square of ``max_density``, and its left top corner; None: not asked."""

    @property
    def same(self) -> bool:
        """Whether there is no reason to call the two different."""
        return not self.reasons

    @property
    def mask(self) -> NDArray[np.uint8]:
        """(H, W) uint8, 255 where different: the pixels of the boxes and no other."""
        return self._mask()

    @property
    def map(self) -> NDArray[Any]:
        """(H, W) local SSIM, -1..1, float32 or float64; computed when asked for."""
        return self._map()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from rtdiff.notebook import html_of

        return html_of(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with everything made: some 40 MB at 1080p."""
        made: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        made |= {"reference": self.reference.copy(), "test": self.test.copy()}
        made |= {"_mask": Kept(self.mask), "_map": Kept(self.map)}
        return partial(Diff, **made), ()


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One line of the event log, see the contract; `extra` holds what only some kinds have."""

    id: str
    """Unique for ever; sorts by time."""
    seq: int
    """Number in this log, from 1, without gaps."""
    kind: str
    """alarm_raised, alarm_cleared, reminder, heartbeat, started, stopped ..."""
    source: str
    """Name of the source."""
    time: str
    """UTC, ISO 8601 with milliseconds and Z."""
    stream_ns: int
    """Nanoseconds since the source's start."""
    frame: int | None = None
    """Number of the frame."""
    zone: str | None = None
    """Name of the zone."""
    alarm: str | None = None
    """Id of the opening event."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further JSON keys: score, boxes, reference, reason, duration_s ..."""
