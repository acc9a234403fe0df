"""What was measured against truth, as the object that scripts read."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from rtdiff import __version__
from rtdiff.errors import redact
from rtdiff.reports.compare_json import settings_hash
from rtdiff.reports.eval_result import HEADLINE, Counts, Curve, EvalResult, MethodResult, Tally
from rtdiff.reports.strict import plain

SCHEMA = "rtdiff.eval/1"
FIGURES = ("precision", "recall", "f1")


def eval_json(result: EvalResult) -> dict[str, Any]:
    """Return the object of the schema ``rtdiff.eval/1``; what is 0/0 is absent."""
    made: dict[str, Any] = {"schema": SCHEMA, "rtdiff": __version__, "complete": not result.error}
    if result.error:
        made["error"] = redact(result.error)
    made |= {
        "dataset": {"path": redact(result.path), "layout": result.layout},
        "measure": result.measure,
        "average": HEADLINE[result.measure],
        "f1": result.f1,
        "iou": result.iou,
        "settings": {**result.settings, "hash": settings_hash(result.settings)},
        "methods": [_method(method) for method in result.methods],
    }
    if result.curves:
        made["curves"] = [_curve(curve) for curve in result.curves]
    made["worst"] = [
        {
            "scene": redact(mistake.scene),
            "name": redact(mistake.name),
            "measure": mistake.measure,
            **_counts(mistake.counts),
        }
        for mistake in result.mistakes
    ]
    made |= {"notes": [redact(note) for note in result.notes], "seconds": round(result.seconds, 3)}
    strict: dict[str, Any] = plain(made)
    return strict


def _method(method: MethodResult) -> dict[str, Any]:
    pooled = method.pooled
    return {
        "name": method.name,
        "what": method.what,
        "frames": pooled.frames,
        "all": {
            name: {
                "pooled": _counts(counts),
                "mean": {figure: method.mean(name, figure) for figure in FIGURES},
            }
            for name, counts in pooled.counts.items()
        }
        | _alarms(pooled),
        "scenes": [{"name": redact(name), **_tally(tally)} for name, tally in method.scenes.items()],
    }


def _tally(tally: Tally) -> dict[str, Any]:
    counts: Mapping[str, Any] = {name: _counts(counts) for name, counts in tally.counts.items()}
    return {"frames": tally.frames, **counts, **_alarms(tally)}


def _counts(counts: Counts) -> dict[str, Any]:
    figures = {figure: getattr(counts, figure) for figure in FIGURES}
    return {"right": counts.right, "false": counts.false, "missed": counts.missed, **figures}


def _alarms(tally: Tally) -> dict[str, Any]:
    alarms = tally.alarms
    if alarms is None:
        return {}
    delays = alarms.delays_s
    made: dict[str, Any] = {"hours": alarms.hours, "repeated": alarms.repeated}
    if alarms.hours:
        made["false_per_hour"] = tally.counts["events"].false / alarms.hours
    if delays:
        made["delay_s"] = {
            "mean": statistics.fmean(delays),
            "median": statistics.median(delays),
            "max": max(delays),
        }
    return {"alarms": made}


def _curve(curve: Curve) -> dict[str, Any]:
    points = zip(curve.thresholds, curve.counts, strict=True)
    return {
        "measure": curve.measure,
        "auc": curve.auc,
        "points": [{"threshold": threshold, **_counts(counts)} for threshold, counts in points],
    }
