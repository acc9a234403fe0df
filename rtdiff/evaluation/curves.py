"""A sweep's points as one figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rtdiff.reports.eval_result import Counts

DEFINITION = (
    "average precision: area under the highest precision at this recall or more, from recall 0 to the "
    "highest recall of the sweep; recall beyond it counts as 0"
)


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
