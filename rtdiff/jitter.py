"""What rough edges explain, and what is a thing: edges that were registered are still a pixel or so apart.

A pixel is explained where each picture's value lies within what the other one holds within `reach`
pixels. The reach is the least one from which on a further pixel explains hardly more: jitter ends
there, a thing does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.parts import FAR
from rtdiff.records import Frame, Plane

REACHES = 1, 2, 3  # pixels: what is left of whole pixels, rough edges, ink that spreads
SLOWS = 1.4  # a further pixel of reach that leaves more than one in so many takes from things alone
RINGING = 7  # pixels: how far it is round an edge, since JPEG's blocks are of 8; sharpening goes less far
RINGS = 0.2  # of an edge's contrast; 0.18 in JPEGs of 90
FEWEST = 10  # pixels of a thing that are left: fewer are a tip of roughness
SPECKS = 5  # side of the square by which what is left of one thing holds together, pixels
AROUND = 10  # pixels around a thing that it is looked for with, and by which its place is known
BAND = 256  # rows at a time

Mask = NDArray[np.uint8]


def reached(frames: tuple[Frame, Frame, Frame], mask: Mask, limit: float) -> tuple[int, Mask]:
    """Return how far the jitter of edges reaches, and the mask without what it explains.

    Parameters
    ----------
    frames : tuple of Frame
        Reference, test, and the test with its parts brought back.
    mask : (H, W) uint8
        255 where the first and the last are different.
    limit : float
        Differences up to this are none, code values.
    """
    reach, left = REACHES[0], _unexplained(frames, mask, limit, REACHES[0])
    for farther in (*REACHES[1:], REACHES[-1] + 1):
        less = _unexplained(frames, mask, limit, farther)
        if farther > REACHES[-1] or np.count_nonzero(left) < SLOWS * np.count_nonzero(less):
            break
        reach, left = farther, less
    return reach, left


def things(
    pair: tuple[Frame, Frame], around: tuple[int, int], left: Mask, mask: Mask, reach: int, limit: float
) -> Mask:
    """Return `left` where a thing is, with what the reach took from its edges.

    No thing are a few pixels, what its own surroundings explain where they are found, and what is
    at the border, where something else may have come in.

    Parameters
    ----------
    pair : tuple of Frame
        The two pictures as they are.
    around : tuple of int
        How far the second is off as a whole, to the right and down, pixels.
    left, reach : (H, W) uint8, int
        From `reached`.
    mask, limit
        As for `reached`.
    """
    import cv2

    inner = np.zeros_like(left)
    far = FAR + max(abs(step) for step in around)
    inner[far:-far, far:-far] = left[far:-far, far:-far]
    near = cv2.dilate(inner, np.ones((SPECKS, SPECKS), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(near)
    found = np.zeros_like(left)
    for k in range(1, count):
        x, y, across, down = (int(v) for v in stats[k, :4])
        box = slice(y, y + down), slice(x, x + across)
        here = np.where(labels[box] == k, inner[box], np.uint8(0))
        xyxy = x, y, x + across, y + down
        if np.count_nonzero(here) >= FEWEST and _stays(pair, around, xyxy, reach, limit):
            found[box] |= here
    for _ in range(reach if found.any() else 0):
        found = cv2.dilate(found, np.ones((3, 3), np.uint8)) & mask
    return found


def _unexplained(frames: tuple[Frame, Frame, Frame], mask: Mask, limit: float, reach: int) -> Mask:
    """Return `mask` where a value is none that the other picture holds within `reach` pixels."""
    left = np.zeros_like(mask)
    for top in range(0, len(mask), BAND):
        above = max(top - RINGING, 0)
        rows, inner = slice(above, top + BAND + RINGING), slice(top - above, top - above + BAND)
        if mask[top : top + BAND].any():
            planes = zip(*(frame.planes for frame in frames), strict=True)
            parts = [(x[rows], back[rows], _slack(x[rows], y[rows], limit)) for x, y, back in planes]
            left[top : top + BAND] = _outside(parts, reach)[inner] & mask[top : top + BAND]
    return left


def _slack(x: Plane, y: Plane, limit: float) -> Plane:
    """Return by how much a value may lie outside, code values: the limit, or what rings at edges."""
    import cv2

    far = np.ones((2 * RINGING + 1, 2 * RINGING + 1), np.uint8)
    contrast = cv2.subtract(cv2.dilate(cv2.max(x, y), far), cv2.erode(cv2.min(x, y), far))
    slack: Plane = np.maximum(cv2.multiply(contrast, RINGS), x.dtype.type(limit))
    return slack


def _outside(parts: list[tuple[Plane, Plane, Plane]], reach: int) -> Mask:
    """Return 255 where a value of some plane lies outside of what is near in the other picture.

    Parameters
    ----------
    parts : list of tuple
        A plane of the one, of the other, and the slack.
    """
    import cv2

    near = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    found: Any = 0
    for x, y, slack in parts:
        for one, other in ((x, y), (y, x)):
            found |= cv2.compare(cv2.subtract(cv2.erode(other, near), slack), one, cv2.CMP_GT)
            found |= cv2.compare(cv2.subtract(one, slack), cv2.dilate(other, near), cv2.CMP_GT)
    return np.asarray(found, np.uint8)


def _stays(
    pair: tuple[Frame, Frame],
    around: tuple[int, int],
    xyxy: tuple[int, int, int, int],
    reach: int,
    limit: float,
) -> bool:
    """Return whether something is left of a thing, too, where its surroundings are most alike."""
    import cv2

    height, width = pair[0].luma.shape
    left, top = (max(v - AROUND, 0) for v in xyxy[:2])
    right, bottom = min(xyxy[2] + AROUND, width), min(xyxy[3] + AROUND, height)
    rows = np.clip(np.arange(top - FAR, bottom + FAR) + around[1], 0, height - 1)[:, None]
    columns = np.clip(np.arange(left - FAR, right + FAR) + around[0], 0, width - 1)
    ours = [plane[top:bottom, left:right] for plane in pair[0].planes]
    fields = [plane[rows, columns] for plane in pair[1].planes]
    scores = cv2.matchTemplate(fields[0].astype(np.float32), ours[0].astype(np.float32), cv2.TM_SQDIFF)
    _, _, (dx, dy), _ = cv2.minMaxLoc(scores)
    theirs = [field[dy : dy + bottom - top, dx : dx + right - left] for field in fields]
    parts = [(x, y, _slack(x, y, limit)) for x, y in zip(ours, theirs, strict=True)]
    return int(np.count_nonzero(_outside(parts, reach))) >= FEWEST
