"""Zones and ignored places: from text to a label map, made once per shape.

A pixel belongs to a shape when its centre lies inside. Coordinates are pixel corners, so
``10:20-30:40`` and the polygon ``10,20 30,20 30,40 10,40`` are the same 20 x 20 pixels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from rtdiff.classes import dataclass
from rtdiff.errors import SettingsError, SourceError, redact

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_ZONES = 254  # labels are uint8, 0 is 'ignored'
MOST_CORNERS = 256  # crossings are looked for pair by pair

_RECTANGLE = re.compile(r"(-?[0-9]{1,6}):(-?[0-9]{1,6})-(-?[0-9]{1,6}):(-?[0-9]{1,6})")
_CORNER = re.compile(r"(-?[0-9]{1,6}),(-?[0-9]{1,6})")

Point = tuple[int, int]
Part = tuple[slice, slice]
WHOLE: Part = slice(None), slice(None)


@dataclass(frozen=True, slots=True)
class Polygon:
    """A rectangle or a polygon that does not cross itself."""

    corners: tuple[Point, ...]
    """(x, y) of each corner, pixels, at least three."""
    text: str
    """As it was written."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Stencil:
    """A PNG of the picture's size; what is not black in it belongs to the shape."""

    path: str
    """Of the PNG, or what errors call `pixels`."""
    pixels: NDArray[np.bool_] | None = field(default=None, compare=False, repr=False)
    """(H, W), True inside, instead of a file."""

    def __str__(self) -> str:
        return self.path


Shape = Polygon | Stencil


def parse_shape(text: object) -> Shape:
    """Parse ``x0:y0-x1:y1`` (half-open), ``x,y x,y x,y`` or the path of a PNG.

    Raises
    ------
    ValueError
        Without the name of the option: empty, crossing itself, or no shape at all.
    """
    if isinstance(text, Polygon | Stencil):
        return text
    what = "a region such as 10:20-300:200, corners such as 0,0 90,0 90,50, or a .png"
    if not isinstance(text, str):
        raise ValueError(f"must be {what}, got {redact(repr(text))[:60]}")
    words = text.split()
    if rectangle := _RECTANGLE.fullmatch(text.strip()):
        x0, y0, x1, y1 = map(int, rectangle.groups())
        if x0 >= x1 or y0 >= y1:
            raise ValueError(f"is empty: {text}; write x0:y0-x1:y1 with x0 < x1 and y0 < y1")
        return Polygon(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), text.strip())
    found = [_CORNER.fullmatch(word) for word in words]
    if words and all(found):
        corners = tuple((int(corner[1]), int(corner[2])) for corner in found if corner)
        _check_polygon(corners)
        return Polygon(corners, " ".join(words))
    if text.lower().endswith(".png"):
        return Stencil(text)
    raise ValueError(f"must be {what}, got {redact(repr(text))[:60]}")


def _check_polygon(corners: tuple[Point, ...]) -> None:
    count = len(corners)
    if not 3 <= count <= MOST_CORNERS:
        raise ValueError(f"has {count} corners; a polygon has 3 to {MOST_CORNERS}")
    edges = [(corners[i], corners[(i + 1) % count]) for i in range(count)]
    if any(a == b for a, b in edges):
        raise ValueError("names one corner twice in a row; leave one out, the last joins the first by itself")
    if sum(a[0] * b[1] - b[0] * a[1] for a, b in edges) == 0:
        raise ValueError("is empty: it encloses nothing; give corners in order around it")
    for i in range(count):
        for j in range(i + 1, count):
            beside = j == i + 1 or (i == 0 and j == count - 1)
            if not beside and _touch(*edges[i], *edges[j]):
                raise ValueError(f"crosses itself between corners {i + 1} and {j + 1}; give them in order")


def _side(a: Point, b: Point, c: Point) -> int:
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (area > 0) - (area < 0)


def _between(a: Point, b: Point, c: Point) -> bool:
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def _touch(a: Point, b: Point, c: Point, d: Point) -> bool:
    sides = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(side == 0 and _between(*end) for side, end in zip(sides, ends, strict=True))


