"""What of the differences in a watched scene are things: strong somewhere, whole, and no shadow.

A pixel is weakly different when its difference, blurred by less than a pixel, is above `WEAK` units
of the scene's noise there, and strongly above `STRONG`; weak regions stay where they hold a strong
pixel (hysteresis, Canny 1986). Faint large things do not reach that in any pixel, but in the means of
cells; their edge is where half of their contrast is. Regions are closed and filled, for the middle of a
thing may look like what is behind it, and shadows are taken away.

Only rectangles round cells that may hold something are looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.engines.things import Limits, Pixels, Unit
from rtdiff.grid import CELL, rect_cells
from rtdiff.levels import Pair, Rect, comparable
from rtdiff.records import DiffMap, Tiles
from rtdiff.scene_noise import SceneNoise
from rtdiff.scratch import Scratch
from rtdiff.shadows import Levels, disc, shadows

STRONG, WEAK = 10 / 6, 4.5 / 6  # of --threshold, in units of the noise
HALO = 0.5  # of the weak threshold that a pixel itself must reach: blurring makes things larger
COVERED = 0.55  # of the weak threshold: root mean square of a cell that is worth a look
FAINT = 9.0 / 6  # of --threshold, in units of the noise of a cell's mean
LEAST = 6.0  # levels: a mean of less is no thing, however quiet the scene
FAINT_BLUR = 2.0
FAINT_LEAST = 4.0  # levels, at the edge of a faint thing
AROUND = 2  # cells round those that may hold something
CLOSE, CLOSE_AGAIN = 9, 5  # pixels: gaps of less are closed, and after a shadow was taken away
MANY = 0.5  # of the picture: where more is to be looked at, all of it is
RECTS = 40
FINE = 1_000_000  # pixels of a picture: in larger ones, half the size is enough for shadows


def found(
    pair: Pair, diffmap: DiffMap, out: NDArray[np.uint8], scratch: Scratch, pixels: Pixels
) -> NDArray[np.uint8] | None:
    """Fill a mask with the things in a frame; return the cells that hold any, None: there are none.

    Parameters
    ----------
    pair : Pair
        The two frames.
    diffmap : DiffMap
        What the engine made of them.
    out : (H, W) uint8
        The mask, all 0 before.
    scratch : Scratch
        Memory that is used again.
    pixels : Pixels
        What decides on pixels.
    """
    faint, cells = _cells(pair, diffmap.tiles, scratch)
    rects = _rects(cells, out.shape)
    where = np.zeros(faint.shape, np.uint8)
    for rect in rects:
        mask = _thing(pair, diffmap, faint, rect, scratch, pixels)
        if mask is not None:
            where[rect_cells(rect)] = 1
            part = out[rect[1] : rect[3], rect[0] : rect[2]]
            np.maximum(part, mask, out=part)
            if diffmap.labels is not None:
                part[diffmap.labels[rect[1] : rect[3], rect[0] : rect[2]] == 0] = 0
    return where if where.any() else None


def _cells(pair: Pair, tiles: Tiles, scratch: Scratch) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Return the cells whose mean differs by more than noise and leftover light do, and those to look at."""
    import cv2

    t = pair.threshold
    faint, busy = pair.noise.doubtful(tiles, FAINT * t, LEAST, STRONG * t, COVERED * WEAK * t)
    side = 2 * AROUND + 1
    wide = scratch.take("cells", busy.shape, np.uint8)
    cv2.dilate(busy, np.ones((side, side), np.uint8), dst=wide)
    return faint.view(np.bool_), wide


