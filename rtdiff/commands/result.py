"""What a comparison of two stills came to, as commands, server and API say it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rtdiff.errors import redact
from rtdiff.records import Diff, Frame

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

TOLD = (
    *("threshold", "metric", "size-policy", "strict", "min-area", "min-side", "merge", "max-diff-pixels"),
    *("max-density", "ignore", "fail-under", "frame", "zone", "ignore-region", "mask"),
)
"""Settings that a verdict depends on."""
OF_VIDEOS = (
    *("range", "align", "time-shift", "start", "duration", "every", "end", "crop-ref", "crop-test"),
    *("fail-under-min", "size", "pix-fmt"),
)
"""Further ones that a verdict on videos depends on."""


def info_of(path: object, frame: Frame) -> dict[str, Any]:
    """Return what a result says of one of the two pictures."""
    return {"path": redact(path), "size_wh": list(frame.size_wh), "frames": frame.frames}


def passes(settings: CompareConfig, diff: Diff) -> bool:
    """Return whether the two count as the same: ``--fail-under`` alone decides where it is given."""
    limit = settings.fail_under
    if limit is None:
        return diff.same
    value = diff.metrics["psnr_db"] if limit.unit == "dB" else diff.score
    return value >= limit.value


def decided(settings: CompareConfig, diff: Diff) -> Diff:
    """Return `diff` as ``--fail-under`` decides, if it was given: `Diff.same` says whether it passes."""
    if settings.fail_under is None:
        return diff
    return replace(diff, reasons=() if passes(settings, diff) else (*diff.reasons, "fail_under"))


def result_json(
    settings: CompareConfig, diff: Diff, reference_info: dict[str, Any], test_info: dict[str, Any]
) -> dict[str, Any]:
    """Return the object of the schema ``rtdiff.compare/1``."""
    from rtdiff.reports.compare_json import compare_json  # with json and hashlib: 6 ms

    made = compare_json(
        diff,
        reference_info=reference_info,
        test_info=test_info,
        settings=told_settings(settings),
        metric=settings.metric[0],
    )
    if settings.fail_under is not None and not passes(settings, diff):
        made["reasons"] = [*made["reasons"], "fail_under"]
        made["verdict"] = "different"
    return made


def write_results(
    settings: CompareConfig, diff: Diff, reference_info: dict[str, Any], test_info: dict[str, Any]
) -> None:
    """Write what ``--output`` and ``--json`` ask for.

    Raises
    ------
    SinkError
        One of them cannot be written.
    """
    if settings.output is not None:
        from rtdiff.commands.pictures import write_output  # with all that draws

        write_output(settings, diff, reference_info, test_info)
    if settings.json_file is not None:
        from rtdiff.reports.compare_json import write_json

        write_json(settings.json_file, result_json(settings, diff, reference_info, test_info))


def told_settings(settings: CompareConfig, keys: tuple[str, ...] = TOLD) -> dict[str, Any]:
    """Return what a result depends on, for its JSON."""
    chosen = settings.plain(keys)
    return {key: chosen[key] for key in keys if chosen.get(key) not in (None, [], "")}
