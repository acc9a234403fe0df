"""The result of comparing two folders, as the object that scripts read."""

from __future__ import annotations

from typing import Any

from rtdiff import __version__
from rtdiff.errors import redact
from rtdiff.reports.compare_json import settings_hash
from rtdiff.reports.folder_result import DIFFERENT, ERROR, EXTRA, MISSING, SAME, FolderResult, PairResult
from rtdiff.reports.strict import plain

SCHEMA = "rtdiff.folder/1"
MOST_BOXES = 1000
"""Regions of a pair that are listed, the largest; ``regions`` counts them all."""
SHARED = frozenset({"schema", "rtdiff", "complete", "metric", "engine", "settings"})
"""Keys of ``rtdiff.compare/1`` that are the same for all pairs; a pair has the others for itself."""


def folder_json(result: FolderResult) -> dict[str, Any]:
    """Return the object of the schema ``rtdiff.folder/1``; strict JSON as it stands."""
    made: dict[str, Any] = {"schema": SCHEMA, "rtdiff": __version__, "complete": result.complete}
    if result.error:
        made["error"] = result.error
    counts = result.counts
    compared = [pair for pair in result.pairs if pair.kind in (SAME, DIFFERENT)]
    made |= {
        "layout": result.layout,
        "reference": {"path": redact(result.reference), "pictures": result.pictures[0]},
        "test": {"path": redact(result.test or result.reference), "pictures": result.pictures[1]},
        "verdict": "same" if result.same else "different",
        "reasons": result.reasons,
        "counts": {
            "pairs": len(compared),
            SAME: counts[SAME],
            "identical": sum(bool(pair.told["identical"]) for pair in compared),
            DIFFERENT: counts[DIFFERENT],
            MISSING: counts[MISSING],
            EXTRA: counts[EXTRA],
            "errors": counts[ERROR],
        },
        "metric": result.metric,
        "pairs": [_pair(pair) for pair in compared],
        "missing": [pair.name for pair in result.of(MISSING)],
        "extra": [pair.name for pair in result.of(EXTRA)],
        "errors": [{"name": pair.name, "error": pair.error} for pair in result.of(ERROR)],
        "accepted": list(result.accepted),
        "notes": list(result.notes),
        "seconds": round(result.seconds, 3),
        "engine": result.engine,
        "settings": dict(result.settings) | {"hash": settings_hash(result.settings)},
    }
    if result.unseen:
        made["unseen"] = result.unseen
    strict: dict[str, Any] = plain(made)
    return strict


def _pair(pair: PairResult) -> dict[str, Any]:
    made: dict[str, Any] = {"name": pair.name, **pair.told, "regions": pair.regions}
    made |= {"noise_levels": pair.noise_levels, "seconds": round(pair.seconds, 4)}
    if pair.note:
        made["note"] = pair.note
    return made
