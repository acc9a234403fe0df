"""One decoded frame -> planes, without a copy where the format allows."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from rtdiff.records import Picture, Plane

Kind = Literal["planar", "interleaved", "rgb"]

_SUBSAMPLED = {
    (64, 64): "444",
    (32, 64): "422",
    (32, 32): "420",
    (64, 32): "440",
    (16, 64): "411",
    (16, 16): "410",
}
_BYTE, _WORD = np.dtype(np.uint8), np.dtype(np.uint16)
_DEEP_BGR = f"bgr48{sys.byteorder[0]}e"
_WIDE = (0, 2, 9)  # ISO 23091-2 primaries: unsaid, which HDR seldom is, or BT.2020
_SCALER = {"bt601": "ITU601", "bt709": "ITU709", "bt2020": "BT2020"}


@dataclass(frozen=True, slots=True)
class Layout:
    """How the samples of one pixel format lie in memory."""

    kind: Kind
    """planar: a plane each. interleaved: luma, then U and V in turns. rgb: anything of R, G, B."""
    via: str | None
    """Format that FFmpeg turns it into first (RGB, packed, foreign byte order, bits), or None."""
    bits: int
    """Bits of a sample of the planes, 8 to 16; of rgb 8, or 16 for anything deeper."""
    planes: int
    """1 for gray, 3 otherwise; alpha is left out."""
    shift: int
    """Empty low bits of a sample (P010: 6)."""
    swapped: bool
    """V before U."""
    alpha: bool
    """It carries transparency."""

    @property
    def data_range(self) -> int:
        """Largest code value of the planes."""
        return (1 << self.bits) - 1


@dataclass(frozen=True, slots=True)
class Orientation:
    """How to turn the coded picture for display: transpose first, then mirror."""

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @property
    def upright(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.transpose or self.mirror_x or self.mirror_y)

    @property
    def degrees(self) -> int:
        """The turn, clockwise; a mirrored picture is mirrored left to right after it."""
        return 90 * self.transpose + 180 * self.mirror_y

    @property
    def mirrored(self) -> bool:
        """Whether text would read backwards."""
        return self.transpose == (self.mirror_x == self.mirror_y)

    def apply(self, array: Plane) -> Plane:
        """Return `array` (H, W) or (H, W, 3) turned, its rows contiguous; itself when upright."""
        if self.upright:
            return array
        if self.transpose:
            array = array.swapaxes(0, 1)
        return np.ascontiguousarray(array[:: -1 if self.mirror_y else 1, :: -1 if self.mirror_x else 1])


@lru_cache(maxsize=64)
def layout_of(name: str) -> Layout:
    """Return the layout of FFmpeg's pixel format `name`.

    Raises
    ------
    ValueError
        It is not of pixels in memory (a hardware surface).
    """
    pixels = VideoFormat(name, 64, 64)
    parts = pixels.components
    if not parts or not parts[0].bits:
        raise ValueError(name)
    alpha = any(part.is_alpha for part in parts)
    bits = parts[0].bits
    if pixels.is_rgb or pixels.is_bayer or pixels.has_palette or name.startswith("xyz"):
        deep = bits > 8 or (pixels.is_bayer and pixels.bits_per_pixel > 8)
        return Layout("rgb", _DEEP_BGR if deep else "bgr24", 16 if deep else 8, 3, 0, False, alpha)
    planes = 3 if len(parts) >= 3 else 1
    where = [part.plane for part in parts[:planes]]
    foreign = bits > 8 and pixels.is_big_endian != (sys.byteorder == "big")
    odd = foreign or bits < 8 or bits > 16 or "msb" in name or "f16" in name
    if not odd and where == [0, 1, 1]:
        shift = 16 - bits if name.startswith("p") else 0
        return Layout("interleaved", None, bits, 3, shift, name in ("nv21", "nv42"), alpha)
    if not odd and where == list(range(planes)) and not (planes == 1 and alpha):
        return Layout("planar", None, bits, planes, 0, False, alpha)
    depth = 8 if bits <= 8 else min(bits, 16)
    base = "gray" if planes == 1 else f"yuv{_SUBSAMPLED[parts[1].width, parts[1].height]}p"
    end = "" if depth == 8 else f"{depth}{sys.byteorder[0]}e"
    return Layout("planar", base + end, depth, planes, 0, False, alpha)


def orientation_of(frame: VideoFrame) -> Orientation:
    """Return what the display matrix of `frame` asks for; turns that are not square: nothing."""
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return Orientation()
    # ISO 14496-12: x' = a x + c y, y' = b x + d y; rows (a, b, u), (c, d, v), (x, y, w).
    a, b, _, c, d = (int(v) for v in np.frombuffer(data, np.int32, 5))
    if b == c == 0:
        return Orientation(False, a < 0, d < 0)
    if a == d == 0:
        return Orientation(True, c < 0, b < 0)
    return Orientation()


def planes_of(frame: VideoFrame, layout: Layout, orientation: Orientation) -> tuple[Plane, ...]:
    """Return Y, U, V (or Y) of `frame`, (H, W) each, uint8 or uint16, read-only.

    The views keep the decoder's buffer alive and unchanged for as long as they live. RGB becomes Y,
    Cb, Cr, BT.601 in full range.

    Raises
    ------
    av.FFmpegError
        FFmpeg cannot convert this pixel format.
    """
    if layout.kind == "rgb":
        from rtdiff.sources.colour import bgr_to_planes

        bgr = np.ascontiguousarray(orientation.apply(frame.to_ndarray(format=layout.via)))
        planes: tuple[Plane, ...] = bgr_to_planes(bgr)
    else:
        if layout.via:
            frame = frame.reformat(format=layout.via)
        planes = _coded(frame, layout)
        if not orientation.upright:
            planes = tuple(map(orientation.apply, planes))
    for plane in planes:
        plane.setflags(write=False)
    return planes


def _coded(frame: VideoFrame, layout: Layout) -> tuple[Plane, ...]:
    """Return the planes of `frame` unturned: views, or copies where samples do not lie together."""
    dtype = _BYTE if layout.bits == 8 else _WORD
    stored = frame.planes
    if layout.kind == "planar":
        return tuple([_view(plane, dtype, 1) for plane in stored[: layout.planes]])
    luma, chroma, shift = _view(stored[0], dtype, 1), _view(stored[1], dtype, 2), layout.shift
    u, v = chroma[:, 0::2] >> shift, chroma[:, 1::2] >> shift
    return (luma >> shift if shift else luma, *((v, u) if layout.swapped else (u, v)))


def _view(plane: Any, dtype: np.dtype[Any], samples: int) -> Plane:
    """Return the samples of `plane`, an av.VideoPlane, as they lie; a negative line size means bottom-up."""
    stride, height = plane.line_size, plane.height
    offset = 0 if stride >= 0 else (1 - height) * stride
    return np.ndarray((height, plane.width * samples), dtype, plane, offset, (stride, dtype.itemsize))


def picture_of(
    frame: VideoFrame,
    matrix: str,
    color_range: str,
    orientation: Orientation,
    hdr: Literal["", "pq", "hlg"] = "",
) -> Picture:
    """Return `frame` as (H, W, 3) uint8 BGR for people, by FFmpeg's scaler.

    Parameters
    ----------
    frame : av.VideoFrame
        As decoded.
    matrix, color_range : str
        As in `Frame`; what the file leaves open has been decided.
    orientation : Orientation
        Applied last.
    hdr : {'', 'pq', 'hlg'}
        How more light than a screen has was coded; then it is tone-mapped.
    """
    scaler = _SCALER[matrix]
    made = frame.to_ndarray(
        format=_DEEP_BGR if hdr else "bgr24",
        src_colorspace=scaler,
        dst_colorspace=scaler,
        src_color_range="JPEG" if color_range == "full" else "MPEG",
        dst_color_range="JPEG",
    )
    if hdr:
        from rtdiff.sources.hdr import tone_mapped

        return orientation.apply(tone_mapped(made, hdr, frame.color_primaries in _WIDE))
    return orientation.apply(made.copy() if frame.format.name == "bgr24" else made)