def _rects(cells: NDArray[np.uint8], shape: tuple[int, ...]) -> list[Rect]:
    """Return rectangles, in pixels, that hold the cells."""
    import cv2

    left, top, width, height = cv2.boundingRect(cells)
    if not width:
        return []
    part = np.ascontiguousarray(cells[top : top + height, left : left + width])
    count, _, stats, _ = cv2.connectedComponentsWithStats(part)
    whole = [(0, 0, shape[1], shape[0])]
    if count - 1 > RECTS or stats[1:, 2:4].prod(axis=1).sum() > MANY * cells.size:
        return whole
    stats[:, :2] += left, top
    return [
        (int(x) * CELL, int(y) * CELL, min(int(x + w) * CELL, shape[1]), min(int(y + h) * CELL, shape[0]))
        for x, y, w, h, _ in stats[1:]
    ]


def _thing(
    pair: Pair, diffmap: DiffMap, faint: NDArray[np.bool_], rect: Rect, scratch: Scratch, pixels: Pixels
) -> NDArray[np.uint8] | None:
    """Return the mask of one rectangle; None: nothing."""
    import cv2

    levels, lost = comparable(pair, rect, scratch)
    off = _differences(levels, lost, scratch, pixels)
    limits = Limits(*(np.float32(share * pair.threshold) for share in (HALO * WEAK, WEAK, STRONG)))
    units = [(d, _unit(pair.noise, k, rect)) for k, d in enumerate(off)]
    strong, weak = pixels.seeds(units, limits, diffmap.mask, (rect[0], rect[1]))
    mask = pixels.grown(strong, weak, "whole")
    part = faint[rect_cells(rect)]
    if mask is not None and part.any():
        covered = cv2.resize(_times255(mask, scratch), part.shape[::-1], interpolation=cv2.INTER_AREA)
        part = part & (covered == 0)
    if part.any():
        if mask is None:
            mask = scratch.take("whole", off[0].shape, np.uint8)
            mask[:] = 0
        _enter_dim(pair.noise.mean[rect_cells(rect)], off[0], part, mask, scratch, pixels)
    if mask is None or not mask.any():
        return None
    seen = closed(mask, CLOSE, scratch)
    whole = filled(seen, scratch)
    shadow = _shadows(levels, whole, pair.noise.texture.size, scratch)
    if shadow is None:
        return whole
    np.bitwise_not(shadow, out=shadow)
    # what a thing and its shadow surround is neither
    return filled(closed(np.bitwise_and(seen, shadow, out=mask), CLOSE_AGAIN, scratch), scratch)


def _times255(mask: NDArray[np.uint8], scratch: Scratch) -> NDArray[np.uint8]:
    out = scratch.take("bytes", mask.shape, np.uint8)
    np.multiply(mask, np.uint8(255), out=out)
    return out


def _differences(
    levels: Levels, lost: NDArray[np.float32] | None, scratch: Scratch, pixels: Pixels
) -> list[NDArray[np.float32]]:
    """Return test less reference by plane, levels, nearer to 0 by what clipping may have done."""
    out = []
    for k, (x, y) in enumerate(levels):
        out.append(scratch.take(f"d{k}", x.shape, np.float32))
        pixels.difference(x, y, lost, out[-1])
    return out


def _unit(noise: SceneNoise, k: int, rect: Rect) -> Unit:
    """Return the unit of the noise of a plane in a rectangle."""
    level, factor = noise.levels[k], noise.factor[k][rect_cells(rect)]
    table = np.hypot(level.b * np.arange(256), level.a).astype(np.float32)
    return Unit(noise.texture, table, np.ascontiguousarray(factor), np.float32(noise.floor(k)))


