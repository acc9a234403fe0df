# mypy: ignore-errors
# Numba infers the types of these functions; annotations would say nothing it reads.
"""Loops for a moved camera: looking for patches, and resampling a plane.

Sums may be taken in any order (`fastmath`): what comes of them is good to a thousandth of a pixel.
"""

from __future__ import annotations

import numpy as np

from rtdiff.engines.numba_kernels import jit

SIDE = 16
AREA = 256
WIDE = 32  # at least SIDE + 2 * 8, the farthest that is searched
ANY_ORDER = {"reassoc", "nsz", "contract"}


@jit(inner=False, fastmath=ANY_ORDER)
def look(flat, stride, lefts, tops, parts, levels, filters, said):
    """Fill (patches, 6): four filters' dot products with every patch, its sum and its sum of squares."""
    patch = np.empty(AREA, np.float32)
    for k in range(len(lefts)):
        x, y = parts[k, 0], parts[k, 1]
        a, b, c, d = (1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y
        for row in range(SIDE):
            start = (tops[k] + row) * stride + lefts[k]
            upper = flat[start : start + SIDE + 1]
            lower = flat[start + stride : start + stride + SIDE + 1]
            out = patch[row * SIDE : (row + 1) * SIDE]
            for i in range(SIDE):
                out[i] = levels * (
                    a * np.float32(upper[i])
                    + b * np.float32(upper[i + 1])
                    + c * np.float32(lower[i])
                    + d * np.float32(lower[i + 1])
                )
        for m in range(4):
            line, total = filters[k, m], np.float32(0)
            for i in range(AREA):
                total += line[i] * patch[i]
            said[k, m] = total
        total, power = np.float32(0), np.float32(0)
        for i in range(AREA):
            total += patch[i]
            power += patch[i] * patch[i]
        said[k, 4] = total
        said[k, 5] = power


@jit(fastmath=ANY_ORDER)
def dot(a, b):
    """Return the sum of products."""
    total = np.float32(0)
    for i in range(len(b)):
        total += a[i] * b[i]
    return total


@jit(inner=False)
def match(flat, stride, lefts, tops, templates, scores):
    """Fill (patches, side, side): correlation with the picture at each place, and right and down of it.

    The picture around a patch is laid out in rows of WIDE samples and so is the patch, with zeros
    between its rows: each correlation is one dot product of consecutive samples.
    """
    side = scores.shape[1]
    width = side + SIDE - 1
    field, squares = np.zeros((width + 1, WIDE), np.float32), np.zeros((width + 1, WIDE), np.float32)
    total, power = np.empty((side, side), np.float32), np.empty((side, side), np.float32)
    patch = np.zeros((SIDE, WIDE), np.float32)
    line, around = patch.reshape(-1)[: (SIDE - 1) * WIDE + SIDE], field.reshape(-1)
    for k in range(len(lefts)):
        for row in range(SIDE):
            for i in range(SIDE):
                patch[row, i] = templates[k, row, i]
        for row in range(width):
            start = (tops[k] + row) * stride + lefts[k]
            for i in range(width):
                value = np.float32(flat[start + i])
                field[row, i] = value
                squares[row, i] = value * value
        box(field, width, total)
        box(squares, width, power)
        for dy in range(side):
            for dx in range(side):
                spread = power[dy, dx] - total[dy, dx] * total[dy, dx] / np.float32(AREA)
                along = dot(around[dy * WIDE + dx :], line)
                scores[k, dy, dx] = along / np.sqrt(max(spread, np.float32(1)))


@jit()
def box(field, width, sums):
    """Fill (side, side) with sums over SIDE x SIDE samples."""
    side = sums.shape[0]
    column = np.zeros(width, np.float64)
    for row in range(SIDE - 1):
        for i in range(width):
            column[i] += field[row, i]
    for dy in range(side):
        for i in range(width):
            column[i] += field[dy + SIDE - 1, i]
        total = 0.0
        for i in range(SIDE - 1):
            total += column[i]
        for dx in range(side):
            total += column[dx + SIDE - 1]
            sums[dy, dx] = total
            total -= column[dx]
        for i in range(width):
            column[i] -= field[dy, i]


@jit(fastmath=ANY_ORDER)
def cubic(a, b, c, d, t):
    """Return what lies between b and c at part t (Keys 1981, alpha = -1/2, by Farrow's polynomial)."""
    half, more = np.float32(0.5), np.float32(1.5)
    fall = c - a
    bend = half * (d - a) + more * (b - c)
    return b + t * (half * fall + t * (half * fall + a - b - bend + t * bend))


@jit()
def shown(a, c, d, f, height, width):
    """Return the first of a row's columns that lies inside the test, and the first after that does not."""
    near = 1e-6  # pixels beyond the edge that are rounding
    low, high = max(0.0, (-c - near) / a), min(width - 1.0, (width - 1 - c + near) / a)
    if d > 1e-12:
        low, high = max(low, (-f - near) / d), min(high, (height - 1 - f + near) / d)
    elif d < -1e-12:
        low, high = max(low, (height - 1 - f + near) / d), min(high, (-f - near) / d)
    elif f < -near or f > height - 1 + near:
        return 0, 0
    if high < low:
        return 0, 0
    first = int(np.ceil(low))
    return first, max(int(np.floor(high)) + 1, first)


@jit(fastmath=ANY_ORDER)
def blend(zero, one, two, three, part, slope, out):
    """Fill `out` with what lies between four lines at part, part + slope ..., from 0 to 1."""
    for i in range(len(out)):
        t = part + slope * np.float32(np.int32(i))
        out[i] = cubic(np.float32(zero[i]), np.float32(one[i]), np.float32(two[i]), np.float32(three[i]), t)


@jit()
def run_end(slope, base, x, whole, end):
    """Return the first place after x, at most `end`, where floor(slope * place + base) is not `whole`."""
    if slope > 1e-9:
        return min(end, max(x + 1, int(np.ceil((whole + 1 - base) / slope))))
    if slope < -1e-9:
        return min(end, max(x + 1, int(np.floor((whole - base) / slope)) + 1))
    return end


@jit()
def between_rows(over, stride, height, slope, base, left, right, middle):
    """Fill `middle` (from its fourth column) with the columns of a slanted line."""
    bottom = height - 1
    x = left
    while x < right:
        top = int(np.floor(slope * x + base))
        end = run_end(slope, base, x, top, right)
        a, b = min(max(top - 1, 0), bottom) * stride, min(max(top, 0), bottom) * stride
        c, d = min(max(top + 1, 0), bottom) * stride, min(max(top + 2, 0), bottom) * stride
        zero, one, two, three = (
            over[a + x : a + end],
            over[b + x : b + end],
            over[c + x : c + end],
            over[d + x : d + end],
        )
        part = np.float32(slope * x + base - top)
        blend(zero, one, two, three, part, np.float32(slope), middle[x + 4 : end + 4])
        x = end


@jit()
def along_row(middle, a, c, first, last, line):
    """Fill line[first:last] with `middle` at a * x + c."""
    slope = a - 1
    x = first
    while x < last:
        by = int(np.floor(slope * x + c))
        end = run_end(slope, c, x, by, last)
        low, high = x + by + 3, end + by + 3
        zero, one = middle[low:high], middle[low + 1 : high + 1]
        two, three = middle[low + 2 : high + 2], middle[low + 3 : high + 3]
        part = np.float32(slope * x + c - by)
        blend(zero, one, two, three, part, np.float32(slope), line[x:end])
        x = end


@jit()
def settle(line, most, out):
    """Fill `out` with `line`, rounded."""
    for i in range(len(out)):
        out[i] = np.int32(min(max(line[i] + np.float32(0.5), np.float32(0)), most))


@jit(inner=False)
def warp(start, stop, under, under_stride, over, over_stride, matrix, most, lines, out):
    """Fill rows of `out` with `over` at matrix @ (x, y, 1); where that is outside, with `under`.

    `over` and `under` are planes of the shape of `out` as one row of memory, with the samples from
    one row to the next; `lines` is (2, columns + 8) float32 to work in.
    """
    height, width = out.shape
    a, b, c = matrix[0, 0], matrix[0, 1], matrix[0, 2]
    d, e, f = matrix[1, 0], matrix[1, 1], matrix[1, 2]
    middle, line = lines[0], lines[1]
    for y in range(start, stop):
        first, last = shown(a, b * y + c, d, e * y + f, height, width)
        at = y * under_stride
        out[y, :first] = under[at : at + first]
        out[y, last:] = under[at + last : at + width]
        if first >= last:
            continue
        # the row lies slanted in the test: its y there is slope * column + base
        slope = d / a
        base = e * y + f - slope * (b * y + c)
        left = max(int(np.floor(a * first + b * y + c)) - 1, 0)
        right = min(int(np.floor(a * (last - 1) + b * y + c)) + 3, width)
        between_rows(over, over_stride, height, slope, base, left, right, middle)
        for i in range(4):  # beyond the edges their samples go on
            middle[left + 3 - i] = middle[left + 4]
            middle[right + 4 + i] = middle[right + 3]
        along_row(middle, a, b * y + c, first, last, line)
        settle(line[first:last], most, out[y, first:last])
