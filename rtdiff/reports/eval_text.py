"""What was measured against truth, for people at a terminal."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from typing import NamedTuple

from rtdiff.errors import redact
from rtdiff.figures import printable
from rtdiff.reports.eval_result import HEADLINE, MEASURES, Alarms, Counts, EvalResult, MethodResult

HEADS = ("precision", "recall", "F1", "right", "false", "missed")
MOST_WIDE = 40  # characters of a scene's name
TOGETHER, MEAN = "all together", "mean of scenes"


class Row(NamedTuple):
    """One line of a table."""

    method: str
    """Who."""
    scene: str
    """Where; or one of the two figures in all."""
    frames: int
    """Pairs and frames."""
    cells: tuple[str, ...]
    """Precision, recall, F1; counts as well, except of means."""


def eval_text(result: EvalResult) -> str:
    """Return a table for every measure, and the one figure that stands for all; plain text."""
    lines: list[str] = []
    for measure in MEASURES:
        table = list(rows(result, measure))
        if table:
            lines += [about(measure, result.iou), *_lines(table), ""]
    pooled = result.methods[0].pooled
    if pooled.alarms is not None:
        lines.append(alarm_text(pooled.alarms, pooled.counts["events"]))
    for curve in result.curves:
        lines.append(f"AUC {figure(curve.auc)} of {curve.measure}, {len(curve.thresholds)} thresholds")
        for at, counts in zip(curve.thresholds, curve.counts, strict=True):
            told = "".join(
                f"{head:>11} {cell}" for head, cell in zip(HEADS, _cells(counts)[:3], strict=False)
            )
            lines.append(f"  threshold {at:<5g}{told}")
    lines += [f"note: {printable(redact(note))}" for note in result.notes]
    if result.error:
        lines.append(f"incomplete: {printable(redact(result.error))}")
    lines.append(headline_text(result))
    return "\n".join(lines) + "\n"


def eval_rich(result: EvalResult) -> None:
    """Print the same on a terminal, with tables that fit it."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)  # a scene may be called [red]
    for measure in MEASURES:
        table = list(rows(result, measure))
        if not table:
            continue
        shown = Table(title=about(measure, result.iou), title_justify="left", header_style="bold")
        for head in ("method", "scene"):
            shown.add_column(head, overflow="fold")
        for head in ("frames", *HEADS):
            shown.add_column(head, justify="right")
        for row in table:
            ours = "bold" if row.method == "rtdiff" and row.scene in (TOGETHER, MEAN) else ""
            shown.add_row(row.method, row.scene, f"{row.frames:,}", *row.cells, style=ours)
        console.print(shown)
    rest = eval_text(result).split("\n\n")[-1]
    console.print(rest, end="")


def about(measure: str, iou: float) -> str:
    """Return what is counted, and how, one line."""
    return {
        "pixels": "per pixel, where truth is known",
        "boxes": f"per box, matched one to one, best fit first, IoU above {iou:g}",
        "events": "per event, by the alarms of a watch",
    }[measure]


def average_text(measure: str) -> str:
    """Return which figure stands for all scenes."""
    return MEAN if HEADLINE[measure] == "mean" else "all scenes together"


def headline_text(result: EvalResult) -> str:
    """Return the figure that stands for all, one line."""
    return f"F1 {figure(result.f1)} of {result.measure}, {average_text(result.measure)}"


def alarm_text(alarms: Alarms, counts: Counts) -> str:
    """Return what alarms came to beyond their counts, one line."""
    rate = f"{counts.false / alarms.hours:.2f}" if alarms.hours else "-"
    told = f"{rate} false alarms an hour, in {alarms.hours:.3g} h; {alarms.repeated} repeated"
    if alarms.delays_s:
        middle, most = statistics.median(alarms.delays_s), max(alarms.delays_s)
        told += f"; delay {middle:.2f} s median, {most:.2f} s at most"
    return told


def rows(result: EvalResult, measure: str) -> Iterator[Row]:
    """Yield the lines of the table of one measure."""
    for method in result.methods:
        if len(method.scenes) > 1:
            for name, tally in method.scenes.items():
                if measure in tally.counts:
                    yield Row(method.name, _named(name), tally.frames, _cells(tally.counts[measure]))
        yield from _in_all(method, measure)


def _in_all(method: MethodResult, measure: str) -> Iterator[Row]:
    pooled = method.pooled
    if measure not in pooled.counts:
        return
    one = len(method.scenes) == 1
    name = _named(next(iter(method.scenes))) if one else TOGETHER
    yield Row(method.name, name, pooled.frames, _cells(pooled.counts[measure]))
    if not one:
        means = tuple(figure(method.mean(measure, what)) for what in ("precision", "recall", "f1"))
        yield Row(method.name, MEAN, pooled.frames, means)


def _named(scene: str) -> str:
    return printable(redact(scene))


def _cells(counts: Counts) -> tuple[str, ...]:
    figures = (counts.precision, counts.recall, counts.f1)
    return *map(figure, figures), *(f"{number:,}" for number in (counts.right, counts.false, counts.missed))


def _lines(table: list[Row]) -> Iterator[str]:
    wide = min(MOST_WIDE, max(len(row.scene) for row in table))
    names = max(len(row.method) for row in table)
    yield f"{'':{names}}  {'':{wide}}{'frames':>8}" + "".join(f"{head:>11}" for head in HEADS)
    for row in table:
        cells = "".join(f"{cell:>11}" for cell in row.cells)
        yield f"{row.method:{names}}  {row.scene[:wide]:{wide}}{row.frames:>8,}{cells}"


def figure(value: float) -> str:
    """Return a figure from 0 to 1 with four decimals; what is 0/0 is a dash."""
    return "-" if math.isnan(value) else f"{value:.4f}"
