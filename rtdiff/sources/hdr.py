"""Pictures of PQ and HLG video for people with a common screen; what is compared stays as coded."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Picture
from rtdiff.sources.colour import bands

Transfer = Literal["pq", "hlg"]

_PEAK = 1000.0  # cd/m2, what most films are mastered for, and HLG's nominal screen; brighter is white
_WHITE = 203.0  # cd/m2, ITU-R BT.2408's diffuse white, which the screen's white stands for
_CODES = 4096  # rows of the tables: 12 bit, as fine as PQ is ever coded
_LINEAR = 1 << 14  # rows of the table to sRGB; at its steepest a row is 0.2 levels

# SMPTE ST 2084
_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
# ITU-R BT.2100, HLG
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_GAMMA = 1.2
_BT2020_LUMA = (0.0593, 0.6780, 0.2627)  # of B, G, R
# ITU-R BT.2087 backwards: linear light of BT.2020 -> of BT.709; rows and columns B, G, R.
_TO_BT709 = np.array(
    [[1.1187, -0.1006, -0.0182], [-0.0083, 1.1329, -0.1246], [-0.0728, -0.5876, 1.6605]], np.float32
)


def tone_mapped(bgr: NDArray[Any], transfer: Transfer, wide: bool) -> Picture:
    """Return a picture for a screen of sRGB, by the curve of ITU-R BT.2390 on the largest of R, G, B.

    Up to 92 cd/m2 light stays as it is (203 is the screen's white), and 1000 becomes the screen's
    white; hue and saturation are kept, but for colours that BT.709 does not have.

    Parameters
    ----------
    bgr : ndarray
        (H, W, 3) uint16 B, G, R as coded, full range.
    transfer : {'pq', 'hlg'}
        How light was coded.
    wide : bool
        Whether the primaries are those of BT.2020; otherwise they are taken for BT.709's.

    Returns
    -------
    ndarray
        (H, W, 3) uint8 BGR.
    """
    made = np.empty(bgr.shape, np.uint8)
    light, ratio, srgb = _tables(transfer)
    for rows in bands(bgr):
        linear = light[bgr[rows] >> 4]
        if transfer == "hlg":  # scene light -> light of the screen, BT.2100's OOTF
            luma = cv2.transform(linear, np.array([_BT2020_LUMA], np.float32))
            linear *= cv2.pow(np.maximum(luma, 1e-6), _GAMMA - 1)[..., None]
        peak = linear.max(axis=2)
        # The fourth root spreads light over the table about as the eye does.
        linear *= ratio[(np.sqrt(np.sqrt(peak)) * (_CODES - 1)).astype(np.uint16)][..., None]
        if wide:
            linear = cv2.transform(linear, _TO_BT709)
        made[rows] = srgb[(np.clip(linear, 0, 1) * (_LINEAR - 1) + 0.5).astype(np.uint16)]
    return made


@lru_cache(maxsize=2)
def _tables(transfer: Transfer) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint8]]:
    """Return code -> light (1: the peak), fourth root of light -> gain to the screen, light of it -> sRGB."""
    code = np.arange(_CODES) / (_CODES - 1)
    light = _pq_light(code) / _PEAK if transfer == "pq" else _hlg_scene(code)
    peak = np.maximum(code, 1 / _CODES) ** 4
    ratio = _screen(peak * _PEAK) / _WHITE / peak
    linear = np.arange(_LINEAR) / (_LINEAR - 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)  # IEC 61966-2-1
    return (
        np.clip(light, 0, 1).astype(np.float32),
        ratio.astype(np.float32),
        (255 * srgb + 0.5).astype(np.uint8),
    )


def _screen(light: NDArray[Any]) -> NDArray[Any]:
    """Return the light of a screen of `_WHITE` for light up to `_PEAK`, cd/m2: BT.2390's EETF."""
    top = _pq_code(np.array(_PEAK))
    value = _pq_code(light) / top
    most = float(_pq_code(np.array(_WHITE)) / top)
    knee = 1.5 * most - 0.5
    t = np.clip((value - knee) / (1 - knee), 0, 1)
    bent = (
        (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * most
    )
    return _pq_light(np.where(value < knee, value, bent) * top)


def _pq_light(code: NDArray[Any]) -> NDArray[Any]:
    """Return the light of PQ's code values 0..1, cd/m2 (ST 2084's EOTF)."""
    power = code ** (1 / _M2)
    return 10_000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)


def _pq_code(light: NDArray[Any]) -> NDArray[Any]:
    """Return PQ's code values of light in cd/m2."""
    power = (light / 10_000) ** _M1
    return ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2


def _hlg_scene(code: NDArray[Any]) -> NDArray[Any]:
    """Return the light of the scene, 0..1, of HLG's code values 0..1 (BT.2100's inverse OETF)."""
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - _C) / _A) + _B) / 12)
