"""``rtdiff eval DATASET``: detection against truth."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING

from rtdiff.assemble import usable_cores
from rtdiff.commands.eval_progress import progress
from rtdiff.evaluation.datasets import open_dataset
from rtdiff.evaluation.methods import Method, Ours
from rtdiff.evaluation.rivals import rivals
from rtdiff.evaluation.running import Run, Terms, run_all, steps_of, tasks_of
from rtdiff.reports.compare_json import write_json
from rtdiff.reports.eval_json import eval_json
from rtdiff.reports.eval_result import EvalResult, MethodResult
from rtdiff.reports.eval_text import eval_text

if TYPE_CHECKING:
    from rtdiff.config import EvalConfig

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
    jobs = max(1, min(settings.jobs or usable_cores(), tasks_of(dataset)))
    terms = Terms(settings.iou, settings.fps, jobs)
    others, notes = rivals(settings.against)
    methods: list[Method] = [Ours(*settings.for_ours(max(1, usable_cores() // jobs))), *others]
    with progress(len(methods) * steps_of(dataset)) as step:
        runs, stopped = run_all(methods, dataset, terms, step)
    result = EvalResult(
        path=settings.dataset,
        layout=dataset.layout,
        iou=settings.iou,
        methods=[_result(run) for run in runs],
        settings=settings.told(),
        notes=notes,
        error="" if stopped is None else _INTERRUPTED,
        seconds=time.monotonic() - begin,
    )
    _write(settings, result)
    if stopped is not None:
        raise stopped
    return _exit_code(settings, result)


def _result(run: Run) -> MethodResult:
    return MethodResult(run.method.name, run.method.what, run.scenes)


def _write(settings: EvalConfig, result: EvalResult) -> None:
    if settings.json_file is not None:
        write_json(settings.json_file, eval_json(result))
    if settings.json_file != "-":
        sys.stdout.write(eval_text(result))


def _exit_code(settings: EvalConfig, result: EvalResult) -> int:
    limit = settings.fail_under
    below = limit is not None and (math.isnan(result.f1) or result.f1 < limit)
    return 1 if below and not settings.exit_zero else 0
