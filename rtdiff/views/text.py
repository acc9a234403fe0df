"""Text on pictures, in the font that OpenCV carries (no file from outside is needed)."""

from __future__ import annotations

import functools
import threading
from typing import Any

import cv2

from rtdiff.figures import printable
from rtdiff.records import Picture
from rtdiff.views.palette import BLACK, WHITE, Colour

SMALLEST_PX = 12  # below this the digits 3, 6 and 8 run together
PER_TEXT = 38  # text is this part of the shorter side: 13 at 640x480, 28 at 1080p, 57 at 4K
REGULAR, BOLD = 450, 650

_local = threading.local()


def text_size_for(width: int, height: int) -> int:
    """Return the height of text for a picture of this size, pixels."""
    return max(SMALLEST_PX, round(min(width, height) / PER_TEXT))


@functools.lru_cache(maxsize=4096)
def text_width(text: str, size: int, weight: int = REGULAR) -> int:
    """Return how wide `text` will be, pixels."""
    return int(cv2.getTextSize((0, 0), printable(text), (0, 0), _font(), size, weight)[2])


def put_text(
    out: Picture, text: str, left_top: tuple[int, int], size: int, colour: Colour, weight: int = REGULAR
) -> None:
    """Draw `text`, its line of `size` pixels beginning at `left_top`; what lies outside is cut off."""
    left, top = left_top
    baseline = top + round(size * 0.86)  # capitals then stand in the middle of the line
    cv2.putText(out, printable(text), (left, baseline), colour, _font(), size, weight)


def plate(
    out: Picture,
    text: str,
    left_top: tuple[int, int],
    size: int,
    *,
    ink: Colour = WHITE,
    ground: Colour = BLACK,
    edge: Colour | None = None,
) -> None:
    """Draw `text` on a filled plate of `plate_wh`; legible on anything."""
    left, top = left_top
    width, height = plate_wh(text, size)
    corner = (left + width - 1, top + height - 1)
    cv2.rectangle(out, left_top, corner, ground, cv2.FILLED)
    if edge is not None:
        cv2.rectangle(out, left_top, corner, edge, max(1, size // 12))
    pad = plate_pad(size)
    put_text(out, text, (left + pad, top + pad // 2), size, ink, BOLD)


def plate_wh(text: str, size: int) -> tuple[int, int]:
    """Return width and height of a plate, pixels."""
    pad = plate_pad(size)
    return text_width(text, size, BOLD) + 2 * pad, size + 2 * (pad // 2)


def plate_pad(size: int) -> int:
    """Return the space between text and the edge of its plate, pixels."""
    return max(2, round(size * 0.32))


def _font() -> Any:
    """OpenCV's Rubik, with all of Unicode behind it; one a thread, for it caches what it drew."""
    if not hasattr(_local, "font"):
        _local.font = cv2.FontFace("sans")
    return _local.font
