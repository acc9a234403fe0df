# mypy: ignore-errors
# Numba infers the types of these functions; annotations would say nothing it reads.
"""The Numba engine's loops for `ssim-gaussian`; imported when it is asked for.

They share nothing with `numba_kernels` but its decorator: Numba's cache knows a function's own
file only. `gaussian` says what is computed.
"""

from __future__ import annotations

import numpy as np

from rtdiff.engines.numba_kernels import jit

RADIUS = 5
STRIP = 128  # columns at a time: what is kept of a strip stays in the second cache
DEEP = 32  # output rows at a time
KEPT = 2 * RADIUS
# one row of a strip: G(x), G(d), G(xy), G(dd) along the row; rows just 4 KiB apart would share one
# set of the first cache (19 ms a 1080p picture instead of 8)
LINE = 4 * STRIP + 8


@jit()
def cut(a, first, end):
    """Return a part of a row; a call, since every slice costs time to compile where it stands."""
    return a[first:end]


@jit()
def line(a, row, width):
    """Return the first samples of a row."""
    return a[row, :width]


@jit()
def mirror(i, length):
    """Return the index within the picture of one up to a radius outside."""
    if i < 0:
        return -i - 1
    return 2 * length - 1 - i if i >= length else i


@jit()
def load(x, y, first, values):
    """Fill x, d, x * y and d * d of a row from column `first`, border included; exact in their type."""
    vx, vd, vp, vv = values
    inner = max(0, -first)
    last = min(len(vx), len(x) - first)
    for i in range(inner, last):
        vx[i] = x[first + i]
        vd[i] = y[first + i]
    for i in range(inner):
        k = mirror(first + i, len(x))
        vx[i], vd[i] = x[k], y[k]
    for i in range(last, len(vx)):
        k = mirror(first + i, len(x))
        vx[i], vd[i] = x[k], y[k]
    for i in range(len(vx)):
        vp[i] = vx[i] * vd[i]
    for i in range(len(vx)):
        vd[i] = vx[i] - vd[i]
    for i in range(len(vx)):
        vv[i] = vd[i] * vd[i]


@jit(fastmath={"contract"})
def along(v, out, w):
    """Smooth one row: `v` is longer than `out` by the window's border."""
    for i in range(len(out)):
        out[i] = (
            w[0] * np.float64(v[i] + v[i + 10])
            + w[1] * np.float64(v[i + 1] + v[i + 9])
            + w[2] * np.float64(v[i + 2] + v[i + 8])
            + w[3] * np.float64(v[i + 3] + v[i + 7])
            + w[4] * np.float64(v[i + 4] + v[i + 6])
            + w[5] * np.float64(v[i + 5])
        )


@jit(fastmath={"contract"})
def down(rows, i, w):
    """Smooth eleven rows of a strip at column i."""
    return (
        w[0] * (rows[i] + rows[i + 10 * LINE])
        + w[1] * (rows[i + LINE] + rows[i + 9 * LINE])
        + w[2] * (rows[i + 2 * LINE] + rows[i + 8 * LINE])
        + w[3] * (rows[i + 3 * LINE] + rows[i + 7 * LINE])
        + w[4] * (rows[i + 4 * LINE] + rows[i + 6 * LINE])
        + w[5] * rows[i + 5 * LINE]
    )


@jit()
def ssim_row(rows, out, w, c1, c2):
    """Write one row of the map of a strip from eleven rows smoothed along."""
    for i in range(len(out)):
        mx, md = down(rows, i, w), down(rows, i + STRIP, w)
        m, e = mx * (mx - md), md * md
        a = 2.0 * (down(rows, i + 2 * STRIP, w) - m)
        v = down(rows, i + 3 * STRIP, w) - e
        m = 2.0 * m
        out[i] = ((m + c1) * (a + c2)) / ((m + e + c1) * (a + v + c2))


@jit(fastmath={"reassoc", "nsz", "nnan"})
def total(part):
    """Sum a stretch; reassociated, so that it vectorises."""
    s = 0.0
    for i in range(len(part)):
        s += part[i]
    return s


@jit(inner=False)
def gaussian(start, stop, width, x, y, zones, numbers, scratch, sums):
    """Add the map of rows start..stop to the sums by run.

    `zones` is (row_start, valid), `numbers` (w, c1, c2), `scratch` (four rows of a strip and its
    border, float32 where 2 * 255 * 255 is exact, the rows smoothed along, one row of the map).
    """
    row_start, valid = zones
    w, c1, c2 = numbers
    values, rows, out = scratch
    height = len(x)
    for first in range(0, width, STRIP):
        wide = min(STRIP, width - first)
        wider = wide + KEPT
        part = line(values, 0, wider), line(values, 1, wider), line(values, 2, wider), line(values, 3, wider)
        have = start - RADIUS  # first row that is not smoothed yet
        for top in range(start, stop, DEEP):
            end = min(top + DEEP, stop)
            if top > start:  # the last rows of the step before are this one's first
                shift = DEEP * LINE
                for i in range(KEPT * LINE):
                    rows[i] = rows[i + shift]
            while have < end + RADIUS:
                k = mirror(have, height)
                load(line(x, k, width), line(y, k, width), first - RADIUS, part)
                at = (have - top + RADIUS) * LINE
                for c in range(4):
                    along(part[c], cut(rows, at + c * STRIP, at + c * STRIP + wide), w)
                have += 1
            for row in range(top, end):
                done = cut(out, 0, wide)
                ssim_row(cut(rows, (row - top) * LINE, (row - top + KEPT + 1) * LINE), done, w, c1, c2)
                for k in range(row_start[row], row_start[row + 1]):
                    left, right = max(valid[k, 0] - first, 0), min(valid[k, 1] - first, wide)
                    if left < right:
                        sums[k] += total(cut(done, left, right))
