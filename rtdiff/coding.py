"""How Y, Cb, Cr are coded from R, G, B: weights and levels of ITU-R BT.601, BT.709 and BT.2020."""

from __future__ import annotations

KR_KB = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}
"""Matrix -> shares of red and blue in luma; green has the rest."""


def levels(data_range: int, color_range: str) -> tuple[float, float, float, float]:
    """Return code values of black, white and neutral chroma, and the swing of chroma.

    Parameters
    ----------
    data_range : int
        Largest code value, 2**bits - 1.
    color_range : {'full', 'limited'}
        Whether black..white is 0..data_range or 16..235 (scaled by depth).
    """
    unit = (data_range + 1) / 256
    if color_range == "limited":
        return 16 * unit, 235 * unit, 128 * unit, 224 * unit
    return 0.0, float(data_range), 128 * unit, float(data_range)
