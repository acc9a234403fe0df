"""``rtdiff eval DATASET``: detection against truth."""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rtdiff.assemble import usable_cores
from rtdiff.atomic import checked_target, write_whole
from rtdiff.commands.eval_progress import progress
from rtdiff.errors import SettingsError
from rtdiff.evaluation.cases import AlarmScene, Dataset, StillScene
from rtdiff.evaluation.curves import curves_of
from rtdiff.evaluation.datasets import open_dataset
from rtdiff.evaluation.methods import Ours
from rtdiff.evaluation.mistakes import Worst
from rtdiff.evaluation.rivals import rivals
from rtdiff.evaluation.running import Run, Terms, run_all, steps_of, tasks_of
from rtdiff.reports.compare_json import write_json
from rtdiff.reports.eval_json import eval_json
from rtdiff.reports.eval_result import EvalResult, MethodResult
from rtdiff.reports.eval_text import eval_rich, eval_text
from rtdiff.values import show

if TYPE_CHECKING:
    from rtdiff.config import EvalConfig

ONLY_EVENTS = ("reference", "raise-at", "clear-at", "on-delay", "on-frames", "off-delay")
_INTERRUPTED = "interrupted; the rest was not measured"


def eval(settings: EvalConfig) -> int:  # noqa: A001 - the verb's name
    """Measure, print, write what was asked for; return the exit code.

    Raises
    ------
    SettingsError, SourceError, SinkError, EngineError, MissingExtra
        As told by the message.
    KeyboardInterrupt
        After what was measured has been written.
    """
    begin = time.monotonic()
    dataset = open_dataset(settings.dataset, settings.layout)
    _check(settings, dataset)
    jobs = max(1, min(settings.jobs or usable_cores(), tasks_of(dataset)))
    terms = Terms(settings.iou, settings.fps, settings.late.at(settings.fps) / 1e9, jobs)
    others, notes = rivals(settings.against)
    stills, watch = settings.for_ours(max(1, usable_cores() // jobs))
    worst = Worst(settings.worst)
    measured = [Run(Ours(stills, watch), worst), *(Run(other, Worst(0)) for other in others)]
    swept = {
        threshold: Run(Ours(stills | at, watch | at), Worst(0))
        for threshold in settings.sweep
        for at in ({"threshold": threshold},)
    }
    _say_compiling(dataset)
    runs = [*measured, *swept.values()]
    total = steps_of(dataset)
    with progress(None if total is None else len(runs) * total) as step:
        stopped = run_all(runs, dataset, terms, step)
    result = EvalResult(
        path=settings.dataset,
        layout=dataset.layout,
        iou=settings.iou,
        methods=[_result(run) for run in measured],
        settings=settings.told(),
        curves=[] if stopped is not None else curves_of(swept),
        mistakes=worst.taken(),
        notes=notes,
        error="" if stopped is None else _INTERRUPTED,
        seconds=time.monotonic() - begin,
    )
    _write(settings, result)
    if stopped is not None:
        raise stopped
    return _exit_code(settings, result)


def _check(settings: EvalConfig, dataset: Dataset) -> None:
    """Refuse at once what this dataset has no use for, and outputs that have no place."""
    from rtdiff.config import WatchConfig

    kinds = {type(scene) for scene in dataset.scenes}
    given = settings.told()
    if "ignore" in given and StillScene not in kinds and "ignore" not in WatchConfig.options:
        raise SettingsError("ignore: is for still pairs, of which there are none; leave it out")
    strange = next((key for key in ONLY_EVENTS if key in given), None)
    if strange is not None and AlarmScene not in kinds:
        raise SettingsError(f"{strange}: is for lists of events, of which there are none; leave it out")
    if settings.against and kinds == {AlarmScene}:
        raise SettingsError("against: the rivals make masks, no alarms; leave it out")
    if settings.output is not None and Path(settings.output).suffix.lower() not in (".html", ".htm"):
        raise SettingsError(f"output: must be a page such as report.html, got {show(settings.output)}")
    for name in (settings.output, settings.json_file):
        if name not in (None, "-"):
            checked_target(Path(name))


def _say_compiling(dataset: Dataset) -> None:
    from rtdiff.engines import compiled

    if any(not isinstance(scene, StillScene) for scene in dataset.scenes) and not compiled(("ssim",)):
        sys.stderr.write("rtdiff: compiling the numba kernels, once on this machine: about 7 s\n")


def _result(run: Run) -> MethodResult:
    return MethodResult(run.method.name, run.method.what, run.scenes)


def _write(settings: EvalConfig, result: EvalResult) -> None:
    if settings.json_file is not None:
        write_json(settings.json_file, eval_json(result))
    if settings.output is not None:
        from rtdiff.reports.eval_html import eval_html

        write_whole(Path(settings.output), eval_html(result))
    if settings.json_file == "-":
        return
    if sys.stdout.isatty():
        eval_rich(result)
    else:
        sys.stdout.write(eval_text(result))


def _exit_code(settings: EvalConfig, result: EvalResult) -> int:
    limit = settings.fail_under
    below = limit is not None and (math.isnan(result.f1) or result.f1 < limit)
    return 1 if below and not settings.exit_zero else 0
