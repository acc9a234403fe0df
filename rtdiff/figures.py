"""How figures are written for people: one place, so that a picture and a report say the same."""

from __future__ import annotations

import math


def score_text(score: float, digits: int = 4) -> str:
    """Return `score` with `digits` decimals, and more where it would round to 1 without being 1.

    One missing letter on a page is 0.99996: four digits would call it perfect.
    """
    if not math.isfinite(score):
        return str(score)
    for places in range(digits, 10):
        text = f"{score:.{places}f}"
        if score >= 1.0 or float(text) < 1.0:
            return text
    return "0.999999999+"


def percent_text(fraction: float) -> str:
    """Return `fraction` (0..1) as percent; nothing that exists is written as zero."""
    percent = 100.0 * fraction
    if percent == 0.0 or percent >= 0.01:
        return f"{percent:.2f} %"
    return f"{percent:.1g} %" if percent >= 0.0001 else "<0.0001 %"


def clock_text(time_ns: int) -> str:
    """Return nanoseconds since a start as ``HH:MM:SS.mmm``."""
    milliseconds = time_ns // 1_000_000
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"


def count_text(number: int, thing: str) -> str:
    """Return ``1 region`` or ``1,204 regions``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def printable(text: object) -> str:
    """Return `text` on one line without control characters, which a file's name may hold.

    A terminal obeys escape sequences; a lone surrogate (an undecodable byte of a name) cannot be
    encoded as UTF-8. Both become a question mark.
    """
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in str(text))
