# mypy: ignore-errors
# Numba infers the types of these functions; annotations would say nothing it reads.
"""Loops over the pixels of things in a watched scene; `things` says what they do and has their twins."""

from __future__ import annotations

import numpy as np

from rtdiff.engines.numba_kernels import jit

CELL = 8
SIDE = 3  # pixels on either side that are blurred over


@jit()
def part(a, first, end):
    """Return a part of a row; a call, since every slice costs time to compile where it stands."""
    return a[first:end]


@jit()
def times(x, weight, out):
    """Fill what is times a weight."""
    for i in range(len(out)):
        out[i] = weight * x[i]


@jit()
def more_of(x, y, weight, out):
    """Add two lines times a weight: with seven in one loop it does not vectorise."""
    for i in range(len(out)):
        out[i] += weight * (x[i] + y[i])


@jit()
def units(texture, table, wide, floor, out):
    """Fill the unit of the noise."""
    for i in range(len(out)):
        out[i] = max(table[texture[i]] * wide[i], floor)


@jit()
def compared(d, smooth, unit, limits, more, flags):
    """Set bits where a difference, and a blurred one, is above limits."""
    halo, least, most = limits
    for i in range(len(flags)):
        u, a, b = unit[i], abs(d[i]), abs(smooth[i])
        weak = np.uint8(b > least * u) | (np.uint8(a > halo * u) << np.uint8(1))
        strong = (np.uint8(b > most * u) << np.uint8(2)) | (np.uint8(a > most * u) << np.uint8(3))
        flags[i] = (flags[i] if more else np.uint8(0)) | np.uint8(weak | strong)


@jit()
def settled(flags, mask, strong):
    """Make of bits which pixels are weakly (in `flags`) and strongly different."""
    for i in range(len(flags)):
        bits = flags[i]
        weak = bits & (bits >> np.uint8(1)) & np.uint8(1)
        strong[i] = ((bits >> np.uint8(3)) & mask[i] & np.uint8(1)) | (weak & (bits >> np.uint8(2)))
        flags[i] = weak


@jit(inner=False)
def seeds(first, end, d, corner, noise, weights, limits, edges, buffers, more, mask, flags, strong):
    """Enter rows of a plane's differences; those of the last plane, with a mask, settle it.

    The rectangle begins at a corner (left, top) of the picture, whose are texture and mask.
    """
    texture, table, factor, parts, floor = noise
    rows, columns = edges
    lines, level = buffers
    high, wide, unit, smooth = lines
    width = d.shape[1]
    cells = factor.shape[1]
    middle, blurred = part(high, SIDE, SIDE + width), part(smooth, 0, width)
    for row in range(first, end):
        times(d[row], weights[0], middle)
        for k in range(1, SIDE + 1):
            more_of(d[rows[row + SIDE - k]], d[rows[row + SIDE + k]], weights[k], middle)
        for i in range(SIDE):
            high[i] = middle[columns[i]]
            high[SIDE + width + i] = middle[columns[SIDE + width + i]]
        times(middle, weights[0], blurred)
        for k in range(1, SIDE + 1):
            left, right = part(high, SIDE - k, SIDE - k + width), part(high, SIDE + k, SIDE + k + width)
            more_of(left, right, weights[k], blurred)
        at = (row + CELL // 2) // CELL
        over, under = factor[max(at - 1, 0)], factor[min(at, len(factor) - 1)]
        low = parts[(row + CELL // 2) % CELL]
        for k in range(cells):
            level[k] = over[k] * (np.float32(1) - low) + under[k] * low
        for k in range(cells + 1):
            one, two = level[max(k - 1, 0)], level[min(k, cells - 1)]
            for i in range(CELL):
                wide[k * CELL + i] = one * (np.float32(1) - parts[i]) + two * parts[i]
        of = part(texture[corner[1] + row], corner[0], corner[0] + width)
        units(of, table, part(wide, CELL // 2, CELL // 2 + width), floor, part(unit, 0, width))
        compared(d[row], blurred, unit, limits, more, flags[row])
        if len(mask):
            of = part(mask[corner[1] + row], corner[0], corner[0] + width)
            settled(flags[row], of, strong[row])


@jit()
def run_of(weak, strong, kept, at):
    """Keep the run of different pixels that holds a place; return where it begins and ends."""
    first, end = at, at
    while first > 0 and weak[first - 1] | strong[first - 1]:
        first -= 1
    while end < len(weak) and weak[end] | strong[end]:
        end += 1
    for i in range(first, end):
        kept[i] = 1
    return first, end


@jit(inner=False)
def grown(strong, weak, kept, stack):
    """Fill regions that hold a strong pixel; return whether there is any.

    `stack` has room for every run of a row: half of the pixels.
    """
    height, width = weak.shape
    kept[:] = 0
    found = False
    for row in range(height):
        for column in range(width):
            if not strong[row, column] or kept[row, column]:
                continue
            found = True
            first, end = run_of(weak[row], strong[row], kept[row], column)
            stack[0] = row * width + first
            count = 1
            while count:
                count -= 1
                y, first = stack[count] // width, stack[count] % width
                end = first
                while end < width and kept[y, end]:
                    end += 1
                for other in range(max(y - 1, 0), min(y + 2, height)):
                    i = max(first - 1, 0)
                    while i < min(end + 1, width):
                        if other != y and (weak[other, i] | strong[other, i]) and not kept[other, i]:
                            left, i = run_of(weak[other], strong[other], kept[other], i)
                            stack[count] = other * width + left
                            count += 1
                        i += 1
    return found
