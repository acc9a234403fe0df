"""Tables of a page of two videos: files, metrics, lists of frames, corrections."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rtdiff import __version__
from rtdiff.figures import clock_text, percent_text, score_text
from rtdiff.reports.compare_text import correction_text
from rtdiff.reports.slider_html import escape
from rtdiff.reports.timeline_svg import tick_svg
from rtdiff.reports.video_words import KIND_WORDS, db_text, runs_text
from rtdiff.video_records import SIDES, Side, VideoResult


def table(heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], name: str = "") -> str:
    """Return a table that scrolls in itself.

    Parameters
    ----------
    heads : sequence of str
        Plain text.
    rows : sequence of (str, sequence of str)
        Its first cell and the others: HTML, escaped already.
    name : str
        A class.
    """
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for first, cells in rows
    )
    return (
        f'<div class="rv-scroll" tabindex="0" role="group" aria-label="Table"><table class="{name}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _facts(title: str, told: Mapping[str, str]) -> str:
    """Return names and texts as a list; nothing where there are none."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in told.items() if text)
    return f'<section><h2>{escape(title)}</h2><dl class="rt-facts">{rows}</dl></section>' if rows else ""


def files_table(result: VideoResult) -> str:
    """Return both videos side by side."""
    about = [_about(side) for side in (result.reference, result.test)]
    rows = [(name, [escape(one[name]) for one in about]) for name in about[0]]
    return f"<section><h2>Videos</h2>{table(['', *SIDES], rows, 'rv-words')}</section>"


def _about(side: Side) -> dict[str, str]:
    width, height = side.size_wh
    return {
        "file": side.path,
        "size": f"{width}x{height}",
        "frames read": f"{side.frames:,}",
        "frames a second": f"{side.fps:.6g}" if side.fps else "not said",
        "length": clock_text(side.duration_ns) if side.duration_ns is not None else "not said",
        "format": side.detail,
    }


def metrics_table(result: VideoResult) -> str:
    """Return every metric: its mean, and that of every plane."""
    planes = list(dict.fromkeys(plane for shares in result.planes.values() for plane in shares))
    rows = []
    for name in dict.fromkeys([*result.metrics, *result.planes]):
        shares = result.planes.get(name, {})
        cells = [_figure(name, result.metrics.get(name, math.nan))]
        cells += [_figure(name, shares.get(plane, math.nan)) for plane in planes]
        rows.append((escape(name.removesuffix("_db").upper()), cells))
    if result.psnr_db is not None:
        rows.append(("PSNR of all frames together", [db_text(result.psnr_db), *[""] * len(planes)]))
    if result.psnr_db_mean is not None:
        rows.append(("PSNR, mean of frames", [db_text(result.psnr_db_mean), *[""] * len(planes)]))
    if result.psnr_db_min is not None:
        rows.append(("PSNR, lowest", [db_text(result.psnr_db_min), *[""] * len(planes)]))
    heads = ["metric", "mean", *(plane.capitalize() for plane in planes)]
    told = {
        "1 % of pairs are below": score_text(result.score_p1),
        "5 % of pairs are below": score_text(result.score_p5),
        "regions": f"{result.boxes:,}",
        "noise": f"at most {result.noise_levels:.2g} levels of 255",
        "engine": result.engine,
        "test is later by": f"{result.offset_ns / 1e9:+.3f} s" if result.offset_ns else "",
        "test time over reference time": str(result.rate) if result.rate not in (None, 1) else "",
    }
    if result.offset_confidence is not None:
        told["confidence of that"] = f"{result.offset_confidence:.2f}"
    facts_of = "".join(
        f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in told.items() if v and v != "nan"
    )
    return (
        f"<section><h2>Metrics</h2>{table(heads, rows) if rows else ''}"
        f'<dl class="rt-facts">{facts_of}</dl></section>'
    )


def _figure(name: str, value: float) -> str:
    if math.isnan(value):
        return ""
    return db_text(value) if name.startswith("psnr") and name != "psnr" else score_text(value, 5)


def frames_table(result: VideoResult) -> str:
    """Return which frames have no partner, are shown twice, frozen or damaged; nothing if there are none."""
    rows = [
        (
            f'<span class="rv-kind">{tick_svg(kind)}{word}</span>',
            [side, f"{len(numbers):,}", escape(runs_text(numbers))],
        )
        for kind, word in KIND_WORDS.items()
        for side in SIDES
        if (numbers := getattr(result, kind).get(side, ()))
    ]
    if not rows:
        return ""
    heads = ["frames", "side", "count", "numbers, from 0"]
    return f"<section><h2>Frames of note</h2>{table(heads, rows, 'rv-words')}</section>"


def corrections(result: VideoResult) -> str:
    """Return what was changed before comparing, as a list; nothing if nothing was."""
    items = "".join(f"<li>{escape(correction_text(one, '→'))}</li>" for one in result.corrections)
    if not items:
        return ""
    return f'<section><h2>Corrected before comparing</h2><ul class="rt-list">{items}</ul></section>'


def how_made(settings: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    """Return what was asked for and with which programs, as two lists."""
    asked = {name: _setting(name, value) for name, value in settings.items()}
    made_by = {"rtdiff": __version__} | dict(versions)
    return f'<div class="rv-two">{_facts("Settings", asked)}{_facts("Versions", made_by)}</div>'


def _setting(name: str, value: Any) -> str:
    """Return a setting for people; nothing where none was made."""
    if value is None:
        return ""
    if name in ("min-area", "min_area") and isinstance(value, float):
        return percent_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set):
        return ", ".join(map(str, value))
    return str(value)
