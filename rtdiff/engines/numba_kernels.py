# mypy: ignore-errors
# Numba infers the types of these functions; annotations would say nothing it reads.
"""The Numba engine's loops: one pass over the rows of a band.

Row functions with few arrays each vectorise; one long loop over all of them does not. The sums of
a column over the window's rows are carried from row to row, so that each sample is read twice
(when it enters the window and when it leaves). `rule` says what is computed.

All of it is one file because Numba's cache knows a function's own file only: kernels that call
into another one would go on as they were compiled when that one changes.

Sums are 16 and 32 bit for 8-bit planes (49 * 49 * 255 * 255 fits), 32 and 64 bit for deeper ones:
the buffers that are passed in decide.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

TILE = 8
RADIUS = 3
N = 49
UNIT = 1 << 30
MANY = 8  # where more than one pixel in so many of a row of cells needs its sums, all are decided together
FEW = 24  # pixels; a shorter stretch is decided pixel by pixel


def jit(inner: bool = True, **options: Any) -> Any:
    """Return Numba's decorator, caching on disk where there is a place for it."""

    def wrap(function: Any) -> Any:
        settings = {"nogil": True, "boundscheck": False, "error_model": "numpy", **options}
        if inner:  # never called from Python, part of their callers' code: nothing to wrap or to cache
            return njit(**settings, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
        try:
            return njit(cache=True, **settings)(function)
        except RuntimeError:  # no writable place for the cache: compile anew in every process
            return njit(**settings)(function)

    return wrap


def _same_type(operation: str) -> Any:
    """Make an integer operation that does not widen: Numba's int32 + int32 is int64, half the lanes."""

    @intrinsic
    def narrow(_context: Any, a: Any, b: Any) -> Any:
        if a != b or not isinstance(a, types.Integer):
            raise TypeError(f"{operation}: {a} and {b}")
        return a(a, b), lambda _c, builder, _s, args: getattr(builder, operation)(*args)

    return narrow


add, sub, mul = (_same_type(name) for name in ("add", "sub", "mul"))


@intrinsic
def like(_context: Any, value: Any, model: Any) -> Any:
    """Cast `value` to the integer type of `model`."""

    def cast(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.cast(builder, args[0], signature.args[0], signature.args[1])

    return model(value, model), cast


@jit()
def line(a, row, width):
    """Return the first pixels of a row; a call, since every slice costs 30 ms to compile where it stands."""
    return a[row, :width]


@jit()
def cut(a, first, end):
    """Return a part of a row."""
    return a[first:end]


@jit()
def fill(a, value):
    """Set all of a row."""
    for i in range(len(a)):
        a[i] = value


@jit()
def seven(c, i):
    return add(add(add(c[i], c[i + 1]), add(c[i + 2], c[i + 3])), add(add(c[i + 4], c[i + 5]), c[i + 6]))


@jit()
def slide(c, entering, leaving):
    """Move the column sums of one plane down by one row."""
    for i in range(len(entering)):
        c[i + RADIUS] = add(c[i + RADIUS], sub(like(entering[i], c[0]), like(leaving[i], c[0])))


@jit()
def slide_both(cp, cd, x_in, y_in, x_out, y_out, narrow):
    """Move the column sums of x * y and d * d down by one row; `narrow` holds their products."""
    for i in range(len(x_in)):
        x, y = like(x_in[i], narrow), like(y_in[i], narrow)
        u, v = like(x_out[i], narrow), like(y_out[i], narrow)
        d, e = sub(x, y), sub(u, v)  # modulo 2**16: their squares come out right
        cp[i + RADIUS] = add(cp[i + RADIUS], sub(like(mul(x, y), cp[0]), like(mul(u, v), cp[0])))
        cd[i + RADIUS] = add(cd[i + RADIUS], sub(like(mul(d, d), cp[0]), like(mul(e, e), cp[0])))


@jit()
def mirror(c):
    """Fill the border of the column sums: the picture is mirrored at its edges."""
    last = len(c) - RADIUS - 1
    for k in range(RADIUS):
        c[RADIUS - 1 - k] = c[RADIUS + k]
        c[last + 1 + k] = c[last - k]


@jit()
def across(c, h):
    """Sum columns over the window's width."""
    for i in range(len(h)):
        h[i] = seven(c, i)


@jit()
def ssim_row(hx, hy, cp, cd, out, c1, c2):
    """Write one row of the SSIM map."""
    for i in range(len(out)):
        sx, sy = like(hx[i], cp[0]), like(hy[i], cp[0])
        m = mul(sx, sy)
        e = sub(sx, sy)
        e = mul(e, e)
        a = sub(mul(seven(cp, i), like(N, cp[0])), m)
        v = sub(mul(seven(cd, i), like(N, cp[0])), e)
        m, a = add(m, m), add(a, a)
        out[i] = ((np.float32(m) + c1) * (np.float32(a) + c2)) / (
            (np.float32(add(m, e)) + c1) * (np.float32(add(a, v)) + c2)
        )


@jit(fastmath={"reassoc", "nsz", "nnan"})
def total(part):
    """Sum a stretch; reassociated, so that it vectorises."""
    s = np.float32(0)
    for i in range(len(part)):
        s += part[i]
    return s


@jit()
def lowest(part):
    """Return the minimum in units of 2**-30: a minimum of integers vectorises, one of floats does not."""
    s = np.int32(UNIT * 2 - 1)
    for i in range(len(part)):
        s = min(s, np.int32(part[i] * np.float32(UNIT)))
    return s


@jit()
def largest(x, y):
    """Return the largest abs(x - y) of a row."""
    most = sub(x[0], x[0])
    for i in range(len(x)):
        most = max(most, sub(max(x[i], y[i]), min(x[i], y[i])))
    return most


@jit()
def flag(x, y, bits, gate):
    """Set bits where abs(x - y) is above `gate`."""
    for i in range(len(x)):
        bits[i] = sub(max(x[i], y[i]), min(x[i], y[i])) > like(gate, x[0])


@jit()
def gather(words, cells):
    """Set cells whose word of bits is not zero."""
    for i in range(len(cells)):
        cells[i] |= words[i] != 0


@jit(inner=False)
def colour(start, stop, width, x, y, out, more):
    """Write abs(x - y) of rows of a chroma plane; `more`: keep what is larger already."""
    for row in range(start, stop):
        a, b, c = x[row, :width], y[row, :width], out[row]
        for i in range(width):
            d = sub(max(a[i], b[i]), min(a[i], b[i]))
            c[i] = max(c[i], d) if more else d


@jit()
def different(i, d, c, hx, hy, cp, cd, limits):
    """Decide one pixel from its differences of luma and chroma; see `rule`."""
    sx, sy = like(hx[i], cp[0]), like(hy[i], cp[0])
    e = sub(sx, sy)
    a = sub(mul(seven(cp, i), like(N, cp[0])), mul(sx, sy))
    v = sub(mul(seven(cd, i), like(N, cp[0])), mul(e, e))
    scale = like(4 * N * (N - 1), cp[0])
    shared = mul(max(a, like(0, cp[0])), limits[5])
    structural = (sub(v, add(a, a)) > limits[2]) & (d > limits[3])
    bright = mul(mul(d, d), scale) > add(shared, limits[0])
    coloured = (mul(mul(c, c), scale) > add(shared, limits[1])) & (c > limits[4])
    return bright | structural | coloured


@jit()
def decide_stretch(hx, hy, cp, cd, x, y, chroma, out, worst, limits):
    """Decide every pixel of a stretch (of slices that begin at it); return whether any is different."""
    found = np.uint8(0)
    for i in range(len(out)):
        p, q = like(x[i], cp[0]), like(y[i], cp[0])
        d, c = sub(max(p, q), min(p, q)), like(chroma[i], cp[0])
        out[i] = np.uint8(255) if different(i, d, c, hx, hy, cp, cd, limits) else np.uint8(0)
        found |= out[i]
        worst[i] = like(max(d, c), worst[0])
    return found != 0


@jit()
def decide_few(first, end, hx, hy, cp, cd, x, y, chroma, out, worst, limits):
    """The same from column `first` to `end`, looking only above the gates: quicker where few are."""
    found = False
    for i in range(first, end):
        p, q = like(x[i], cp[0]), like(y[i], cp[0])
        d, c = sub(max(p, q), min(p, q)), like(chroma[i], cp[0])
        if (d > limits[3] or c > limits[4]) and different(i, d, c, hx, hy, cp, cd, limits):
            out[i] = np.uint8(255)
            worst[i] = like(max(d, c), worst[0])
            found = True
    return found


@jit()
def summarise(row, y, first, end, mask, ssim, worst, tiles, lows):
    """Enter the different pixels first..end of row y into the tile summary; `first` begins a tile."""
    for start in range(first, end, TILE):
        x0, x1, n = -1, 0, 0
        high, low = worst[0], np.float32(2)
        for i in range(start, min(start + TILE, end)):
            if mask[i]:
                high = max(high, worst[i]) if n else worst[i]
                low = min(low, ssim[i])
                x0 = i if n == 0 else x0
                x1 = i + 1
                n += 1
        if n:
            k = row + start // TILE
            if tiles[0, k] == 0:
                tiles[1, k], tiles[2, k], tiles[3, k], tiles[5, k], lows[k] = x0, y, x1, high, low
            tiles[0, k] += n
            tiles[1, k] = min(tiles[1, k], x0)
            tiles[3, k] = max(tiles[3, k], x1)
            tiles[4, k] = y + 1
            tiles[5, k] = max(tiles[5, k], high)
            lows[k] = min(lows[k], low)


@jit()
def candidates(x, y, colours, steps, gates, most, flags, cells):
    """Set the cells of a row that hold a difference worth a closer look; return whether any does."""
    bits, eights, fours, twos = flags
    if most > gates[0]:
        flag(x, y, bits, gates[0])
        gather(eights, cells)
    if len(colours):
        for i in range(len(colours)):
            bits[i] = colours[i] > like(gates[1], colours[0])
        fill(cut(bits, len(colours), len(bits)), 0)
        if steps[1] == 1:
            gather(eights, cells)
        elif steps[1] == 2:
            gather(fours, cells)
        else:
            gather(twos, cells)
        fill(cut(bits, len(x), len(bits)), 0)
    found = np.uint8(0)
    for k in range(len(cells)):
        found |= cells[k]
    return found != 0


@jit()
def reflect(row, height):
    if row < 0:
        return -row - 1
    return 2 * height - 1 - row if row >= height else row


@jit()
def advance(y, fresh, x_ref, x_test, columns, zero):
    """Make the sums those of row y: from row y - 1 when `fresh`, else from nothing.

    The reference's sums are made anew for every frame: reading them back from memory took
    longer (1.9 ms against 1.5 at 1080p on one thread) than sliding them in the cache.
    """
    cx, cy, cp, cd, hx, hy = columns
    width, height = len(zero), len(x_ref)
    first = y + RADIUS if fresh else y - RADIUS
    if not fresh:
        fill(cx, 0)
        fill(cy, 0)
        fill(cp, 0)
        fill(cd, 0)
    for k in range(first, y + RADIUS + 1):
        n, o = reflect(k, height), reflect(y - RADIUS - 1, height)
        a, b = line(x_ref, n, width), line(x_test, n, width)
        u, v = (line(x_ref, o, width), line(x_test, o, width)) if fresh else (zero, zero)
        slide(cx, a, u)
        slide(cy, b, v)
        slide_both(cp, cd, a, b, u, v, cx[0])
    mirror(cx)
    mirror(cy)
    mirror(cp)
    mirror(cd)
    across(cx, hx)
    across(cy, hy)


@jit()
def tell(y, row, zones, sums, least):
    """Enter one row of the map into the sums by run and the band's (minimum, x, y)."""
    runs, row_start, valid, _labels = zones
    for k in range(row_start[y], row_start[y + 1]):
        sums[k] = total(cut(row, valid[k, 0], valid[k, 1]))
        low = lowest(cut(row, runs[k, 1], runs[k, 2]))
        if low < least[0]:
            least[0], least[2] = low, y
            for i in range(runs[k, 1], runs[k, 2]):
                if np.int32(row[i] * np.float32(UNIT)) == low:
                    least[1] = i
                    break


@jit()
def examine(y, x_row, y_row, colours, step, columns, numbers, row, buffers, labels, out):
    """Decide the candidate cells of row y, a stretch of neighbours at a time."""
    _cx, _cy, cp, cd, hx, hy = columns
    cells, eights, chroma, worst = buffers
    mask, tiles, lows = out
    k = 0
    while k < len(cells):
        if k % 8 == 0 and eights[k // 8] == 0:
            k += 8
            continue
        if cells[k] == 0:
            k += 1
            continue
        first = k * TILE
        while k < len(cells) and cells[k] != 0:
            cells[k] = 0
            k += 1
        end = min(k * TILE, len(x_row))
        if len(colours):
            for i in range(first, end):
                chroma[i] = colours[i // step]
        if end - first < FEW:
            found = decide_few(first, end, hx, hy, cp, cd, x_row, y_row, chroma, mask, worst, numbers)
        else:
            found = decide_stretch(
                cut(hx, first, end),
                cut(hy, first, end),
                cut(cp, first, end + 2 * RADIUS),
                cut(cd, first, end + 2 * RADIUS),
                cut(x_row, first, end),
                cut(y_row, first, end),
                cut(chroma, first, end),
                cut(mask, first, end),
                cut(worst, first, end),
                numbers,
            )
        if found:
            if len(labels):
                for i in range(first, end):
                    mask[i] = mask[i] if labels[i] else np.uint8(0)
            summarise((y // TILE) * len(cells), y, first, end, mask, row, worst, tiles, lows)


@jit(inner=False)
def band(start, stop, x_ref, x_test, colours, steps, ssim_map, zones, limits, scratch, out):
    """Compare rows start..stop.

    `colours` holds the largest chroma difference by chroma pixel, or nothing; `zones` is
    (runs, row_start, valid, labels), `scratch` the column and row buffers, `out` (mask, tiles,
    lows, sums by run, largest difference by row).
    """
    height = len(x_ref)
    columns, zero, chroma, worst, spare, flags, cells, eights, least = scratch
    _cx, _cy, cp, cd, hx, hy = columns
    mask, tiles, lows, sums, most = out
    labels = zones[3]
    width = len(zero)
    least[0] = UNIT * 2 - 1
    fill(chroma, 0)
    last = -2  # the row that the column sums are of
    tinted = colours.shape[1]
    numbers, gates, c1, c2 = limits
    for k in range(max(start - RADIUS, 0), min(start + RADIUS, height)):
        most[k] = largest(line(x_ref, k, width), line(x_test, k, width))
    for y in range(start, stop):
        row = line(ssim_map, y, width) if len(ssim_map) else spare
        if y + RADIUS < height:
            most[y + RADIUS] = largest(line(x_ref, y + RADIUS, width), line(x_test, y + RADIUS, width))
        around = 0
        for k in range(max(y - RADIUS, 0), min(y + RADIUS + 1, height)):
            around |= most[k]
        a, b = line(x_ref, y, width), line(x_test, y, width)
        tint = line(colours, y // steps[0] if tinted else 0, tinted)
        decided = line(mask, y, width)
        fill(decided, 0)
        suspect = candidates(a, b, tint, steps, gates, most[y], flags, cells)
        if around or suspect:
            advance(y, last == y - 1, x_ref, x_test, columns, zero)
            last = y
        if around:
            ssim_row(hx, hy, cp, cd, row, c1, c2)
        else:
            fill(row, 1)
        tell(y, row, zones, sums, least)
        if suspect:
            buffers = cells, eights, chroma, worst
            zone = line(labels, y if len(labels) > 1 else 0, labels.shape[1])
            examine(y, a, b, tint, steps[1], columns, numbers, row, buffers, zone, (decided, tiles, lows))


@jit()
def rise(x, y, most):
    """Enter abs(x - y) of a row into the largest of every column."""
    for i in range(len(most)):
        most[i] = max(most[i], sub(max(x[i], y[i]), min(x[i], y[i])))


@jit()
def rise_to(values, most):
    """Enter a row into the largest of every column."""
    for i in range(len(most)):
        most[i] = max(most[i], values[i])


@jit()
def highest(values):
    """Return the largest of a row."""
    most = sub(values[0], values[0])
    for i in range(len(values)):
        most = max(most, values[i])
    return most


@jit()
def step_down(y, fresh, low, high, x_ref, x_test, columns, zero):
    """Make the sums of columns low..high those of row y, as `advance` does of all."""
    cx, cy, cp, cd, _hx, _hy = columns
    width, height = len(zero), len(x_ref)
    end = high + 2 * RADIUS
    sx, sy, sp, sd = cut(cx, low, end), cut(cy, low, end), cut(cp, low, end), cut(cd, low, end)
    if not fresh:
        fill(sx, 0)
        fill(sy, 0)
        fill(sp, 0)
        fill(sd, 0)
    o = reflect(y - RADIUS - 1, height)
    u, v = (line(x_ref, o, width), line(x_test, o, width)) if fresh else (zero, zero)
    u, v = cut(u, low, high), cut(v, low, high)
    for k in range(y + RADIUS if fresh else y - RADIUS, y + RADIUS + 1):
        n = reflect(k, height)
        a, b = cut(line(x_ref, n, width), low, high), cut(line(x_test, n, width), low, high)
        slide(sx, a, u)
        slide(sy, b, v)
        slide_both(sp, sd, a, b, u, v, cx[0])


@jit()
def decide_stretch_of_cells(
    top, bottom, left, right, x_ref, x_test, colours, steps, labels, limits, scratch, out
):
    """Decide a stretch of a row of cells from sums made for it alone, and its SSIM where it is different."""
    columns, zero, chroma, worst, ssim = scratch[:5]
    cx, cy, cp, cd, hx, hy = columns
    mask, tiles, lows = out
    numbers, _gates, c1, c2 = limits
    width = len(zero)
    low, high = max(left - RADIUS, 0), min(right + RADIUS, width)
    x, y = cut(hx, left, right), cut(hy, left, right)
    p, q = cut(cp, left, right + 2 * RADIUS), cut(cd, left, right + 2 * RADIUS)
    for row in range(top, bottom):
        step_down(row, row > top, low, high, x_ref, x_test, columns, zero)
        mirror(cx)
        mirror(cy)
        mirror(cp)
        mirror(cd)
        across(cut(cx, left, right + 2 * RADIUS), x)
        across(cut(cy, left, right + 2 * RADIUS), y)
        a, b = cut(line(x_ref, row, width), left, right), cut(line(x_test, row, width), left, right)
        if colours.shape[1]:
            tint = colours[row // steps[0]]
            for i in range(left, right):
                chroma[i] = tint[i // steps[1]]
        hue, decided, most = cut(chroma, left, right), cut(mask[row], left, right), cut(worst, left, right)
        if right - left < FEW:
            found = decide_few(0, right - left, x, y, p, q, a, b, hue, decided, most, numbers)
        else:
            found = decide_stretch(x, y, p, q, a, b, hue, decided, most, numbers)
        if found:
            if labels.shape[1]:
                zone = labels[row]
                for i in range(left, right):
                    mask[row, i] = mask[row, i] if zone[i] else np.uint8(0)
            ssim_row(x, y, p, q, cut(ssim, left, right), c1, c2)
            first = row // TILE * ((width + TILE - 1) // TILE)
            summarise(first, row, left, right, mask[row], ssim, worst, tiles, lows)


@jit(inline="always")
def window(x, y, row, column, width, zero):
    """Return the sums of x, y, x * y and d * d over the window round one pixel, of the type of `zero`."""
    height = len(x)
    sx, sy, sp, sd = zero, zero, zero, zero
    if RADIUS <= column < width - RADIUS:
        for k in range(row - RADIUS, row + RADIUS + 1):
            n = reflect(k, height)
            for i in range(2 * RADIUS + 1):
                m = np.uint64(column - RADIUS + i)  # unsigned: nothing to check
                p, q = like(x[n, m], zero), like(y[n, m], zero)
                sx, sy = add(sx, p), add(sy, q)
                sp, sd = add(sp, mul(p, q)), add(sd, mul(sub(p, q), sub(p, q)))
        return sx, sy, sp, sd
    for k in range(row - RADIUS, row + RADIUS + 1):
        n = reflect(k, height)
        for i in range(column - RADIUS, column + RADIUS + 1):
            m = reflect(i, width)
            p, q = like(x[n, m], zero), like(y[n, m], zero)
            sx, sy = add(sx, p), add(sy, q)
            sp, sd = add(sp, mul(p, q)), add(sd, mul(sub(p, q), sub(p, q)))
    return sx, sy, sp, sd


@jit(inline="always")
def squares(quads, row, column):
    """Return a quad's sum of d * d."""
    return np.int64(quads[2, row, column]) - 2 * np.int64(quads[3, row, column])


@jit(inline="always")
def bounds(quads, row, column, limits):
    """Return the least that texture hides of a quad, and whether luma and structure may differ.

    A quad is 4x4 pixels, `quads` its sums of x, y, x * x + y * y and x * y. With s = x + y and W(s) =
    n * sum(ss) - sum(s) ** 2 over the window, 4A = W(s) - V. The window of each of its pixels holds the
    quad, so W(s) is at least what the quad alone gives, and lies in the quads round it, so V is at most
    n times their sum of d * d.
    """
    rows, columns = quads.shape[1:]
    if row < 1 or column < 1 or row + 1 >= rows or column + 1 >= columns:  # mirrored, or not whole quads
        return np.int64(0), True, True
    dd = np.int64(0)
    for r in range(row - 1, row + 2):
        for c in range(column - 1, column + 2):
            dd += squares(quads, r, c)
    s = np.int64(quads[0, row, column]) + np.int64(quads[1, row, column])
    own = 16 * (np.int64(quads[2, row, column]) + 2 * np.int64(quads[3, row, column])) - s * s  # 16 W(s) / n
    hidden = (max(N * own - 16 * N * dd, 0) >> 6) * limits[5]
    bright = squares(quads, row, column) * (4 * N * (N - 1)) > hidden + limits[0]
    return hidden, bright, N * (48 * dd - own) > 32 * limits[2]


@jit(inline="always")
def over(a, b):
    """Return a // b of what is not negative: twice as fast without a sign and in 32 bits."""
    return np.uint32(a) // np.uint32(b)


@jit(inline="always")
def decide_quad(row, column, bound, tinted, x_ref, x_test, colours, steps, labels, limits, peaks, out):
    """Decide a quad pixel by pixel; return how many needed sums. `tinted`: colours may differ enough."""
    hidden, _bright, structural = bound
    numbers, gates, c1, c2 = limits
    luma, tint = peaks
    mask, tiles, lows = out
    height, width = mask.shape
    k = row // 2 * ((width + TILE - 1) // TILE) + column // 2
    asked, scale = 0, 4 * N * (N - 1)
    gate = numbers[3] if structural else numbers[3] * 2  # twice the gate is at most the limit itself
    for i in range(4 * column, min(4 * column + 4, width)):
        hued = tinted and tint[over(i, steps[1])] > gates[1]
        if not (hued or luma[i] > gate):
            continue
        for y in range(4 * row, min(4 * row + 4, height)):
            d = abs(np.int64(x_ref[y, i]) - np.int64(x_test[y, i]))
            c = np.int64(colours[over(y, steps[0]), over(i, steps[1])]) if hued else np.int64(0)
            may = d > gate and (structural or d * d * scale > hidden + numbers[0])
            if not (may or c * c * scale > hidden + numbers[1]) or (labels.shape[1] and labels[y, i] == 0):
                continue
            asked += 1
            s, t, sp, sd = window(x_ref, x_test, y, i, width, like(0, numbers[0]))
            sx, sy = np.int64(s), np.int64(t)
            m, e = sx * sy, (sx - sy) * (sx - sy)
            a, v = N * sp - m, N * sd - e
            shared = max(a, 0) * numbers[5]
            other = v - 2 * a > numbers[2] and d > numbers[3]
            hue = c * c * scale > shared + numbers[1] and c > numbers[4]
            if other or hue or d * d * scale > shared + numbers[0]:
                mask[y, i] = np.uint8(255)
                low = ((np.float32(2 * m) + c1) * (np.float32(2 * a) + c2)) / (
                    (np.float32(2 * m + e) + c1) * (np.float32(2 * a + v) + c2)
                )
                enter(k, y, i, max(d, c), low, tiles, lows)
    return asked


@jit(inline="always")
def enter(k, y, x, worst, low, tiles, lows):
    """Enter one different pixel into the summary of cell k."""
    if tiles[0, k] == 0:
        tiles[1, k], tiles[2, k], tiles[3, k], tiles[4, k] = x, y, x + 1, y + 1
        tiles[5, k], lows[k] = worst, low
    tiles[0, k] += 1
    tiles[1, k], tiles[3, k] = min(tiles[1, k], x), max(tiles[3, k], x + 1)
    tiles[2, k], tiles[4, k] = min(tiles[2, k], y), max(tiles[4, k], y + 1)
    tiles[5, k], lows[k] = max(tiles[5, k], worst), min(lows[k], low)


@jit(inline="always")
def any_above(values, first, end, gate):
    """Return whether any of a part of a row is above `gate`."""
    found = False
    for i in range(first, end):
        found |= values[i] > gate
    return found


@jit()
def squares_of(ss, s12, out):
    """Fill sums of d * d of a row of quads."""
    for i in range(len(out)):
        out[i] = sub(ss[i], add(s12[i], s12[i]))


@jit()
def add_row(row, out):
    """Add a row of sums to another."""
    for i in range(len(out)):
        out[i] = add(out[i], row[i])


@jit()
def suspects(s1, s2, ss, s12, dd, around, marks, structure, bright):
    """Mark quads of a row in which a pixel may be different: 1 by its brightness, 2 by its structure.

    `around` is the sum of d * d over three rows. As `bounds`; by brightness with a margin for rounding.
    """
    scale, least, hides = bright
    for i in range(1, len(marks) - 1):
        s = add(s1[i], s2[i])
        own = sub(mul(add(ss[i], add(s12[i], s12[i])), like(16, s)), mul(s, s))
        near = add(add(around[i - 1], around[i]), around[i + 1])
        rest = sub(own, mul(near, like(16, s)))
        hidden = max(np.float32(rest), np.float32(0)) * hides
        by_structure = sub(mul(near, like(48, s)), own) > structure
        by_luma = np.float32(dd[i]) * scale > hidden + least
        marks[i] = np.uint8(by_luma) | (np.uint8(by_structure) << np.uint8(1))


@jit()
def mark_quads(row, quads, numbers, squares, marks):
    """Mark the suspects of a row of quads; all of the picture's edge."""
    rows = quads.shape[1]
    fill(marks, 3)
    if row < 1 or row + 1 >= rows:
        return
    around, dd = squares[0], squares[1]
    squares_of(quads[2, row - 1], quads[3, row - 1], around)
    squares_of(quads[2, row + 1], quads[3, row + 1], dd)
    add_row(dd, around)
    squares_of(quads[2, row], quads[3, row], dd)
    add_row(dd, around)
    margin = np.float32(1 - 1e-5)
    least, share = np.float32(numbers[0]) * margin, np.float32(N / 64 * numbers[5]) * margin
    bright = np.float32(4 * N * (N - 1)), least, share
    most = like(32 * np.int64(numbers[2]) // N, dd[0])
    part = cut(marks, 0, quads.shape[2])
    suspects(quads[0, row], quads[1, row], quads[2, row], quads[3, row], dd, around, part, most, bright)


@jit()
def decide_cells(top, bottom, cells, x_ref, x_test, colours, steps, labels, quads, limits, peaks, room, out):
    """Decide some cells of a row pixel by pixel, until too many need their sums; return how many did."""
    width, tinted, asked = out[0].shape[1], False, 0
    squares, marks = room
    tint = peaks[1]
    for row in range(top // 4, (bottom + 3) // 4):
        mark_quads(row, quads, limits[0], squares, marks)
        for k in range(len(cells)):
            if cells[k] == 0 or asked > width // MANY:
                continue
            left, right = k * TILE, min(k * TILE + TILE, width)
            if len(tint):
                end = over(right + steps[1] - 1, steps[1])
                tinted = any_above(tint, over(left, steps[1]), end, limits[1][1])
            for column in range(left // 4, (right + 3) // 4):
                # a quad that is bright alone has no pixel worth a look unless one is beyond the limit itself
                gate = limits[0][3] * (1 if marks[column] & 2 else 2)
                end = min(4 * column + 4, width)
                if tinted or (marks[column] and any_above(peaks[0], 4 * column, end, gate)):
                    bound = bounds(quads, row, column, limits[0])
                    asked += decide_quad(
                        row, column, bound, tinted, x_ref, x_test, colours, steps, labels, limits, peaks, out
                    )
    return asked


@jit(inner=False)
def decide(start, stop, x_ref, x_test, colours, steps, labels, quads, limits, scratch, peaks, room, out):
    """Decide rows start..stop as `band` does, with neither map nor means: few pixels need their sums.

    `quads` see `bounds`; `peaks` is two rows of the picture's width and type, `room` two rows of quads of
    the sums' type, and one of bytes.
    """
    _columns, zero, chroma, _worst, _ssim, flags, cells, _eights, _least = scratch
    mask, tiles, lows, _sums, most = out
    width, tinted = len(zero), colours.shape[1]
    luma, tint = line(peaks, 0, width), line(peaks, 1, tinted)
    parts = mask, tiles, lows
    fill(chroma, 0)
    for top in range(start, stop, TILE):
        bottom = min(top + TILE, stop)
        fill(luma, 0)
        fill(tint, 0)
        for row in range(top, bottom):
            rise(line(x_ref, row, width), line(x_test, row, width), luma)
            fill(mask[row], 0)
            most[row] = 0
        if tinted:
            for row in range(top // steps[0], (bottom + steps[0] - 1) // steps[0]):
                rise_to(line(colours, row, tinted), tint)
        most[top] = highest(luma)
        if not candidates(luma, zero, tint, steps, limits[1], most[top], flags, cells):
            continue
        asked = decide_cells(
            top,
            bottom,
            cells,
            x_ref,
            x_test,
            colours,
            steps,
            labels,
            quads,
            limits,
            (luma, tint),
            room,
            parts,
        )
        fill(cells, 0)
        if asked > width // MANY:
            for row in range(top, bottom):
                fill(mask[row], 0)
            fill(cut(tiles[0], top // TILE * len(cells), (top // TILE + 1) * len(cells)), 0)
            decide_stretch_of_cells(
                top, bottom, 0, width, x_ref, x_test, colours, steps, labels, limits, scratch, parts
            )


@jit()
def split_row(bgr, y, cb, cr):
    """Fill a row of Y, Cb, Cr from one of B, G, R, B, G, R ...; see `Engine.split`."""
    i32 = np.int32
    for i in range(len(y)):
        b, g, r = i32(bgr[3 * i]), i32(bgr[3 * i + 1]), i32(bgr[3 * i + 2])
        bright = add(add(mul(b, i32(3735)), mul(g, i32(19235))), add(mul(r, i32(9798)), i32(1 << 14)))
        t = i32(add(add(mul(b, i32(1868)), mul(g, i32(9617))), add(mul(r, i32(4899)), i32(1 << 13))) >> 14)
        u = i32(add(mul(sub(b, t), i32(9241)), i32((128 << 14) + (1 << 13))) >> 14)
        v = i32(add(mul(sub(r, t), i32(11682)), i32((128 << 14) + (1 << 13))) >> 14)
        y[i] = np.uint8(i32(bright) >> 15)
        cb[i] = np.uint8(min(max(u, i32(0)), i32(255)))
        cr[i] = np.uint8(min(max(v, i32(0)), i32(255)))


@jit(inner=False)
def split(start, stop, bgr, y, cb, cr):
    """Fill rows start..stop of Y, Cb, Cr; `bgr` is (H, 3 * W)."""
    for row in range(start, stop):
        split_row(bgr[row], y[row], cb[row], cr[row])


@jit(inner=False)
def block_sums(x, y, rows, columns, out):
    """Sum d, d * d, x, x * x and x * d over 8x8 blocks."""
    k = 0
    for top in rows:
        for left in columns:
            s, q, sx, qx, sd = 0, 0, 0, 0, 0
            for r in range(top, top + 8):
                a, b = x[r], y[r]
                for i in range(left, left + 8):
                    u = np.int64(a[i])
                    d = u - np.int64(b[i])
                    s += d
                    q += d * d
                    sx += u
                    qx += u * u
                    sd += u * d
            out[k, 0], out[k, 1], out[k, 2], out[k, 3], out[k, 4] = s, q, sx, qx, sd
            k += 1


@jit(inner=False)
def difference_sums(x, y, zones, out):
    """Sum abs(d) and d * d over every run."""
    runs = zones[0]
    for k in range(len(runs)):
        a, b = x[runs[k, 0]], y[runs[k, 0]]
        s, q = 0, 0
        for i in range(runs[k, 1], runs[k, 2]):
            d = np.int64(a[i]) - np.int64(b[i])
            s += abs(d)
            q += d * d
        out[runs[k, 3], 0] += s
        out[runs[k, 3], 1] += q


@jit()
def root_of(parent, k):
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k


@jit(inner=False)
def group(tiles, lows, columns, merge, far, parent, labels, out, out_lows):
    """Join tiles nearer than `merge`; fill labels and the summary of components; return how many."""
    area, x0, y0, x1, y1 = tiles[0], tiles[1], tiles[2], tiles[3], tiles[4]
    rows = len(area) // columns
    for k in range(len(area)):
        parent[k] = k
        labels[k] = -1
    for k in range(len(area)):
        if area[k] == 0:
            continue
        y, x = k // columns, k % columns
        for dy in range(min(far, rows - 1 - y) + 1):
            for dx in range(max(-far, -x) if dy else 1, min(far, columns - 1 - x) + 1):
                n = k + dy * columns + dx
                if area[n] == 0:
                    continue
                gap = max(max(x0[n] - x1[k], x0[k] - x1[n]), max(y0[n] - y1[k], y0[k] - y1[n]))
                if gap < max(merge, 1):
                    a, b = root_of(parent, k), root_of(parent, n)
                    parent[max(a, b)] = min(a, b)
    count = 0
    for k in range(len(area)):
        if area[k] == 0:
            continue
        root = root_of(parent, k)
        if root == k:
            labels[k] = count
            for i in range(6):
                out[i, count] = tiles[i, k]
            out_lows[count] = lows[k]
            count += 1
            continue
        c = labels[root]
        labels[k] = c
        out[0, c] += area[k]
        for i in range(1, 3):
            out[i, c] = min(out[i, c], tiles[i, k])
        for i in range(3, 6):
            out[i, c] = max(out[i, c], tiles[i, k])
        out_lows[c] = min(out_lows[c], lows[k])
    return count
