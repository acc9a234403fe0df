"""A sweep's points as one figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rtdiff.evaluation.running import Run
from rtdiff.reports.eval_result import MEASURES, Counts, Curve, Tally


def average_precision(counts: Sequence[Counts]) -> float:
    """Return the area under a precision-recall curve, 0..1; NaN without truth.

    The points are joined as PASCAL VOC 2010 and later do, ``sum((r[i] - r[i-1]) * p[i])`` with p made
    non-increasing from the right; what the sweep never reaches counts as precision 0.
    """
    points = sorted((one.recall, one.precision) for one in counts if not math.isnan(one.recall))
    if not points:
        return math.nan
    area, best = 0.0, 0.0
    for place in range(len(points) - 1, -1, -1):
        recall, precision = points[place]
        best = max(best, 0.0 if math.isnan(precision) else precision)
        before = points[place - 1][0] if place else 0.0
        area += (recall - before) * best
    return area


def curves_of(swept: Mapping[float, Run]) -> list[Curve]:
    """Return a curve for every measure of a sweep, all scenes counted together."""
    totals = {at: sum(swept[at].scenes.values(), Tally()) for at in sorted(swept)}
    made = []
    for measure in MEASURES:
        points = {at: tally.counts[measure] for at, tally in totals.items() if measure in tally.counts}
        if points:
            counts = tuple(points.values())
            made.append(Curve(measure, tuple(points), counts, average_precision(counts)))
    return made
