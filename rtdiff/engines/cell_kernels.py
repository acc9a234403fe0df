# mypy: ignore-errors
# Numba infers the types of these functions; annotations would say nothing it reads.
"""The Numba engine's loops over cells, and for bringing a picture into another light; see `cells`.

They share nothing with `numba_kernels` but what never changes, its decorator and operations: Numba's
cache knows a function's own file only.
"""

from __future__ import annotations

import numpy as np

from rtdiff.engines.numba_kernels import add, jit, like, mul, sub

SHIFT = 6
ONE = 14
HALF = 1 << (SHIFT + ONE - 1)


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
def stretch(n, m, step, bits, out):
    """Interpolate from one node to the next."""
    for i in range(len(out)):
        out[i] = like((n * (step - i) + m * i) >> bits, out[0])


@jit()
def along(values, step, bits, out):
    """Interpolate nodes of a row to the right, at all its pixels."""
    for k in range(0, len(out), step):
        end = min(k + step, len(out))
        stretch(values[k >> bits], values[(k >> bits) + 1], step, bits, out[k:end])


@jit()
def mixed(cb, cr, mix, out):
    """Fill what colours add to luma."""
    for i in range(len(out)):
        a = mul(like(mix[0], out[0]), sub(like(cb[i], out[0]), like(mix[2], out[0])))
        b = mul(like(mix[1], out[0]), sub(like(cr[i], out[0]), like(mix[2], out[0])))
        out[i] = add(a, b) >> (ONE - SHIFT)


@jit()
def enter_mix(m, right, v):
    """Add what colours add to luma, which has `right` pixels a sample."""
    if right == 2:
        for k in range(len(v) // 2):
            v[2 * k] += m[k]
            v[2 * k + 1] += m[k]
        if len(v) % 2:
            v[len(v) - 1] += m[len(v) // 2]
    else:
        for i in range(len(v)):
            v[i] += m[i // right]


@jit()
def values_of(y, table, v):
    """Look the row up."""
    for i in range(len(v)):
        v[i] = table[y[i]]


@jit()
def coded(v, g, o, rest, most, out):
    """Fill code values of luma."""
    for i in range(len(out)):
        t = add(mul(v[i], g[i]), add(mul(o[i], like(1 << ONE, v[0])), rest))
        out[i] = min(max(t >> (SHIFT + ONE), like(0, v[0])), most)


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
                mixed(line(cb, k, len(m)), line(cr, k, len(m)), mix, m)
            enter_mix(m, steps[1], v)
        if step:
            level(nodes[0], row, step, bits, n)
            along(n, step, bits, g)
            level(nodes[1], row, step, bits, n)
            along(n, step, bits, o)
        coded(v, g, o, rest, most, line(out, row, width))


@jit(inner=False)
def chroma(first, end, y, c, light, steps, shape, most, scratch, out):
    """Bring rows of a plane of chroma into another light; `shape` is luma's."""
    slope, tint, nodes, step, middle = light
    g, n = scratch
    bits = 0
    while (1 << bits) < step:
        bits += 1
    one = slope[0]
    for row in range(first, end):
        if step:
            level(nodes[0], row * steps[0], step, bits, n)
            along(n, step, bits, g)
        upper = y[row * steps[0]]
        lower = y[min(row * steps[0] + steps[0] // 2, shape[0] - 1)]
        a, b = c[row], out[row]
        for i in range(len(b)):
            k = i * steps[1]
            r = min(k + steps[1] // 2, shape[1] - 1)
            under = (np.int64(upper[k]) + upper[r] + lower[k] + lower[r] + 2) >> 2
            t = mul(slope[under], sub(like(a[i], one), middle)) >> (ONE - SHIFT)
            t = add(
                mul(like(t, one), g[k]),
                add(mul(tint[under], g[k]), mul(middle, like(1 << (SHIFT + ONE), one))),
            )
            b[i] = min(max(add(t, like(HALF, one)) >> (SHIFT + ONE), like(0, one)), most)
