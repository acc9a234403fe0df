# mypy: ignore-errors
# Numba infers the types of these functions; annotations would say nothing it reads.
"""The Numba engine's loops over quads: sums over 4x4 samples of a pair of planes.

`ssim-ffmpeg` is made of them, and they tell where no pixel can be different, see `decide_kernels`.
They share nothing with `numba_kernels` but its decorator and operations: Numba's cache knows a
function's own file only.
"""

from __future__ import annotations

from rtdiff.engines.numba_kernels import add, jit, like, mul, sub

SIDE = 4
STRIP = 512  # columns at a time: one buffer at known distances, or checks for overlap keep it scalar
SUMS = 4  # of x, of y, of x * x + y * y, of x * y


@jit()
def cut(a, first, end):
    """Return a part of a row; a call, since every slice costs time to compile where it stands."""
    return a[first:end]


@jit()
def columns(x0, x1, x2, x3, y0, y1, y2, y3, out):
    """Fill the sums over four rows of every column, a strip after another."""
    for i in range(len(x0)):
        a, b, c, d = like(x0[i], out[0]), like(x1[i], out[0]), like(x2[i], out[0]), like(x3[i], out[0])
        p, q, r, s = like(y0[i], out[0]), like(y1[i], out[0]), like(y2[i], out[0]), like(y3[i], out[0])
        out[i] = add(add(a, b), add(c, d))
        out[STRIP + i] = add(add(p, q), add(r, s))
        first, second = add(mul(a, a), mul(p, p)), add(mul(b, b), mul(q, q))
        third, last = add(mul(c, c), mul(r, r)), add(mul(d, d), mul(s, s))
        out[2 * STRIP + i] = add(add(first, second), add(third, last))
        out[3 * STRIP + i] = add(add(mul(a, p), mul(b, q)), add(mul(c, r), mul(d, s)))


@jit()
def fold(c, out):
    """Sum four columns each."""
    for i in range(len(out)):
        k = SIDE * i
        out[i] = add(add(c[k], c[k + 1]), add(c[k + 2], c[k + 3]))


@jit(inner=False)
def quads(first, end, x, y, buffer, out):
    """Fill rows first..end of the sums, (4, rows, columns); `buffer` is 4 strips of their type."""
    width = out.shape[2] * SIDE
    for row in range(first, end):
        k = SIDE * row
        for left in range(0, width, STRIP):
            right = min(left + STRIP, width)
            columns(
                cut(x[k], left, right),
                cut(x[k + 1], left, right),
                cut(x[k + 2], left, right),
                cut(x[k + 3], left, right),
                cut(y[k], left, right),
                cut(y[k + 1], left, right),
                cut(y[k + 2], left, right),
                cut(y[k + 3], left, right),
                buffer,
            )
            for c in range(SUMS):
                part = cut(buffer, c * STRIP, c * STRIP + right - left)
                fold(part, cut(out[c, row], left // SIDE, right // SIDE))


@jit()
def join(above, below, out):
    """Sum the four quads of every window of a row."""
    for i in range(len(out)):
        out[i] = add(add(above[i], above[i + 1]), add(below[i], below[i + 1]))


@jit()
def fraction(s1, s2, ss, s12, out, c1, c2):
    """Write the SSIM of a row of windows; all but the last line is exact."""
    for i in range(len(out)):
        m, q = mul(s1[i], s2[i]), add(mul(s1[i], s1[i]), mul(s2[i], s2[i]))
        m = add(m, m)
        a = sub(mul(s12[i], like(128, c1)), m)
        b = sub(mul(ss[i], like(64, c1)), q)
        out[i] = (float(add(m, c1)) * float(add(a, c2))) / (float(add(q, c1)) * float(add(b, c2)))


@jit(inner=False)
def windows(first, end, sums, c1, c2, buffer, out):
    """Fill rows first..end of the SSIM of FFmpeg's windows; `buffer` is (4, windows) of the sums' type."""
    for row in range(first, end):
        for c in range(SUMS):
            join(sums[c, row], sums[c, row + 1], buffer[c])
        fraction(buffer[0], buffer[1], buffer[2], buffer[3], out[row], c1, c2)
