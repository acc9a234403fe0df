"""What was measured against truth as one HTML file: figures, curves, tables, the worst mistakes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from rtdiff import __version__
from rtdiff.figures import count_text
from rtdiff.reports.eval_pictures import FALSE, MISSED, RIGHT
from rtdiff.reports.eval_result import MEASURES, Counts, EvalResult, MethodResult, Mistake
from rtdiff.reports.eval_svg import curve_svg, key_svg
from rtdiff.reports.eval_text import about, alarm_text, average_text, figure, headline_text
from rtdiff.reports.slider_html import asset, escape, page, pair_view, picture_uri

LONGEST = 1440  # pixels of a picture of a mistake
PNG_MOST = 250_000  # bytes; above that it is a JPEG, or twelve mistakes make 10 MB
NAMES = {"pixels": "Pixels", "boxes": "Boxes", "events": "Events"}
AUC = (
    "The area under a curve is the average precision: of every recall the highest precision at this recall "
    "or more, from 0 to the highest recall of the sweep; what lies beyond counts as 0. All scenes together."
)


def eval_html(result: EvalResult) -> bytes:
    """Return the page, UTF-8; it needs nothing else."""
    name = PurePath(result.path).name or result.path
    title = f"Measured against truth: {name}"
    head = f'<header class="rt-head"><h1>{escape(title)}</h1><p>{escape(headline_text(result))}</p></header>'
    there = [m for m in MEASURES if any(m in method.pooled.counts for method in result.methods)]
    parts = [head, _figures(result), *(_measure(result, measure) for measure in there)]
    if result.mistakes:
        parts.append(_worst(result.mistakes))
    parts += [_methods(result), f'<footer class="rt-foot"><span>rtdiff {escape(__version__)}</span></footer>']
    body = f'<main class="re">{"".join(parts)}</main>'
    return page(title, body, styles=[asset("eval.css")]).encode("utf-8", "replace")


def _figures(result: EvalResult) -> str:
    pooled = result.methods[0].pooled
    figures = {
        f"F1 of {result.measure}": figure(result.f1),
        "Best rival": _best_rival(result),
        "Scenes": f"{len(result.methods[0].scenes):,}",
        "Pairs and frames": f"{pooled.frames:,}",
    }
    for curve in result.curves:
        figures[f"AUC of {curve.measure}"] = figure(curve.auc)
    cells = "".join(
        f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>"
        for key, value in figures.items()
        if value
    )
    notes = [*result.notes, *([f"incomplete: {result.error}"] if result.error else [])]
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<dl class="rt-figures">{cells}</dl>' + (f'<ul class="re-notes">{listed}</ul>' if notes else "")


def _best_rival(result: EvalResult) -> str:
    there = {method.name: method.headline(result.measure) for method in result.methods[1:]}
    there = {name: value for name, value in there.items() if not math.isnan(value)}
    best = max(there, key=lambda name: there[name], default="")
    return f"{figure(there[best])} {best}" if best else ""


def _measure(result: EvalResult, measure: str) -> str:
    curve = next((curve for curve in result.curves if curve.measure == measure), None)
    methods = [method for method in result.methods if measure in method.pooled.counts]
    points = [(method.name, method.pooled.counts[measure]) for method in methods]
    keys = "".join(
        f"<li>{key_svg(number)}<span>{escape(name)}</span><b>{figure(counts.f1)}</b></li>"
        for number, (name, counts) in enumerate(points)
    )
    chart = f'<div class="re-chart">{curve_svg(curve, points, measure)}<ul class="re-keys">{keys}</ul></div>'
    told = f"The line is rtdiff over its threshold. {AUC}" if curve else "All scenes together."
    alarms = methods[0].pooled.alarms if methods and measure == "events" else None
    return (
        f"<section><h2>{NAMES[measure]}</h2><p>{escape(about(measure, result.iou))}</p>"
        f"{_in_all(methods, measure)}{_by_scene(methods, measure)}"
        f"{f'<p>{escape(alarm_text(alarms, methods[0].pooled.counts[measure]))}</p>' if alarms else ''}"
        f"{chart}<p>{escape(told)}</p></section>"
    )


def _in_all(methods: Sequence[MethodResult], measure: str) -> str:
    many = any(len(method.scenes) > 1 for method in methods)
    rows = []
    for method in methods:
        counts = method.pooled.counts[measure]
        cells = [*_three(counts), *(f"{n:,}" for n in (counts.right, counts.false, counts.missed))]
        if many:
            cells.insert(3, figure(method.mean(measure, "f1")))
        rows.append((method.name, cells))
    heads = ["precision", "recall", "F1 together", "F1 mean of scenes", "right", "false", "missed"]
    heads = heads if many else ["precision", "recall", "F1", "right", "false", "missed"]
    return _table(["method", *heads], rows, ours="rtdiff")


def _three(counts: Counts) -> list[str]:
    return [figure(counts.precision), figure(counts.recall), figure(counts.f1)]


def _by_scene(methods: Sequence[MethodResult], measure: str) -> str:
    scenes = [name for name, tally in methods[0].scenes.items() if measure in tally.counts] if methods else []
    if len(scenes) < 2:
        return ""
    rows = []
    for scene in scenes:
        found = [method.scenes[scene] for method in methods if scene in method.scenes]
        cells = [f"{found[0].frames:,}"] + [
            figure(tally.counts[measure].f1) if measure in tally.counts else "-" for tally in found
        ]
        rows.append((scene, cells + ["-"] * (1 + len(methods) - len(cells))))
    return _table(["F1 by scene", "frames", *(method.name for method in methods)], rows)


def _table(heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], *, ours: str = "") -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        f'<tr{" class=re-ours" if name == ours else ""}><th scope="row">{escape(name)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for name, cells in rows
    )
    return f'<div class="re-scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _worst(mistakes: Sequence[Mistake]) -> str:
    keys = "".join(f"<li>{icon}{text}</li>" for icon, text in _legend())
    cards = "".join(_card(number, mistake) for number, mistake in enumerate(mistakes, 1))
    return (
        f'<section><h2>The worst mistakes</h2><ul class="re-legend">{keys}</ul>'
        f'<div class="re-worst">{cards}</div></section>'
    )


def _card(number: int, mistake: Mistake) -> str:
    counts = mistake.counts
    told = f"{counts.missed:,} {mistake.measure} missed, {counts.false:,} false, {counts.right:,} right"
    height, width = mistake.reference.shape[:2]
    view = pair_view(
        picture_uri(mistake.reference, longest=LONGEST, png_most=PNG_MOST),
        picture_uri(mistake.marked, longest=LONGEST, png_most=PNG_MOST),
        (),
        size_wh=(width, height),
        key=f"worst-{number}",
        names=("reference", "found against truth"),
        mode="overlay",
    )
    place = f"{mistake.scene}, {mistake.name}"
    return f"<article><h3>{escape(place)} <small>{escape(told)}</small></h3>{view}</article>"


def _legend() -> Iterator[tuple[str, str]]:
    right, missed, false = ("#{2:02x}{1:02x}{0:02x}".format(*colour) for colour in (RIGHT, MISSED, FALSE))
    frame = '<rect x="1" y="1" width="32" height="20" fill="{0}" fill-opacity="{1}" stroke="{0}"/>'
    stripes = "".join(f"M{x} 1l20 20" for x in range(-12, 30, 7))
    dots = "".join(
        f'<rect x="{x}" y="{y}" width="3.5" height="3.5"/>' for x in range(4, 31, 7) for y in (4, 11, 17)
    )
    cross = "M1 1L33 21M33 1L1 21"
    box = '<svg viewBox="0 0 34 22" aria-hidden="true">{}</svg>'
    yield box.format(frame.format(right, 0.5)), "right: plain"
    yield (
        box.format(
            f"{frame.format(missed, 0.35)}"
            f'<path d="{stripes}" stroke="{missed}" stroke-width="2.5" fill="none"/>'
        ),
        "missed: striped",
    )
    yield box.format(f'{frame.format(false, 0.35)}<g fill="{false}">{dots}</g>'), "false pixels: dotted"
    crossed = f'<path d="{cross}" stroke="{false}" stroke-width="2"/>'
    yield box.format(f"{frame.format(false, 0)}{crossed}"), "false boxes: crossed"


def _methods(result: EvalResult) -> str:
    given = ", ".join(f"{key} {value}" for key, value in result.settings.items())
    facts = {method.name: method.what for method in result.methods}
    facts["rtdiff"] += f"; {given}" if given else "; all at its defaults"
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(what)}</dd>" for name, what in facts.items())
    told = f"{result.layout}, {count_text(round(result.seconds), 'second')}; {average_text(result.measure)}"
    listed = f'<dl class="rt-facts">{rows}</dl>'
    return f"<section><h2>How it was measured</h2><p>{escape(told)}</p>{listed}</section>"
