"""Two videos as one HTML file: verdict, timeline, the worst frames, and everything that was counted.

Several tests against one reference are one page too: a table on top, a section for each.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from rtdiff import __version__
from rtdiff.figures import clock_text, count_text, score_text
from rtdiff.reports.slider_html import asset, escape, page, verdict
from rtdiff.reports.strict import dumps
from rtdiff.reports.timeline import MOST_POINTS, MS, embedded
from rtdiff.reports.timeline_svg import legend, timeline_svg
from rtdiff.reports.video_facts import (
    corrections,
    files_table,
    frames_table,
    how_made,
    metrics_table,
    table,
)
from rtdiff.reports.video_words import figures_of, why_video
from rtdiff.reports.vmaf_log import VmafLog
from rtdiff.reports.worst_html import card, cards_of
from rtdiff.reports.worst_picture import WorstPicture
from rtdiff.video_records import VideoResult

ALL_POINTS = 4 * MOST_POINTS  # of a page: 1.3 MB
MOST_ROWS = 200  # of segments
KEYS = (
    ("← →", "a frame"),
    ("Shift ← →", "ten"),
    ("+ −", "zoom"),
    ("0", "all"),
    ("N P", "next, last difference"),
    ("Enter", "or a click: nearest picture"),
    ("wheel, drag, pinch", "zoom and move"),
)


def video_html(
    result: VideoResult,
    worst: Sequence[WorstPicture],
    *,
    settings: Mapping[str, Any],
    versions: Mapping[str, str],
    vmaf: VmafLog | None = None,
    others: Sequence[VideoResult] = (),
    others_worst: Sequence[Sequence[WorstPicture]] = (),
    palette: str = "vivid",
) -> str:
    """Return the page; it needs nothing else.

    Parameters
    ----------
    result : VideoResult
        What two videos came to.
    worst : sequence of WorstPicture
        Pictures of the worst pairs, the worst first.
    settings : mapping
        What was asked for, by option.
    versions : mapping
        Name of a program or library -> its version.
    vmaf : VmafLog, optional
        An existing log of the same two videos, drawn on the timeline of `result`.
    others : sequence of VideoResult
        Further tests against the same reference.
    others_worst : sequence of sequence of WorstPicture
        Pictures of `others`, in their order.
    palette : str
        Colours of regions: ``vivid``, ``cool`` or ``mono``.
    """
    results = [result, *others]
    pictures = [worst, *others_worst, *((),) * (len(others) - len(others_worst))]
    most = min(MOST_POINTS, ALL_POINTS // len(results))
    sections = [
        _section(one, shown, number, most, vmaf if number == 1 else None, palette, many=len(results) > 1)
        for number, (one, shown) in enumerate(zip(results, pictures, strict=True), 1)
    ]
    same = all(one.same for one in results)
    title = _title(result) if not others else f"{_name(result.reference.path)} → {len(results)} tests"
    why = why_video(result) if not others else _why_many(results)
    head = (
        f'<header class="rt-head">{verdict(same)}<h1>{escape(title)}</h1>'
        f'<p class="rv-why">{escape(why)}</p></header>'
    )
    table_of_all = _tests(results) if others else ""
    hints = "".join(f'<span class="rv-key"><kbd>{key}</kbd> {text}</span>' for key, text in KEYS)
    foot = f'<footer class="rt-foot">{hints}<span>rtdiff {escape(__version__)}</span></footer>'
    how = how_made(settings, versions)
    body = f'<main class="rv">{head}{table_of_all}{"".join(sections)}{how}{foot}</main>'
    words = "SAME" if same else "DIFFERENT"
    scripts = [asset("video.draw.js"), asset("video.js")]
    return page(f"{words}: {title}", body, styles=[asset("video.css")], scripts=scripts)


def _name(path: str) -> str:
    return PurePath(path).name or path


def _title(result: VideoResult) -> str:
    return f"{_name(result.reference.path)} → {_name(result.test.path)}"


def _why_many(results: Sequence[VideoResult]) -> str:
    different = sum(not one.same for one in results)
    return f"{different:,} of {count_text(len(results), 'test')} differ from the reference"


def _tests(results: Sequence[VideoResult]) -> str:
    rows = [
        (
            f'<a href="#test-{number}">{escape(_name(one.test.path))}</a>',
            [
                "same" if one.same else "different",
                score_text(one.score),
                score_text(one.score_min),
                f"{one.different:,} of {one.pairs:,}",
                f"{len(one.segments):,}",
                clock_text(one.worst.time_ns) if one.worst else "",
            ],
        )
        for number, one in enumerate(results, 1)
    ]
    heads = ["test", "verdict", "score", "lowest", "different pairs", "segments", "worst at"]
    return f"<section><h2>All tests</h2>{table(heads, rows)}</section>"


def _section(
    result: VideoResult,
    worst: Sequence[WorstPicture],
    number: int,
    most: int,
    vmaf: VmafLog | None,
    palette: str,
    *,
    many: bool,
) -> str:
    key = f"test-{number}"
    cards = cards_of(worst, key)
    told = embedded(result, cards, vmaf, most)
    head = ""
    if many:
        head = (
            f'<header class="rt-head">{verdict(result.same)}<h2>{escape(_name(result.test.path))}</h2>'
            f"<p>{escape(why_video(result))}</p></header>"
        )
    figures = figures_of(result)
    if vmaf is not None:
        figures[f"{vmaf.metric} (log)"] = f"{vmaf.mean:.2f}"
    cells = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in figures.items())
    parts = [
        head,
        _notes(result, vmaf),
        f'<dl class="rt-figures">{cells}</dl>',
        _timeline(result, told, key),
        _worst(worst, cards, palette),
        _segments(result),
        frames_table(result),
        f'<div class="rv-two">{files_table(result)}{metrics_table(result)}</div>',
        corrections(result),
    ]
    data = html.escape(dumps(told))
    return f'<section class="rv-test" id="{key}" data-video="{data}">{"".join(parts)}</section>'


def _notes(result: VideoResult, vmaf: VmafLog | None) -> str:
    notes = []
    if not result.complete:
        notes.append(f"<b>Incomplete:</b> {escape(result.error or 'not everything was compared')}")
    if vmaf is not None:
        frames, last = result.reference.frames, int(vmaf.frames[-1])
        each = int(vmaf.frames[1] - vmaf.frames[0]) if len(vmaf.frames) > 1 else 1  # it may skip some
        if not last < frames <= last + each:
            told = f"The VMAF log {vmaf.path} ends with frame {last:,}, the reference with {frames - 1:,}."
            notes.append(f"{escape(told)} It may be of other videos.")
    items = "".join(f"<li>{note}</li>" for note in notes)
    return f'<ul class="rv-notes">{items}</ul>' if items else ""


def _timeline(result: VideoResult, told: Mapping[str, Any], key: str) -> str:
    if not result.pairs:
        return "<section><h2>Timeline</h2><p>No two frames were compared.</p></section>"
    label = (
        f"{result.metric} over time, lowest {score_text(result.score_min)}, "
        f"{count_text(len(result.segments), 'different segment')}"
    )
    buttons = (
        ("out", "−", "Zoom out"),
        ("in", "+", "Zoom in"),
        ("all", "All", "Show all of it"),
    )
    group = "".join(
        f'<button type="button" data-rv="{act}" aria-label="{name}">{text}</button>'
        for act, text, name in buttons
    )
    step = '<button type="button" class="rt-plain" data-rv='
    to_picture = f'{step}"open">Nearest picture</button>' if told["worst"] else ""
    tools = (
        f'<div class="rv-tools"><div class="rt-group" role="group" aria-label="Zoom">{group}</div>'
        f'{step}"last">‹ Difference</button>{step}"next">Difference ›</button>'
        f'{step}"fit" aria-pressed="false">Fit height</button>'
        f"{to_picture}</div>"
    )
    plot = (
        '<div class="rv-plot" tabindex="0" role="slider" aria-label="Timeline: arrows move, plus and minus '
        'zoom, N goes to the next difference, Enter to the nearest picture" aria-valuemin="0" '
        f'aria-valuemax="{max(0, result.pairs - 1)}" aria-valuenow="0"><canvas></canvas></div>'
        '<p class="rv-read" aria-live="off"></p>'
    )
    shown = timeline_svg(told, key, label)
    return (
        f'<section><h2>Timeline</h2><ul class="rv-legend">{legend(told)}</ul>'
        f'<div class="rv-line">{tools}{plot}{shown}</div></section>'
    )


def _worst(worst: Sequence[WorstPicture], cards: Sequence[Mapping[str, Any]], palette: str) -> str:
    if not worst:
        return ""
    made = "".join(card(one, told, palette) for one, told in zip(worst, cards, strict=True))
    return f'<section><h2>Worst frames</h2><div class="rv-worst">{made}</div></section>'


def _segments(result: VideoResult) -> str:
    if not result.segments:
        return ""
    rows = [
        (
            str(number),
            [
                clock_text(one.start_ns),
                clock_text(one.end_ns),
                f"{(one.end_ns - one.start_ns) / 1e9:.3f} s",
                f"{one.first:,} to {one.last - 1:,}",
                f"{one.boxes:,}",
                score_text(one.score),
                f'<button type="button" class="rt-plain" data-rv="segment" '
                f'data-from="{one.start_ns // MS}" data-to="{one.end_ns // MS}">Show</button>',
            ],
        )
        for number, one in enumerate(result.segments[:MOST_ROWS], 1)
    ]
    heads = ["segment", "start", "end", "length", "pairs", "most regions", "lowest score", ""]
    rest = len(result.segments) - MOST_ROWS
    more = f'<p class="rt-small">and {rest:,} more</p>' if rest > 0 else ""
    return f"<section><h2>Different segments</h2>{table(heads, rows)}{more}</section>"
