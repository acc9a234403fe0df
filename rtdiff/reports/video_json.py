"""The result of comparing two videos, as the object that scripts read: ``rtdiff.compare/1`` and more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rtdiff import __version__
from rtdiff.errors import redact
from rtdiff.reports.compare_json import SCHEMA, correction_json, settings_hash
from rtdiff.reports.events import box_json
from rtdiff.reports.strict import plain
from rtdiff.video_records import OF_NOTE, Side, VideoResult, Worst

NS = 1_000_000_000
MOST = 1000  # numbers of frames that are listed; how many there are is said beside


def video_json(result: VideoResult, *, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object of the schema ``rtdiff.compare/1``; strict JSON as it stands.

    Parameters
    ----------
    result : VideoResult
        What two videos came to.
    settings : mapping
        What it depends on; ``noise_levels`` as measured and a ``hash`` of the rest are added.
    """
    made: dict[str, Any] = {"schema": SCHEMA, "rtdiff": __version__, "complete": result.complete}
    if result.error is not None:
        made["error"] = redact(result.error)
    made |= {
        "reference": _side(result.reference),
        "test": _side(result.test),
        "verdict": "same" if result.same else "different",
        "reasons": list(result.reasons),
        "identical": result.identical,
        "score": result.score,
        "metric": result.metric,
        "metrics": dict(result.metrics),
        "pairs": result.pairs,
        "different": result.different,
        "score_min": result.score_min,
        "score_p1": result.score_p1,
        "score_p5": result.score_p5,
        "changed_fraction": result.changed_fraction,
        "offset_s": result.offset_ns / NS,
    }
    if result.planes:
        made["planes"] = {name: dict(planes) for name, planes in result.planes.items()}
    if result.psnr_db is not None:
        made |= {"psnr_db": result.psnr_db, "psnr_db_mean": result.psnr_db_mean}
    if result.offset_confidence is not None:
        made["offset_confidence"] = result.offset_confidence
    if result.rate is not None:
        made["rate"] = str(result.rate)
    if result.worst is not None:
        made["worst"] = _worst(result.worst)
    if result.largest is not None:
        made["largest"] = _worst(result.largest)
    made["boxes"] = [box_json(box) for box in result.largest.boxes] if result.largest else []
    made["segments"] = [
        {
            "first": one.first,
            "last": one.last,
            "start_s": one.start_ns / NS,
            "end_s": one.end_ns / NS,
            "boxes": one.boxes,
            "score": one.score,
        }
        for one in result.segments
    ]
    for name in OF_NOTE:
        made[name] = {side: _frames(of) for side, of in getattr(result, name).items()}
    made["corrections"] = [correction_json(one) for one in result.corrections]
    made["engine"] = result.engine
    made["settings"] = dict(settings) | {"noise_levels": result.noise_levels, "hash": settings_hash(settings)}
    strict: dict[str, Any] = plain(made)
    return strict


def _side(side: Side) -> dict[str, Any]:
    made: dict[str, Any] = {
        "path": side.path,
        "size_wh": list(side.size_wh),
        "frames": side.frames,
        "detail": side.detail,
    }
    if side.fps is not None:
        made["fps"] = side.fps
    if side.duration_ns is not None:
        made["duration_s"] = side.duration_ns / NS
    return made


def _worst(one: Worst) -> dict[str, Any]:
    return {
        "frame": one.frame_ref,
        "frame_test": one.frame_test,
        "time_s": one.time_ns / NS,
        "score": one.score,
    }


def _frames(numbers: Sequence[int]) -> dict[str, Any]:
    return {"count": len(numbers), "frames": list(numbers[:MOST])}
