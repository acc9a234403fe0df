# mypy: ignore-errors
# Numba infers the types of these functions; annotations would say nothing it reads.
"""The Numba engine's loops over cells, and for bringing a picture into another light; see `cells`.

They share nothing with `numba_kernels` but what never changes, its decorator and operations: Numba's
cache knows a function's own file only.
"""

from __future__ import annotations

import numpy as np

from rtdiff.engines.numba_kernels import _same_type, add, jit, like, mul, sub

SHIFT = 6
ONE = 14
HALF = 1 << (SHIFT + ONE - 1)

shr = _same_type("ashr")


@jit()
def line(a, row, width):
    """Return the first samples of a row; a call, since every slice costs time to compile where it stands."""
    return a[row, :width]


@jit()
def enter(x, y, s, q):
    """Add d and d * d of a row to the sums by column; `s` is modulo its type, as their squares are right."""
    for i in range(len(s)):
        d = sub(like(x[i], s[0]), like(y[i], s[0]))
        s[i] = add(s[i], d)
        q[i] = add(q[i], like(mul(d, d), q[0]))


@jit()
def begin(x, y, s, q):
    """The same of a cell's first row."""
    for i in range(len(s)):
        d = sub(like(x[i], s[0]), like(y[i], s[0]))
        s[i] = d
        q[i] = like(mul(d, d), q[0])


@jit()
def gather(s, q, signed, side, out):
    """Sum columns to cells of a row."""
    whole = len(s) // side
    for k in range(len(out)):
        a, b = like(0, q[0]), like(0, q[0])
        if k < whole and side == 8:  # of a known length: unrolled
            for i in range(8 * k, 8 * k + 8):
                a = add(a, like(signed[i], q[0]))
                b = add(b, q[i])
        elif k < whole and side == 4:
            for i in range(4 * k, 4 * k + 4):
                a = add(a, like(signed[i], q[0]))
                b = add(b, q[i])
        else:
            for i in range(side * k, min(side * k + side, len(s))):
                a = add(a, like(signed[i], q[0]))
                b = add(b, q[i])
        out[k, 0], out[k, 1] = a, b


@jit(inner=False)
def cells(first, end, x, y, height, side, scratch, out):
    """Sum d and d * d over rows first..end of cells; `side` is a cell's height and width."""
    s, q, signed = scratch
    width = len(s)
    for row in range(first, end):
        top = row * side[0]
        begin(line(x, top, width), line(y, top, width), s, q)
        for k in range(top + 1, min(top + side[0], height)):
            enter(line(x, k, width), line(y, k, width), s, q)
        gather(s, q, signed, side[1], out[row])


@jit(inner=False)
def looked_up(first, end, x, table, out):
    """Fill rows with the table's code values."""
    width = out.shape[1]
    for row in range(first, end):
        a, b = line(x, row, width), line(out, row, width)
        for i in range(width):
            b[i] = table[a[i]]


@jit()
def level(nodes, row, step, bits, out):
    """Interpolate nodes down, at a row of pixels."""
    top, down = row >> bits, row & (step - 1)
    for k in range(len(out)):
        out[k] = (nodes[top, k] * (step - down) + nodes[top + 1, k] * down) >> bits


@jit()
def stretch(first, slope, bits, out):
    """Interpolate from one node to the next: `first` is its value times the pixels between them."""
    for i in range(len(out)):
        out[i] = shr(add(first, mul(slope, like(i, first))), bits)


@jit()
def part(a, first, end):
    """Return a part of a row."""
    return a[first:end]


@jit()
def along(values, step, bits, out):
    """Interpolate nodes of a row to the right, at all its pixels."""
    for k in range(0, len(out), step):
        n, m = values[k >> bits], values[(k >> bits) + 1]
        of = part(out, k, min(k + step, len(out)))
        stretch(mul(n, like(step, n)), sub(m, n), like(bits, n), of)


@jit()
def mixed(cb, cr, p, q, middle, out):
    """Fill what colours add to luma."""
    for i in range(len(out)):
        a, b = mul(p, sub(like(cb[i], p), middle)), mul(q, sub(like(cr[i], p), middle))
        out[i] = shr(add(a, b), like(ONE - SHIFT, p))


