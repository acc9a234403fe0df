"""A change of light: in numbers, as it is found, and in fixed point, as engines apply it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.fixed_light import ONE, SHIFT, Light
from rtdiff.glow import Glow
from rtdiff.records import Correction
from rtdiff.tone import Tone

FLAT = 4.0  # levels of brightness on either side over which the slope of the curve is taken


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A change of light in numbers."""

    tone: Tone
    mix: NDArray[np.float64]
    """(2,) of Cb and Cr."""
    tints: tuple[NDArray[np.float64], ...]
    """(3,) of Cb and of Cr: factor of the colour, of luma, levels."""
    glow: Glow | None
    gain: NDArray[np.float32] | None
    """(sample,) of the field."""
    offset: NDArray[np.float32] | None
    """(sample,) of the field, levels."""


def lit(found: Found, x: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Return means of cells in a light for the whole picture, unclipped."""
    luma, colours = x[0], x[1:]
    out = [found.tone(luma)]
    slope = slope_of(found.tone, luma) if colours else luma
    for c, part, factors in zip(colours, found.mix, found.tints, strict=False):
        if part:
            out[0] = out[0] + np.float32(part) * c
        a, b, more = (np.float32(f) for f in factors)
        out.append(a * slope * c + b * luma + more)
    return out


def slope_of(curve: Tone, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the slope of the curve at some brightnesses: what it does to colours."""
    if len(curve.at) == 2:
        return np.full_like(x, curve.gain)
    return (curve(x + np.float32(FLAT)) - curve(x - np.float32(FLAT))) / np.float32(2 * FLAT)


def light_of(found: Found, data_range: int, black: float, step: int) -> Light:
    """Return a light in fixed point.

    Parameters
    ----------
    data_range : int
        Largest code value.
    black : float
        Luma of black, levels of 0..255.
    step : int
        Luma pixels between nodes of the field.
    """
    unit = data_range / 255
    scale = unit * (1 << SHIFT)
    x = (np.arange(data_range + 1) / unit).astype(np.float32)
    luma = _fixed(found.tone(x) - black, scale, 510)
    slope = slope_of(found.tone, x)
    chroma = tuple(
        (_fixed(a * slope, 1 << ONE, 4), _fixed(b * x + more, scale, 128)) for a, b, more in found.tints
    )
    nodes, local = None, {}
    if found.glow is not None:
        gain = _fixed(found.glow.gain, 1 << ONE, 1.99)
        nodes = np.stack([np.maximum(gain, 0), _fixed(found.glow.offset, scale, 255)])
        local = {"local": round(found.glow.most, 1)}
    after = {"gain": round(found.tone.gain, 4), "offset": round(found.tone.offset, 2), **local}
    text = "brought into the light of the test picture"
    told = Correction("light", "reference", {"gain": 1.0, "offset": 0.0}, after, text)
    cb, cr = (round(float(part) * (1 << ONE)) for part in found.mix)
    return Light(luma, round(black * scale), (cb, cr), chroma, nodes, step, told)


def _fixed(values: NDArray[np.floating], scale: float, most: float) -> NDArray[np.int32]:
    """Return numbers of at most so much in fixed point: 32 bits hold what engines make of them."""
    fixed: NDArray[np.int32] = np.clip(np.rint(values * scale), -most * scale, most * scale).astype(np.int32)
    return fixed
