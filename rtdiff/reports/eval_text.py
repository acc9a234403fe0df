"""What was measured against truth, for people at a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rtdiff.errors import redact
from rtdiff.figures import printable
from rtdiff.reports.eval_result import HEADLINE, Counts, EvalResult, MethodResult

HEADS = ("precision", "recall", "F1")
MOST_WIDE = 40  # characters of a scene's name
ABOUT = {
    "pixels": "per pixel, where truth is known",
    "boxes": "per box, matched one to one, best fit first, IoU above {iou:g}",
    "events": "per event, by the alarms of a watch",
}


def eval_text(result: EvalResult) -> str:
    """Return a table for every measure, and the one figure that stands for all; plain text."""
    lines: list[str] = []
    for measure in ABOUT:
        if any(measure in method.pooled.counts for method in result.methods):
            lines += [ABOUT[measure].format(iou=result.iou), *_table(result, measure), ""]
    for curve in result.curves:
        lines.append(f"{curve.measure}: AUC {figure(curve.auc)}, from {len(curve.thresholds)} thresholds")
    lines += [f"note: {printable(redact(note))}" for note in result.notes]
    if result.error:
        lines.append(f"incomplete: {printable(redact(result.error))}")
    which = "mean of scenes" if HEADLINE[result.measure] == "mean" else "all scenes together"
    lines.append(f"F1 {figure(result.f1)} of {result.measure}, {which}")
    return "\n".join(lines) + "\n"


def rows(result: EvalResult, measure: str) -> Iterator[tuple[str, str, int, Counts | tuple[float, ...]]]:
    """Yield method, scene, frames and counts (or mean figures) of every line of a table."""
    for method in result.methods:
        if len(method.scenes) > 1:
            for name, tally in method.scenes.items():
                if measure in tally.counts:
                    yield method.name, printable(redact(name)), tally.frames, tally.counts[measure]
        yield from _in_all(method, measure)


def _in_all(method: MethodResult, measure: str) -> Iterator[tuple[str, str, int, Counts | tuple[float, ...]]]:
    pooled = method.pooled
    if measure not in pooled.counts:
        return
    one = len(method.scenes) == 1
    name = printable(redact(next(iter(method.scenes)))) if one else "all together"
    yield method.name, name, pooled.frames, pooled.counts[measure]
    if not one:
        means = tuple(method.mean(measure, figure) for figure in ("precision", "recall", "f1"))
        yield method.name, "mean of scenes", pooled.frames, means


def _table(result: EvalResult, measure: str) -> Iterator[str]:
    table = list(rows(result, measure))
    wide = min(MOST_WIDE, max(len(row[1]) for row in table))
    names = max(len(row[0]) for row in table)
    heads = "".join(f"{head:>11}" for head in (*HEADS, "right", "false", "missed"))
    yield f"{'':{names}}  {'':{wide}}{'frames':>8}{heads}"
    for method, scene, frames, what in table:
        if isinstance(what, Counts):
            cells = [figure(what.precision), figure(what.recall), figure(what.f1)]
            cells += [f"{number:,}" for number in (what.right, what.false, what.missed)]
        else:
            cells = [figure(value) for value in what]
        yield f"{method:{names}}  {scene[:wide]:{wide}}{frames:>8,}" + "".join(
            f"{cell:>11}" for cell in cells
        )


def figure(value: float) -> str:
    """Return a figure from 0 to 1 with four decimals; what is 0/0 is a dash."""
    return "-" if math.isnan(value) else f"{value:.4f}"
