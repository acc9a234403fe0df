"""``rtdiff compare REF TEST``: two pictures; hands folders and the server on."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtdiff.commands.pictures import check_output, write_output
from rtdiff.errors import SettingsError, SinkError, redact
from rtdiff.records import Diff
from rtdiff.reports.compare_json import compare_json, write_json
from rtdiff.reports.compare_text import compare_text
from rtdiff.stills import Stills

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

SAME, DIFFERENT = 0, 1


def compare(settings: CompareConfig) -> int:
    """Compare two pictures, write what was asked for; return the exit code.

    Folders and ``--server`` have commands of their own, with the same face.

    Raises
    ------
    SettingsError, SourceError, SinkError
        As told by the message; nothing was written before, or it is whole.
    """
    outputs = [name for name in (settings.json_file, settings.output) if name not in (None, "-")]
    for name in outputs:
        _refuse_overwriting(Path(str(name)), settings)
    check_output(settings)
    if settings.reference == settings.test == "-":
        raise SettingsError("-: stdin holds one picture; give the other as a file")
    stills = Stills(settings, few=True)
    with ThreadPoolExecutor(2) as pool:
        reference, test = pool.map(stills.read, (settings.reference, settings.test), (0, 1))
    diff = stills.compare(reference, test)
    same, failed = _verdict(diff, settings)
    infos = [
        {"path": redact(path), "size_wh": list(frame.size_wh), "frames": 1}
        for path, frame in ((settings.reference, reference), (settings.test, test))
    ]
    write_output(settings, diff, *infos)
    if settings.json_file is not None:
        made = compare_json(
            diff,
            reference_info=infos[0],
            test_info=infos[1],
            settings=told_settings(settings),
            metric=settings.metric[0],
        )
        if failed:
            made["reasons"] = [*made["reasons"], "fail_under"]
            made["verdict"] = "different"
        write_json(settings.json_file, made)
    if settings.json_file != "-":
        text = compare_text(diff, reference_info=infos[0], test_info=infos[1], colour=sys.stdout.isatty())
        sys.stdout.write(text.rstrip("\n") + "\n")
    return SAME if same or settings.exit_zero else DIFFERENT


def told_settings(settings: CompareConfig) -> dict[str, Any]:
    """Return what a result depends on, for its JSON."""
    chosen = settings.model_dump(mode="json", by_alias=True)
    keys = ("threshold", "metric", "size-policy", "strict", "min-area", "merge", "max-diff-pixels", "zone")
    return {key: chosen[key] for key in (*keys, "ignore-region", "mask") if chosen.get(key) not in (None, [])}


def _refuse_overwriting(path: Path, settings: CompareConfig) -> None:
    for name in (settings.reference, settings.test):
        if path.exists() and Path(name).exists() and path.samefile(name):
            raise SinkError(f"{redact(path)}: is an input; choose another name for the output")


def _verdict(diff: Diff, settings: CompareConfig) -> tuple[bool, bool]:
    """Return whether the two count as the same, and whether ``--fail-under`` says they do not."""
    limit = settings.fail_under
    if limit is None:
        return diff.same, False
    value = diff.metrics["psnr_db"] if limit.unit == "dB" else diff.score
    return value >= limit.value, value < limit.value
