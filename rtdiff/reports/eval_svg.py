"""A curve of precision over recall, and its rivals as points: SVG by hand, without any script."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rtdiff.reports.eval_result import Counts, Curve
from rtdiff.reports.slider_html import escape

WIDE, HIGH = 640, 440
LEFT, TOP, SIDE, FOOT = 48, 24, 18, 44  # margins, for the words at the axes
EQUAL = (0.5, 0.7, 0.8, 0.9, 0.95)  # F1 of the dashed lines
SHAPES = (
    '<circle cx="0" cy="0" r="6.5"{}/>',
    '<rect x="-6" y="-6" width="12" height="12"{}/>',
    '<path d="M0 -7.5L7 5.5H-7z"{}/>',
    '<path d="M0 -8L8 0L0 8L-8 0z"{}/>',
    '<path d="M0 7.5L7 -5.5H-7z"{}/>',
    '<path d="M-7 -2.5H-2.5V-7H2.5V-2.5H7V2.5H2.5V7H-2.5V2.5H-7z"{}/>',
    '<path d="M0 -8L7 -4V4L0 8L-7 4V-4z"{}/>',
)
"""Of the methods, in their order: told apart by shape alone."""


def shape(number: int) -> str:
    """Return the mark of a method around 0, 0; the first one's is filled."""
    return SHAPES[number % len(SHAPES)].format(f' class="re-mark{"" if number else " re-self"}"')


def key_svg(number: int) -> str:
    """Return the mark of a method for a legend."""
    return f'<svg viewBox="-11 -11 22 22" aria-hidden="true">{shape(number)}</svg>'


def curve_svg(curve: Curve | None, points: Sequence[tuple[str, Counts]], measure: str) -> str:
    """Return the chart of one measure.

    Parameters
    ----------
    curve : Curve or None
        Of a sweep; its thresholds stand at its points.
    points : sequence of (str, Counts)
        Methods at their own settings, rtdiff first.
    measure : str
        What is counted, for people.
    """
    told = ", ".join(f"{name}: precision {p.precision:.3f}, recall {p.recall:.3f}" for name, p in points)
    parts = [_axes(), *(_equal(f1) for f1 in EQUAL)]
    if curve is not None:
        parts.append(_line(curve))
    for number, (_, counts) in enumerate(points):
        if not math.isnan(counts.precision + counts.recall):
            x, y = _place(counts.recall, counts.precision)
            parts.append(f'<g transform="translate({x:.1f} {y:.1f})">{shape(number)}</g>')
    label = escape(f"Precision over recall of {measure}. {told}")
    return f'<svg viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _place(recall: float, precision: float) -> tuple[float, float]:
    return LEFT + recall * (WIDE - LEFT - SIDE), TOP + (1 - precision) * (HIGH - TOP - FOOT)


def _axes() -> str:
    parts = []
    for step in range(6):
        share = step / 5
        (x, low), (_, high) = _place(share, 0), _place(share, 1)
        (begin, y), (end, _) = _place(0, share), _place(1, share)
        parts.append(
            f'<path class="re-grid" d="M{x:.1f} {low:.1f}V{high:.1f}M{begin:.1f} {y:.1f}H{end:.1f}"/>'
        )
        parts.append(f'<text x="{x:.1f}" y="{low + 17:.1f}" text-anchor="middle">{share:.1f}</text>')
        parts.append(f'<text x="{begin - 7:.1f}" y="{y + 4:.1f}" text-anchor="end">{share:.1f}</text>')
    middle = (LEFT + WIDE - SIDE) / 2
    parts.append(f'<text x="{middle:.1f}" y="{HIGH - 6}" text-anchor="middle">recall: of what is true</text>')
    across = (TOP + HIGH - FOOT) / 2
    parts.append(
        f'<text transform="translate(13 {across:.1f}) rotate(-90)" text-anchor="middle">'
        "precision: of what was found</text>"
    )
    return "".join(parts)


def _equal(f1: float) -> str:
    """Return the line along which F1 is the same: precision = F1 * recall / (2 * recall - F1)."""
    lowest = f1 / (2 - f1)  # where precision is 1
    steps = [lowest + (1 - lowest) * n / 40 for n in range(41)]
    spots = [_place(recall, f1 * recall / (2 * recall - f1)) for recall in steps]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    x, y = spots[0]
    return (
        f'<path class="re-iso" d="M{path}"/>'
        f'<text x="{x:.1f}" y="{y - 7:.1f}" text-anchor="middle">F1 {f1:g}</text>'
    )


def _line(curve: Curve) -> str:
    there = [
        (threshold, *_place(counts.recall, counts.precision))
        for threshold, counts in zip(curve.thresholds, curve.counts, strict=True)
        if not math.isnan(counts.precision + counts.recall)
    ]
    if not there:
        return ""
    path = "L".join(f"{x:.1f} {y:.1f}" for _, x, y in there)
    parts = [f'<path class="re-line" d="M{path}"/>']
    last: tuple[float, float] | None = None
    for threshold, x, y in there:
        parts.append(f'<circle class="re-dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>')
        if last is None or math.hypot(x - last[0], y - last[1]) > 16:  # words would lie over each other
            right = x > WIDE - 60
            anchor, side = ("end", -9) if right else ("start", 9)
            spot = f'x="{x + side:.1f}" y="{y - 6:.1f}" text-anchor="{anchor}"'
            parts.append(f'<text class="re-at" {spot}>{threshold:g}</text>')
            last = x, y
    return "".join(parts)