@jit()
def twice(m, v):
    """Add every sample to two pixels."""
    for k in range(len(v) // 2):
        v[2 * k] = add(v[2 * k], m[k])
        v[2 * k + 1] = add(v[2 * k + 1], m[k])
    if len(v) % 2:
        v[len(v) - 1] = add(v[len(v) - 1], m[len(v) // 2])


@jit()
def enter_mix(m, right, v):
    """Add what colours add to luma, which has `right` pixels a sample."""
    if right == 2:
        twice(m, v)
    else:
        for i in range(len(v)):
            v[i] = add(v[i], m[i // right])


@jit()
def values_of(y, table, v):
    """Look the row up."""
    for i in range(len(v)):
        v[i] = table[y[i]]


@jit()
def coded(v, g, o, rest, most, out):
    """Fill code values of luma."""
    one, bits, zero = like(1 << ONE, rest), like(SHIFT + ONE, rest), like(0, rest)
    for i in range(len(out)):
        t = shr(add(mul(v[i], g[i]), add(mul(o[i], one), rest)), bits)
        out[i] = like(min(max(t, zero), most), out[0])


@jit(inner=False)
def luma(first, end, planes, light, steps, most, scratch, out):
    """Bring rows of luma into another light; `planes` is Y, Cb, Cr, `steps` pixels a sample of chroma."""
    y, cb, cr = planes
    table, mix, nodes, step, rest = light
    v, m, g, o, n = scratch
    bits = 0
    while (1 << bits) < step:
        bits += 1
    width = len(v)
    coloured = mix[0] != 0 or mix[1] != 0
    for row in range(first, end):
        values_of(line(y, row, width), table, v)
        if coloured:
            k = row // steps[0]
            if row == first or row % steps[0] == 0:
                mixed(line(cb, k, len(m)), line(cr, k, len(m)), mix[0], mix[1], mix[2], m)
            enter_mix(m, steps[1], v)
        if step:
            level(nodes[0], row, step, bits, n)
            along(n, step, bits, g)
            level(nodes[1], row, step, bits, n)
            along(n, step, bits, o)
        coded(v, g, o, rest, most, line(out, row, width))


@jit()
def under_two(upper, lower, u):
    """Fill the mean luma of two by two pixels."""
    for i in range(len(u)):
        a = add(like(upper[2 * i], u[0]), like(upper[2 * i + 1], u[0]))
        b = add(like(lower[2 * i], u[0]), like(lower[2 * i + 1], u[0]))
        u[i] = shr(add(add(a, b), like(2, u[0])), like(2, u[0]))


@jit()
def under(upper, lower, right, u):
    """Fill the mean luma that samples of chroma cover, see `cells.covered`."""
    for i in range(len(u)):
        k = i * right
        r = min(k + right // 2, len(upper) - 1)
        u[i] = (np.int64(upper[k]) + upper[r] + lower[k] + lower[r] + 2) >> 2


@jit()
def tint_row(u, c, slope, tint, middle, v):
    """Fill lit values of a row of chroma, less their middle."""
    bits = like(ONE - SHIFT, middle)
    for i in range(len(v)):
        v[i] = add(shr(mul(slope[u[i]], sub(like(c[i], middle), middle)), bits), tint[u[i]])


@jit()
def every(g, right, out):
    """Fill gains at the first pixels of samples."""
    for i in range(len(out)):
        out[i] = g[i * right]


@jit(inner=False)
def chroma(first, end, planes, light, steps, most, scratch, out):
    """Bring rows of chroma into another light; `planes` is Y, Cb, Cr and `out` the last two."""
    y, cb, cr = planes
    slopes, tints, nodes, step, rest, middle = light
    v, u, wide, g, o, n = scratch
    bits = 0
    while (1 << bits) < step:
        bits += 1
    width, height = len(wide), len(y)
    for row in range(first, end):
        if step:
            level(nodes[0], row * steps[0], step, bits, n)
            along(n, step, bits, wide)
            every(wide, steps[1], g)
        top = row * steps[0]
        upper, lower = line(y, top, width), line(y, min(top + steps[0] // 2, height - 1), width)
        if steps[1] == 2 and 2 * len(u) <= width:
            under_two(upper, lower, u)
        else:
            under(upper, lower, steps[1], u)
        tint_row(u, line(cb, row, len(u)), slopes[0], tints[0], middle, v)
        coded(v, g, o, rest, most, line(out[0], row, len(u)))
        tint_row(u, line(cr, row, len(u)), slopes[1], tints[1], middle, v)
        coded(v, g, o, rest, most, line(out[1], row, len(u)))