def _shadows(
    levels: Levels, mask: NDArray[np.uint8], pixels: int, scratch: Scratch
) -> NDArray[np.uint8] | None:
    """Return where things have their shadows; looked for in half the size where pictures are large."""
    import cv2

    if pixels < FINE or min(mask.shape) < 2:
        return shadows(levels, mask, pixels)
    half = mask.shape[0] // 2, mask.shape[1] // 2

    def halved(a: NDArray[Any], name: str, way: int) -> NDArray[Any]:
        out = scratch.take(name, half, a.dtype)
        cv2.resize(a, half[::-1], dst=out, interpolation=way)
        return out

    small = [
        (halved(x, f"hx{k}", cv2.INTER_AREA), halved(y, f"hy{k}", cv2.INTER_AREA))
        for k, (x, y) in enumerate(levels)
    ]
    found_ = shadows(small, halved(mask, "few", cv2.INTER_NEAREST), pixels // 4)
    if found_ is None:
        return None
    wide = scratch.take("shadow", mask.shape, np.uint8)
    cv2.resize(found_, mask.shape[::-1], dst=wide, interpolation=cv2.INTER_NEAREST)
    return wide


def _enter_dim(
    mean: NDArray[np.float32],
    luma: NDArray[np.float32],
    faint: NDArray[np.bool_],
    mask: NDArray[np.uint8],
    scratch: Scratch,
    pixels: Pixels,
) -> None:
    """Enter faint things: where more than half of the contrast of their cells is.

    `mean` and `faint` are by cells, `luma` and `mask` by pixels of the same rectangle.
    """
    import cv2

    x, y, width, height = cv2.boundingRect(faint.view(np.uint8))
    # one cell further a thing may reach, and one more is blurred into it
    cells = np.s_[max(y - 2, 0) : y + height + 2, max(x - 2, 0) : x + width + 2]
    rows, columns = (slice(part.start * CELL, part.stop * CELL) for part in cells)
    luma, mask, faint = luma[rows, columns], mask[rows, columns], faint[cells]
    seen = np.where(faint, np.abs(mean[cells]), 0)
    half = cv2.dilate(seen.astype(np.float32), np.ones((3, 3), np.uint8)) * np.float32(0.5)
    near = np.where(half > 0, np.maximum(half, np.float32(FAINT_LEAST)), np.float32(1e9))
    size = faint.shape[0] * CELL, faint.shape[1] * CELL
    limit, seeds = scratch.take("limit", size, np.float32), scratch.take("seeds", size, np.uint8)
    for few, wide in ((near, limit), (faint.astype(np.uint8), seeds)):
        cv2.resize(few, size[::-1], dst=wide, interpolation=cv2.INTER_NEAREST)
    limit, seeds = (a[: luma.shape[0], : luma.shape[1]] for a in (limit, seeds))
    smooth, weak, strong = (
        scratch.take(name, luma.shape, kind)
        for name, kind in (("blurred", np.float32), ("weak", np.uint8), ("strong", np.uint8))
    )
    cv2.GaussianBlur(luma, (0, 0), FAINT_BLUR, dst=smooth)
    np.greater(np.abs(smooth, out=smooth), limit, out=weak.view(np.bool_))
    kept = pixels.grown(np.bitwise_and(weak, seeds, out=strong), weak, "dim")
    if kept is not None:
        mask |= kept


def closed(mask: NDArray[np.uint8], side: int, scratch: Scratch) -> NDArray[np.uint8]:
    """Return a mask of 0 and 1 with gaps of less than `side` pixels closed."""
    import cv2

    around = mask.shape[0] + 2 * side, mask.shape[1] + 2 * side
    wide, done = (scratch.take(name, around, np.uint8) for name in ("wide", "done"))
    # else things near the edge grow to it
    cv2.copyMakeBorder(mask, side, side, side, side, cv2.BORDER_REPLICATE, dst=wide)
    cv2.morphologyEx(wide, cv2.MORPH_CLOSE, disc(side), dst=done)
    out = scratch.take("closed", mask.shape, np.uint8)
    np.copyto(out, done[side:-side, side:-side])
    return out


def filled(mask: NDArray[np.uint8], scratch: Scratch) -> NDArray[np.uint8]:
    """Return a mask with the holes of its regions filled, 255 in them."""
    import cv2

    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    out = scratch.take("filled", mask.shape, np.uint8)
    out[:] = 0
    cv2.drawContours(out, outlines, -1, 255, -1)
    return out
