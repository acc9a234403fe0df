"""A shift of the whole picture by whole pixels, found by a vote of textured patches."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.grid import steps
from rtdiff.records import Correction, Frame, Plane

SIDE = 32  # of a patch, pixels
FAR = 64  # farthest shift that is looked for, pixels
PATCHES = 36  # most patches that vote
FEWEST = 4  # patches that must agree
AGREE = 0.6  # share of the patches with one opinion that makes it the picture's
ALIKE = 0.9  # normalised correlation of a patch that has been found again
TEXTURE = 4.0  # least spread of a patch, levels of 0..255: flat ones fit anywhere


def estimate(reference: Frame, test: Frame) -> tuple[int, int] | None:
    """Return how far the test picture is shifted to the right and down, pixels; None: not, or unclear.

    Parameters
    ----------
    reference, test : Frame
        Of one size and depth.
    """
    import cv2

    x, y = reference.luma, test.luma
    votes: Counter[tuple[int, int]] = Counter()
    places = _places(x, TEXTURE * reference.data_range / 255)
    needed = max(FEWEST, AGREE * len(places))
    for asked, (top, left) in enumerate(places):
        if max(votes.values(), default=0) + len(places) - asked < needed:
            return None  # most pictures are not shifted, and the first patches say so
        patch = x[top : top + SIDE, left : left + SIDE]
        above, before = max(top - FAR, 0), max(left - FAR, 0)
        field = y[above : top + SIDE + FAR, before : left + SIDE + FAR]
        match = cv2.matchTemplate(field.astype(np.float32), patch.astype(np.float32), cv2.TM_CCOEFF_NORMED)
        _, best, _, at = cv2.minMaxLoc(match)
        here = float(match[top - above, left - before])
        if best >= ALIKE and best > here:
            votes[before + int(at[0]) - left, above + int(at[1]) - top] += 1
    if not votes:
        return None
    (dx, dy), count = votes.most_common(1)[0]
    return (dx, dy) if count >= needed else None


def _places(luma: Plane, least: float) -> list[tuple[int, int]]:
    """Return top and left of textured patches, the most textured of every part of the picture."""
    height, width = luma.shape
    rows, columns = height // SIDE, width // SIDE
    if rows * columns == 0:
        return []
    strips = (luma[k * SIDE : (k + 1) * SIDE, : columns * SIDE] for k in range(rows))
    spread = np.array([s.reshape(SIDE, columns, SIDE).std(axis=(0, 2), dtype=np.float32) for s in strips])
    parts = max(1, int(PATCHES**0.5))
    found = []
    for band in np.array_split(np.arange(rows), min(parts, rows)):
        for strip in np.array_split(np.arange(columns), min(parts, columns)):
            here = spread[np.ix_(band, strip)]
            k, m = np.unravel_index(int(here.argmax()), here.shape)
            if here[k, m] >= least:
                found.append((int(band[k]) * SIDE, int(strip[m]) * SIDE))
    return found


def undone(reference: Frame, test: Frame, by: tuple[int, int]) -> Frame:
    """Return the test picture shifted back; the strips that it does not show are the reference's."""
    planes = tuple(
        _moved(x, y, _of_plane(by, reference.luma.shape, x.shape))
        for x, y in zip(reference.planes, test.planes, strict=True)
    )
    picture = test.picture()
    told = Correction("shift", "test", list(by), [0, 0], "shifted back; strips at the edges are not compared")
    return replace(
        test,
        planes=planes,
        bgr=lambda: _moved(np.zeros_like(picture), picture, by),
        corrections=(*test.corrections, told),
        _made=[],
    )


def _of_plane(by: tuple[int, int], luma: tuple[int, ...], plane: tuple[int, ...]) -> tuple[int, int]:
    """Return a shift in samples of a plane, the nearest where they span several pixels."""
    down, across = steps(luma, plane)
    return round(by[0] / across), round(by[1] / down)


def _moved(under: NDArray[Any], over: NDArray[Any], by: tuple[int, int]) -> NDArray[Any]:
    """Return `over` moved to the left and up by `by`, upon `under`."""
    out = under.copy()
    (dx, dy), (height, width) = by, under.shape[:2]
    to = slice(max(-dy, 0), height - max(dy, 0)), slice(max(-dx, 0), width - max(dx, 0))
    source = slice(max(dy, 0), height - max(-dy, 0)), slice(max(dx, 0), width - max(-dx, 0))
    out[to] = over[source]
    return out
