"""Sums over every cell of 8x8 pixels, and a picture brought into another light: the oracle of both.

A lit picture is, of code values y of luma and c of chroma less its middle, in fixed point::

    luma     (table[y] + mix . (cb, cr)) * gain + offset + black    bilinear between nodes
    chroma   (slope[y] * c + tint[y]) * gain                        y: mean of the luma it covers

rounded to nearest and clipped to the code values, as a camera clips. All in integers: every engine
says the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.fixed_light import ONE, SHIFT, Light
from rtdiff.grid import lattice, steps
from rtdiff.records import Correction


def plain(shape: tuple[int, ...], data_range: int, *, local: bool) -> Light:
    """Return one for pictures of `shape`, as engines are warmed up with."""
    codes = np.arange(data_range + 1, dtype=np.int32)
    nodes = np.zeros((2, -(-shape[0] // 8) + 1, -(-shape[1] // 8) + 1), np.int32)
    nodes[0] = 1 << ONE
    tables = np.full_like(codes, 1 << ONE), np.zeros_like(codes)
    told = Correction("light", "reference", {}, {})
    return Light(codes << SHIFT, 0, (0, 0), (tables, tables), nodes if local else None, 8, told)


def kind(data_range: int) -> type[np.int32] | type[np.int64]:
    """Return the type of the sums: 64 squares of 8-bit differences fit 32 bits."""
    return np.int32 if data_range <= 255 else np.int64


def cell_sums(d: Any, side: tuple[int, int], xp: Any) -> Any:
    """Return (rows, columns, 2): sums of d and of d * d over every cell; `d` is (H, W) int64."""
    rows, columns = lattice(d.shape, side)
    whole = xp.zeros((rows * side[0], columns * side[1]), np.int64)
    whole[: d.shape[0], : d.shape[1]] = d
    whole = whole.reshape(rows, side[0], columns, side[1])
    return xp.stack([whole.sum(axis=(1, 3)), (whole * whole).sum(axis=(1, 3))], axis=-1)


def field(nodes: NDArray[np.int32], step: int, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Any:
    """Return nodes interpolated at some rows and columns of pixels: first down, then to the right."""
    bits = step.bit_length() - 1
    wide = nodes.astype(np.int64)
    top, down = rows >> bits, (rows & (step - 1))[:, None]
    along = (wide[top] * (step - down) + wide[top + 1] * down) >> bits
    left, right = columns >> bits, columns & (step - 1)
    return (along[:, left] * (step - right) + along[:, left + 1] * right) >> bits


def lit_planes(planes: tuple[NDArray[Any], ...], light: Light, data_range: int) -> list[NDArray[Any]]:
    """Return the planes of a picture in another light; see the module's text."""
    out = []
    for first in range(0, len(planes), 3):  # over white and over black, if it had alpha
        y, *colours = planes[first : first + 3]
        out.append(_lit_luma(y, colours, light, data_range))
        out += [_lit_chroma(y, c, k, light, data_range) for k, c in enumerate(colours)]
    return out


def _lit_luma(y: NDArray[Any], colours: list[NDArray[Any]], light: Light, data_range: int) -> Any:
    value = light.luma[y].astype(np.int64)
    rows, columns = (np.arange(n) for n in y.shape)
    if colours and any(light.mix):
        down, right = steps(y.shape, colours[0].shape)
        middle = (data_range + 1) // 2
        cb, cr = (c.astype(np.int64) - middle for c in colours)
        mixed = (light.mix[0] * cb + light.mix[1] * cr) >> (ONE - SHIFT)
        value += mixed[rows // down][:, columns // right]
    value, rest = value << ONE, np.int64(light.black) << ONE
    if light.nodes is not None:
        gain, offset = (field(nodes, light.step, rows, columns) for nodes in light.nodes)
        value, rest = (value >> ONE) * gain, rest + (offset << ONE)
    return _code(value + rest, data_range, y.dtype)


def _lit_chroma(y: NDArray[Any], c: NDArray[Any], k: int, light: Light, data_range: int) -> Any:
    at = [np.arange(n) * s for n, s in zip(c.shape, steps(y.shape, c.shape), strict=True)]
    slope, tint = light.chroma[k]
    middle = (data_range + 1) // 2
    under = covered(y, c.shape)
    value = ((slope[under] * (c.astype(np.int64) - middle)) >> (ONE - SHIFT)) + tint[under]
    gain: Any = 1 << ONE
    if light.nodes is not None:
        gain = field(light.nodes[0], light.step, at[0], at[1])
    return _code(value * gain + (middle << (ONE + SHIFT)), data_range, c.dtype)


def covered(y: NDArray[Any], chroma: tuple[int, ...]) -> NDArray[np.int64]:
    """Return (H, W) mean luma of the first and the middle pixels that samples of chroma cover, rounded."""
    down, right = (
        (np.arange(n) * s, np.minimum(np.arange(n) * s + s // 2, m - 1))
        for n, s, m in zip(chroma, steps(y.shape, chroma), y.shape, strict=True)
    )
    wide = y.astype(np.int64)
    four = [wide[r][:, c] for r in down for c in right]
    return (four[0] + four[1] + four[2] + four[3] + 2) >> 2


def _code(value: NDArray[np.int64], data_range: int, dtype: Any) -> NDArray[Any]:
    """Return code values of fixed-point numbers with SHIFT + ONE bits behind the point."""
    rounded = (value + (1 << (SHIFT + ONE - 1))) >> (SHIFT + ONE)
    return rounded.clip(0, data_range).astype(dtype)