def label_map(
    shape_hw: tuple[int, int],
    zones: Sequence[tuple[str, Shape]] = (),
    ignores: Sequence[Shape] = (),
    mask: str | None = None,
) -> NDArray[np.uint8] | None:
    """Return which zone every pixel belongs to.

    Parameters
    ----------
    shape_hw : (int, int)
        Height and width of the picture, pixels.
    zones : sequence of (name, shape)
        Where they overlap, the first one named has the pixel. Without any, all that is not
        ignored is zone 1.
    ignores : sequence of shapes
        Left out of every zone.
    mask : str, optional
        A PNG of the picture's size; black is ignored.

    Returns
    -------
    (H, W) uint8 or None
        0 = ignored, 1 = the first zone; None when nothing is named nor ignored.

    Raises
    ------
    SettingsError
        A shape outside the picture, a mask of another size, or a zone without a pixel left.
    SourceError
        A PNG that cannot be read.
    """
    if not zones and not ignores and mask is None:
        return None
    import numpy as np

    if len(zones) > MOST_ZONES:
        raise SettingsError(f"zone: {len(zones)} zones; at most {MOST_ZONES}")
    labels = np.full(shape_hw, 0 if zones else 1, np.uint8)
    for index, (name, shape) in reversed(list(enumerate(zones, 1))):
        part, inside = _inside(shape, shape_hw, f"zone {name!r}")
        labels[part][inside] = index
    for shape in ignores:
        part, inside = _inside(shape, shape_hw, "ignore-region")
        labels[part][inside] = 0
    if mask is not None:
        labels[~_stencil(mask, shape_hw, "mask")] = 0
    left = np.bincount(labels.ravel(), minlength=len(zones) + 1)[1:]
    for (name, _), pixels in zip(zones, left, strict=False):
        if pixels == 0:
            raise SettingsError(
                f"zone {name!r}: no pixel is left of it; see what is ignored or named before it"
            )
    if not left.any():
        raise SettingsError("ignore-region, mask: the whole picture is ignored; leave something to compare")
    return labels


def _inside(shape: Shape, shape_hw: tuple[int, int], subject: str) -> tuple[Part, NDArray[np.bool_]]:
    """Return the part of the picture that holds a shape, and which of its pixels are inside."""
    if isinstance(shape, Stencil):
        if shape.pixels is not None:
            return WHOLE, _fitting(shape.pixels, shape_hw, f"{subject} {shape.path}")
        return WHOLE, _stencil(shape.path, shape_hw, subject)
    part, inside = _filled(shape.corners, shape_hw)
    if not inside.any():
        height, width = shape_hw
        raise SettingsError(
            f"{subject}: {shape} lies outside the picture of {width}x{height}; move it inside"
        )
    return part, inside


def _fitting(pixels: NDArray[np.bool_], shape_hw: tuple[int, int], subject: str) -> NDArray[np.bool_]:
    if pixels.shape != shape_hw:
        (height, width), (rows, columns) = shape_hw, pixels.shape
        raise SettingsError(f"{subject}: is {columns}x{rows}, the picture is {width}x{height}; scale it")
    return pixels


def _filled(corners: tuple[Point, ...], shape_hw: tuple[int, int]) -> tuple[Part, NDArray[np.bool_]]:
    """Return the pixels whose centre is inside, exactly: each edge toggles what is right of it."""
    import numpy as np

    height, width = shape_hw
    xs = [min(max(x, 0), width) for x, _ in corners]
    ys = [min(max(y, 0), height) for _, y in corners]
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    toggles = np.zeros((bottom - top, right - left + 1), np.uint8)
    for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if y0 > y1:
            x0, y0, x1, y1 = x1, y1, x0, y0
        rows = np.arange(max(y0, top), min(y1, bottom), dtype=np.int64)
        # the first column with column + 0.5 >= x at row + 0.5, in integers: twice everything
        over = (x1 - x0) * (2 * (rows - y0) + 1) + (2 * x0 - 1) * (y1 - y0)
        first = -(-over // (2 * (y1 - y0))) if y1 > y0 else rows
        toggles[rows - top, np.clip(first, left, right) - left] ^= 1
    inside = np.bitwise_xor.accumulate(toggles[:, :-1], axis=1).astype(np.bool_)
    return (slice(top, bottom), slice(left, right)), inside


def _stencil(path: str, shape_hw: tuple[int, int], subject: str) -> NDArray[np.bool_]:
    """Return what is not black and not wholly transparent in a PNG of the picture's size."""
    where = f"{subject} {redact(path)}"
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise SourceError(f"{where}: cannot be read ({error.strerror}); see its name and rights") from None
    if data[:8] != b"\x89PNG\r\n\x1a\n" or len(data) < 24:
        raise SettingsError(f"{where}: is no PNG; save it as one")
    size = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    height, width = shape_hw
    if size != (width, height):  # before decoding: a small file may claim a huge picture
        raise SettingsError(
            f"{where}: is {size[0]}x{size[1]}, the picture is {width}x{height}; scale the mask"
        )
    import cv2
    import numpy as np

    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        picture = None
    if picture is None:
        raise SourceError(f"{where}: is a damaged PNG; save it again")
    picture = picture.reshape(height, width, -1)
    channels = picture.shape[2]
    lit = picture[:, :, : 3 if channels == 4 else channels].any(axis=2)
    visible = picture[:, :, 3] > 0 if channels == 4 else True
    return np.asarray(lit & visible)
