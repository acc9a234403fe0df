# mypy: ignore-errors
# Numba infers the types of these functions; annotations would say nothing it reads.
"""Loops over cells with the face of `cell_noise`, which says what they do."""

from __future__ import annotations

import numpy as np

from rtdiff.engines.numba_kernels import jit


@jit(inner=False)
def taken(sums, counts, scale, rms, mean):
    """As `cell_noise.taken`."""
    for i in range(len(rms)):
        n = np.float64(counts[i])
        rms[i] = np.sqrt(np.float32(np.float64(sums[i, 1]) / n)) * scale
        if len(mean):
            mean[i] = np.float32(np.float64(sums[i, 0]) / n) * -scale


@jit(inner=False)
def modelled(square, level, factor, model, unit):
    """As `cell_noise.modelled`."""
    for i in range(len(model)):
        model[i] = np.sqrt(square[i] * level[1] + level[0])
        unit[i] = max(model[i] * factor[i], level[2])


@jit()
def wavering(mean, before, size, limits, wavers):
    """Fill which cells change from frame to frame."""
    for i in range(len(mean)):
        wavers[i] = abs(mean[i] - before[i]) > limits[1] * size[i] + limits[0]
        before[i] = mean[i]


@jit()
def stepped(size, model, factor, last, wavers, busy, steady, steps, bounds, young):
    """Step the factors of one level."""
    for i in range(len(size)):
        above = (size[i] > model[i] * factor[i]) & (wavers[i] | (last[i] < steady))
        there = busy[i] & ~(wavers[i] & young)
        step = np.float32(1) if there else (steps[1] if above else steps[0])
        factor[i] = min(max(factor[i] * step, bounds[0]), bounds[1])


@jit(inner=False)
def learned(size, model, factor, mean, before, wavers, busy, limits, steps, bounds, young):
    """As `cell_noise.learned`."""
    last = size[len(size) - 1]
    wavering(mean, before, last, limits, wavers)
    for k in range(len(size)):
        stepped(size[k], model[k], factor[k], last, wavers, busy, limits[2], steps, bounds, young)


@jit(inner=False)
def doubtful(mean, unit, rms, area, most, limits, faint, busy):
    """As `cell_noise.doubtful`."""
    last = len(unit) - 1
    for i in range(len(mean)):
        off = abs(mean[i]) > max(unit[last, i] * limits[0], limits[1])
        found, least = off, unit[0, i]
        for k in range(last):
            least = min(least, unit[k, i])
            found |= rms[k, i] > unit[k, i] * limits[3]
        if area[i] > 0:
            found |= np.float64(most[i]) * np.float64(limits[4]) > np.float64(least * limits[2])
        faint[i] = off
        busy[i] = found
