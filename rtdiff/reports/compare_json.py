"""The result of comparing two pictures, as the object that scripts read."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rtdiff import __version__
from rtdiff.atomic import write_whole
from rtdiff.errors import SinkError, redact
from rtdiff.records import Correction, Diff
from rtdiff.reports.events import box_json
from rtdiff.reports.strict import dumps, plain

SCHEMA = "rtdiff.compare/1"


def compare_json(
    diff: Diff,
    *,
    reference_info: Mapping[str, Any],
    test_info: Mapping[str, Any],
    settings: Mapping[str, Any],
    metric: str | None = None,
    complete: bool = True,
    error: str | None = None,
) -> dict[str, Any]:
    """Return the object of the schema ``rtdiff.compare/1``; strict JSON as it stands.

    Parameters
    ----------
    diff : Diff
        What was decided.
    reference_info, test_info : mapping
        At least ``path``, ``size_wh`` (after orientation, pixels) and ``frames``.
    settings : mapping
        What the result depends on; ``noise_levels`` as measured and a ``hash`` of the rest are added.
    metric : str, optional
        Name of what `diff.score` is of; the first of `diff.metrics` unless given.
    complete, error : bool, str or None
        Whether everything was compared, and one line that says why not.
    """
    made: dict[str, Any] = {"schema": SCHEMA, "rtdiff": __version__, "complete": complete}
    if error is not None:
        made["error"] = redact(error)
    made |= {
        "reference": dict(reference_info),
        "test": dict(test_info),
        "verdict": "same" if diff.same else "different",
        "reasons": list(diff.reasons),
        "identical": diff.identical,
        "score": diff.score,
        "metric": metric or next(iter(diff.metrics), "ssim").removesuffix("_db"),
        "mssim": diff.mssim,
        "metrics": dict(diff.metrics),
    }
    if diff.planes:
        made["planes"] = {name: dict(planes) for name, planes in diff.planes.items()}
    if not math.isnan(diff.min_ssim):
        made["min_ssim"] = {"value": diff.min_ssim, "xy": list(diff.min_xy)}
    made["changed_fraction"] = diff.changed_fraction
    if diff.whole.light is not None:
        made["light"] = dict(zip(("gain", "offset"), diff.whole.light, strict=True))
    if diff.whole.shift is not None:
        made["shift"] = {"xy": list(diff.whole.shift)}
    if diff.densest is not None:
        made["density"] = {"pixels": diff.densest[0], "xy": list(diff.densest[1])}
    made["boxes"] = _boxes(diff, reference_info["size_wh"], test_info["size_wh"])
    if diff.zones:
        made["zones"] = {
            name: {key: getattr(zone, key) for key in ("score", "changed_fraction", "boxes", "pixels")}
            for name, zone in diff.zones.items()
        }
    made["corrections"] = [correction_json(correction) for correction in diff.corrections]
    made["engine"] = diff.engine
    made["settings"] = dict(settings) | {"noise_levels": diff.noise_levels, "hash": settings_hash(settings)}
    result: dict[str, Any] = plain(made)
    return result


def correction_json(correction: Correction) -> dict[str, Any]:
    """Return a correction with the contract's keys: kind, side, from, to, and detail if there is one."""
    made = {
        "kind": correction.kind,
        "side": correction.side,
        "from": correction.before,
        "to": correction.after,
    }
    if correction.detail:
        made["detail"] = correction.detail
    return made


def settings_hash(settings: Mapping[str, Any]) -> str:
    """Return 16 hex digits that are equal for equal settings, in whatever order they came."""
    ordered = {key: settings[key] for key in sorted(settings)}
    return hashlib.sha256(dumps(ordered).encode()).hexdigest()[:16]


def write_json(path: Path | str, value: Any) -> None:
    """Write `value` as strict JSON to a file, whole or not at all, or to stdout ('-').

    Raises
    ------
    SinkError
        When it cannot be written; the file that was there is then still there.
    """
    data = (dumps(value, indent=2) + "\n").encode()
    if str(path) == "-":
        try:
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        except OSError as error:
            raise SinkError(f"stdout: cannot be written ({error.strerror}); nobody reads it?") from error
        return
    write_whole(Path(path), data)


def _boxes(diff: Diff, reference_wh: tuple[int, int], test_wh: tuple[int, int]) -> list[dict[str, Any]]:
    """Boxes in reference pixels, and in the test's own where the test was scaled to the reference."""
    boxes = [box_json(box) for box in diff.boxes]
    scaled = any(c.kind == "scale" and c.side == "test" for c in diff.corrections)
    if not scaled or tuple(reference_wh) == tuple(test_wh):
        return boxes
    across, down = test_wh[0] / reference_wh[0], test_wh[1] / reference_wh[1]
    for made, box in zip(boxes, diff.boxes, strict=True):
        left, top, right, bottom = box.xyxy
        made["test_xyxy"] = [
            math.floor(left * across),
            math.floor(top * down),
            min(test_wh[0], math.ceil(right * across)),
            min(test_wh[1], math.ceil(bottom * down)),
        ]
    return boxes
