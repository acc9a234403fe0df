"""Pages of text, drawn as different renderers would draw the same page."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FINE = 8  # samples a pixel, each way
LINES = [
    "The quick brown fox jumps over the lazy dog 0123456789",
    "Pack my box with five dozen liquor jugs, 42 of them;",
    "How vexingly quick daft zebras jump! Sphinx of black",
    "quartz, judge my vow. Waltz, nymph, for quick jigs vex",
    "Bud. Glib jocks quiz nymph to vex dwarf. Jackdaws love",
] * 2
STEP = 26  # from line to line, pixels

Page = NDArray[np.uint8]


def ink(
    lines: Sequence[str] = LINES,
    *,
    right: float = 0.0,
    down: float = 0.0,
    moved: tuple[int, int, int] = (-1, 0, 0),
    size: int = 15,
) -> NDArray[np.float32]:
    """Return how much ink there is, 0..1, in samples finer than pixels; `moved` is (line, right, down)."""
    font = ImageFont.load_default(size * FINE)
    sheet = Image.new("L", (520 * FINE, (20 + STEP * len(lines)) * FINE), 0)
    draw = ImageDraw.Draw(sheet)
    for k, line in enumerate(lines):
        x, y = 12 + right, 10 + k * STEP + down
        if k == moved[0]:
            x, y = x + moved[1], y + moved[2]
        draw.text((x * FINE, y * FINE), line, 255, font=font)
    return np.asarray(sheet, np.float32) / 255


def gray(fine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the ink of every pixel: antialiasing in gray."""
    height, width = fine.shape
    mean: NDArray[np.float32] = fine.reshape(height // FINE, FINE, width // FINE, FINE).mean((1, 3))
    return mean


def striped(fine: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the ink of every pixel's red, green and blue stripe (as B, G, R): subpixel rendering.

    FreeType's default filter over five stripes.
    """
    height, width = fine.shape
    rows = fine.reshape(height // FINE, FINE, width).mean(1)
    stripes = cv2.resize(rows, (width // FINE * 3, height // FINE), interpolation=cv2.INTER_AREA)
    weights = np.array([[0x08, 0x4D, 0x56, 0x4D, 0x08]], np.float32) / 0x100
    stripes = cv2.filter2D(stripes, -1, weights, borderType=cv2.BORDER_REPLICATE)
    return np.dstack([stripes[:, 2::3], stripes[:, 1::3], stripes[:, 0::3]])


def page(
    amount: NDArray[np.float32],
    colour: tuple[int, int, int] = (0, 0, 0),
    paper: tuple[int, int, int] = (255, 255, 255),
) -> Page:
    """Return a page, (H, W, 3) uint8 BGR, with that much ink."""
    if amount.ndim == 2:
        amount = amount[..., None]
    under, over = np.array(paper, np.float32), np.array(colour, np.float32)
    return np.rint(under + (over - under) * amount).clip(0, 255).astype(np.uint8)
