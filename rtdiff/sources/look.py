"""What the frames of a stream have in common until the stream changes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from av.video.frame import VideoFrame

from rtdiff.errors import SourceError
from rtdiff.records import Correction
from rtdiff.sources.planes import Layout, Orientation, layout_of

_FULL = 2  # AVCOL_RANGE_JPEG
_UNSAID = (2, 3)  # AVCOL_SPC_UNSPECIFIED, RESERVED
# ISO 23091-2 matrix coefficients -> the nearest of our three; the first three are exact.
_MATRICES: dict[int, Literal["bt601", "bt709", "bt2020"]] = {
    1: "bt709", 5: "bt601", 6: "bt601", 9: "bt2020", 4: "bt601", 7: "bt709", 10: "bt2020",
}  # fmt: skip
_EXACT = (1, 5, 6, 9)
_NAMES = {0: "rgb", 4: "fcc", 7: "smpte240m", 8: "ycgco", 10: "bt2020-cl", 14: "ictcp", 15: "ipt-c2"}
_HDR: dict[int, Literal["pq", "hlg"]] = {16: "pq", 18: "hlg"}  # ISO 23091-2 transfer characteristics
# What a file without a word on it is taken for, at any size, as FFmpeg and OpenCV do when they make
# pictures of it. 'BT.709 from 720 lines up', the habit of players, puts luma of the published counter.mp4
# at 31 to 42 dB from its own frames as PNG instead of 47, and gives two sizes of one video two matrices.
_ASSUMED: Literal["bt601"] = "bt601"


@dataclass(frozen=True, slots=True)
class Look:
    """How to read and name the frames of one size, format and light."""

    key: Hashable
    """What it was made from, see `key_of`."""
    layout: Layout
    orientation: Orientation
    color_range: Literal["full", "limited"]
    matrix: Literal["bt601", "bt709", "bt2020"]
    corrections: tuple[Correction, ...]
    detail: str
    """Format and light, for people."""
    unsaid: tuple[str, ...] = ()
    """What the file does not say: matrix, range."""
    hdr: Literal["", "pq", "hlg"] = ""
    """How more light than a screen has is coded; empty: it is not."""

    @property
    def shown(self) -> tuple[Correction, ...]:
        """What only pictures for people are changed by."""
        if not self.hdr:
            return ()
        why = "in pictures for people only, by the curve of BT.2390; compared as coded"
        return (Correction("tone_map", "both", self.hdr, "sRGB", why),)


def key_of(frame: VideoFrame) -> Hashable:
    """Return all that a look depends on, but for the orientation."""
    return (
        frame.format.name,
        frame.width,
        frame.height,
        frame.color_range,
        frame.colorspace,
        frame.color_trc,
        frame.interlaced_frame,
    )


def make_look(frame: VideoFrame, orientation: Orientation, aspect: Fraction | None, subject: str) -> Look:
    """Decide how frames like `frame` are read, and note what is changed or assumed by it.

    Parameters
    ----------
    frame : av.VideoFrame
        The first of them.
    orientation : Orientation
        What its display matrix asks for.
    aspect : Fraction or None
        Width of a pixel over its height.
    subject : str
        Name of the source, for messages.

    Raises
    ------
    SourceError
        Its pixels cannot be read.
    """
    name = frame.format.name
    try:
        layout = layout_of(name)
    except ValueError as error:
        raise SourceError(
            f"{subject}: frames of {name} cannot be read; convert the video to yuv420p"
        ) from error
    rgb, said = layout.kind == "rgb", frame.colorspace
    full = rgb or frame.color_range == _FULL or name.startswith("yuvj")
    full = full or (layout.planes == 1 and frame.color_range == 0)  # FFmpeg takes gray for full range too
    matrix = _ASSUMED if rgb else _MATRICES.get(said, _ASSUMED)
    light = f"{'full' if full else 'limited'} {matrix}"
    unknown = {"matrix": said in _UNSAID, "range": frame.color_range == 0 and not full}
    unsaid = () if rgb else tuple(name for name, there in unknown.items() if there)
    if unsaid:
        light += " (assumed)"
    if frame.color_trc in _HDR:
        light += f", HDR ({_HDR[frame.color_trc]}), pictures of it tone-mapped"
    notes = []
    if not orientation.upright:
        turned = f"turned {orientation.degrees} degrees clockwise" + (
            ", mirrored" if orientation.mirrored else ""
        )
        notes.append(Correction("rotation", "both", orientation.degrees, 0, f"{turned}, as the file says"))
    if aspect and aspect != 1:
        ratio = f"{aspect.numerator}:{aspect.denominator}"
        notes.append(Correction("aspect", "both", ratio, "1:1", "pixels are not square; compared as coded"))
    if frame.interlaced_frame:
        notes.append(
            Correction("interlaced", "both", "fields", "frames", "both fields compared woven, as coded")
        )
    if not rgb and said not in (*_UNSAID, *_EXACT):
        notes.append(
            Correction("matrix", "both", _NAMES.get(said, said), matrix, "the nearest that is known")
        )
    if layout.alpha:
        notes.append(Correction("alpha", "both", name, "opaque", "transparency of a video is ignored"))
    return Look(
        key_of(frame),
        layout,
        orientation,
        "full" if full else "limited",
        matrix,
        tuple(notes),
        f"{name} {light}",
        unsaid,
        _HDR.get(frame.color_trc, ""),
    )
