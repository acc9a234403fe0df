"""The curve of a video as SVG: for print, and for browsers without a script."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rtdiff.figures import clock_text
from rtdiff.reports.slider_html import escape
from rtdiff.reports.timeline import MS, joined
from rtdiff.video_records import OF_NOTE

WIDE = 1000
LEFT, RIGHT, TOP, PLOT = 52, 44, 26, 180  # margins for the words, and where the curve ends
LANE = 22  # of segments and of ticks, each
FLAG = '<path class="rv-flag" d="M0 10L-7 0H7z"/>'
POINTS = 1_000  # of the curve; there are no more pixels

ICONS = {
    "unpaired": '<path d="M0 -6L6 0L0 6L-6 0z"/>',
    "repeated": '<path d="M-4 -6V6M4 -6V6" class="rv-stroke"/>',
    "frozen": '<rect x="-5" y="-5" width="10" height="10"/>',
    "corrupt": '<path d="M-5 -5L5 5M5 -5L-5 5" class="rv-stroke"/>',
}
"""Kind of a tick -> its mark around 0, 0: told apart by shape alone."""


def tick_svg(kind: str) -> str:
    """Return the mark of a kind for a legend."""
    return f'<svg viewBox="-9 -9 18 18" class="rv-tick rv-{kind}" aria-hidden="true">{ICONS[kind]}</svg>'


def hatch(key: str) -> str:
    """Return the pattern of segments, by the id ``KEY-hatch``."""
    return (
        f'<pattern id="{escape(key)}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect width="6" height="6" class="rv-weak"/>'
        '<path d="M1 0V6" class="rv-stripe"/></pattern>'
    )


def lowest_shown(scores: Sequence[float]) -> float:
    """Return where the axis of scores begins: the lowest of them, rounded down to something plain."""
    there = [score for score in scores if score == score]
    low = min([*there, 0.999])  # an axis has a length
    gap = 1.0 - low
    unit = 10.0 ** math.floor(math.log10(gap))
    step = next((share * unit for share in (0.1, 0.2, 0.5) if gap <= 10 * share * unit), unit)
    return max(0.0, round(math.floor(low / step + 1e-9) * step, 9))


def timeline_svg(told: Mapping[str, Any], key: str, label: str) -> str:
    """Return the chart.

    Parameters
    ----------
    told : mapping
        From `rtdiff.reports.timeline.embedded`.
    key : str
        Id of the section, another for every chart of a page.
    label : str
        What it shows, for those who do not see it.
    """
    low = lowest_shown(told["s"].tolist())
    across = (WIDE - LEFT - RIGHT) / told["end"]
    foot = PLOT + (3 if told["ticks"] else 1) * LANE  # where the lanes end
    parts = [f"<defs>{hatch(key)}</defs>", _axis(low), _clock(told["end"], across, foot + 18)]
    parts += [_segment(found, across, key) for found in joined(told["segments"], 1 / across)]
    if "vmaf" in told:
        parts.append(_vmaf(told["vmaf"], across))
    points = [
        (LEFT + t * across, _down((score - low) / (1 - low)))
        for t, score in _thinned(told["t"].tolist(), told["s"].tolist(), min)
    ]
    parts.append(_line(points, "rv-curve"))
    parts += [_tick(tick, across) for tick in _apart(told["ticks"], 5 / across)]
    parts += [
        f'<g transform="translate({LEFT + one["t"] * across:.1f} 14)">{FLAG}'
        f'<text class="rv-number" y="-2" text-anchor="middle">{one["n"]}</text></g>'
        for one in told["worst"]
    ]
    if told["ticks"]:
        parts += [
            f'<text x="{LEFT - 6}" y="{PLOT + LANE * (side + 1) + 14}" text-anchor="end">{word}</text>'
            for side, word in enumerate(("ref", "test"))
        ]
    return (
        f'<svg class="rv-print" viewBox="0 0 {WIDE} {foot + 28}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _down(share: float) -> float:
    return TOP + (1 - share) * (PLOT - TOP)


def _axis(low: float) -> str:
    parts = []
    for step in range(5):
        y, value = _down(step / 4), low + (1 - low) * step / 4
        parts.append(f'<path class="rv-grid" d="M{LEFT} {y:.1f}H{WIDE - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.6g}</text>')
    return "".join(parts)


def _clock(end_ms: int, across: float, y: float) -> str:
    parts = []
    for step in range(6):
        time_ms = end_ms * step // 5
        anchor = "start" if step == 0 else "end" if step == 5 else "middle"
        x, text = LEFT + time_ms * across, clock_text(time_ms * MS)
        parts.append(f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}">{text}</text>')
    return "".join(parts)


def _segment(found: Sequence[Any], across: float, key: str) -> str:
    x, wide = LEFT + found[0] * across, max(2.0, (found[1] - found[0]) * across)
    return (
        f'<rect class="rv-band" x="{x:.1f}" y="{TOP}" width="{wide:.1f}" height="{PLOT - TOP}"/>'
        f'<rect x="{x:.1f}" y="{PLOT + 6}" width="{wide:.1f}" height="{LANE - 8}" '
        f'fill="url(#{escape(key)}-hatch)" class="rv-edge"/>'
    )


def _apart(ticks: Sequence[Sequence[Any]], gap_ms: float) -> Iterator[Sequence[Any]]:
    """Yield ticks that do not lie upon the last of their kind and side."""
    last: dict[tuple[str, int], int] = {}
    for tick in ticks:
        key, end = (tick[0], tick[1]), tick[5]
        if end - last.get(key, -(10**15)) >= gap_ms:
            last[key] = end
            yield tick


def _tick(tick: Sequence[Any], across: float) -> str:
    kind, side, start, end = tick[0], tick[1], tick[4], tick[5]
    y = PLOT + LANE * (side + 1) + 10
    x, wide = LEFT + start * across, (end - start) * across
    line = f'<path class="rv-run rv-{kind}" d="M{x:.1f} {y}h{wide:.1f}"/>' if wide > 12 else ""
    mark = f'<g class="rv-tick rv-{kind}" transform="translate({x + wide / 2:.1f} {y})">{ICONS[kind]}</g>'
    return line + mark


def _vmaf(log: Mapping[str, Any], across: float) -> str:
    points = [
        (LEFT + t * across, _down(max(0.0, min(1.0, score / 100))))
        for t, score in _thinned(list(log["t"]), list(log["m"]), min)
    ]
    words = "".join(
        f'<text class="rv-right" x="{WIDE - RIGHT + 6}" y="{_down(value / 100) + 4:.1f}">{value}</text>'
        for value in (0, 50, 100)
    )
    return _line(points, "rv-vmaf") + words


def _thinned(times: list[float], values: list[float], chosen: Any) -> list[tuple[float, float]]:
    each = max(1, math.ceil(len(times) / POINTS))
    out = []
    for at in range(0, len(times), each):
        known = [value for value in values[at : at + each] if value == value]
        if known:
            out.append((times[at], chosen(known)))
    return out


def _line(points: Sequence[tuple[float, float]], name: str) -> str:
    if len(points) == 1:
        return f'<circle class="{name}-dot" cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="3"/>'
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path class="{name}" d="M{path}"/>' if points else ""


def legend(told: Mapping[str, Any]) -> str:
    """Return what the marks of this chart mean, as list items; those that do not occur are left out."""
    lines = {
        "rv-curve": f"score ({escape(told['metric'].upper())})",
        **({"rv-mean": "mean of the score"} if told["each"] > 1 else {}),
        **({"rv-vmaf": f"{escape(told['vmaf']['name'])}, axis on the right"} if "vmaf" in told else {}),
    }
    items = [
        f'<li><svg viewBox="0 0 34 18" aria-hidden="true"><path class="{name}" d="M1 9h32"/></svg>{text}</li>'
        for name, text in lines.items()
    ]
    if told["segments"]:
        items.append(
            '<li><svg viewBox="0 0 34 18" aria-hidden="true"><rect class="rv-weak rv-edge" x="1" y="3" '
            'width="32" height="12"/><path class="rv-stripe" d="M4 15L16 3M14 15L26 3M24 15L33 6"/></svg>'
            "different</li>"
        )
    words = {
        "unpaired": "no partner",
        "repeated": "shown twice",
        "frozen": "frozen",
        "corrupt": "damaged",
    }
    there = {tick[0] for tick in told["ticks"]}
    items += [f"<li>{tick_svg(kind)}{words[kind]}</li>" for kind in OF_NOTE if kind in there]
    if told["worst"]:
        items.append(f'<li><svg viewBox="-9 -2 18 14" aria-hidden="true">{FLAG}</svg>picture below</li>')
    return "".join(items)
