"""``rtdiff compare REFDIR TESTDIR``, and ``rtdiff compare TREE`` of a test runner."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rtdiff.atomic import write_whole
from rtdiff.commands.accept import Accepted, accept, chosen
from rtdiff.commands.compare_pairs import compare_pairs, few_for
from rtdiff.commands.folder_output import Output, check_folder_output, open_output
from rtdiff.commands.result import told_settings
from rtdiff.engines import compiled
from rtdiff.errors import SinkError
from rtdiff.figures import count_text
from rtdiff.folders import FilePair, Pairing, check_kinds, natural, pair_folders, pair_tree
from rtdiff.reports.compare_json import write_json
from rtdiff.reports.folder_json import folder_json
from rtdiff.reports.folder_result import ERROR, MISSING, SAME, FolderResult, PairResult
from rtdiff.reports.folder_text import folder_text

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

SAME_CODE, DIFFERENT_CODE, TROUBLE_CODE = 0, 1, 2
_INTERRUPTED = "interrupted; the rest was not compared"


def compare_folders(settings: CompareConfig) -> int:
    """Compare all pairs of two folders, write what was asked for; return the exit code.

    Raises
    ------
    SettingsError, SourceError, SinkError
        As told by the message; once pairs were compared, results are written all the same.
    KeyboardInterrupt
        After what was finished has been written.
    """
    begin = time.monotonic()
    check_kinds(settings.reference, settings.test)
    check_folder_output(settings)
    pairing = find_pairs(settings)
    pairs = chosen(settings.update, pairing.pairs)
    output = open_output(settings, pairs)
    results, stopped = _compared(pairs, settings, output)
    unseen = len(pairs) - len(results)
    results += [PairResult(name, ERROR, error=f"{name}: {error}") for name, error in pairing.errors]
    accepted = accept(settings, pairs, results) if settings.update and stopped is None else Accepted()
    result = _result(settings, pairing, results, accepted)
    error = _INTERRUPTED if isinstance(stopped, KeyboardInterrupt) else str(stopped or "")
    result = replace(result, unseen=unseen, error=error, seconds=time.monotonic() - begin)
    if stopped is None or results:
        _write(settings, result, output)
    if stopped is not None:
        raise stopped
    return _exit_code(settings, result, accepted)


def find_pairs(settings: CompareConfig) -> Pairing:
    """Return the pairs of the two folders, or of the tree; what this run writes is none of them."""
    written = (settings.json_file, settings.junit, settings.output)
    skip = [Path(name) for name in written if name not in (None, "-")]
    if settings.test:
        return pair_folders(Path(settings.reference), Path(settings.test), skip=skip)
    return pair_tree(Path(settings.reference), skip=skip)


def _compared(
    pairs: Sequence[FilePair], settings: CompareConfig, output: Output
) -> tuple[list[PairResult], BaseException | None]:
    """Return what was finished, and what ended it early."""
    few = few_for(settings, len(pairs))
    if not few and settings.engine == "auto" and not compiled(settings.metrics):
        sys.stderr.write("rtdiff: compiling the numba kernels, once on this machine: about 7 s\n")
    found: list[PairResult] = []
    running = compare_pairs(pairs, settings, keep=output.keep, few=few)
    try:
        with contextlib.closing(running), _progress(len(pairs)) as show:
            for result in running:
                found.append(result)
                show(result)
    except (KeyboardInterrupt, SinkError) as error:
        return found, error
    return found, None


def _result(
    settings: CompareConfig, pairing: Pairing, results: Sequence[PairResult], accepted: Accepted
) -> FolderResult:
    notes = list(pairing.notes)
    if len(results) < len(pairing.pairs) and settings.update:
        notes.append(f"only what --update names was compared, of {count_text(len(pairing.pairs), 'pair')}")
    notes += [f"not accepted: {why}" for why in accepted.refused.values()]
    if settings.update and any(pair.kind == MISSING for pair in results):
        notes.append("missing pictures stay in the reference; delete what is no longer wanted")
    if accepted.names and pairing.layout == "playwright":
        notes.append("accepted in this tree; the runner's own snapshots lie elsewhere, update them with it")
    return FolderResult(
        reference=settings.reference,
        test=settings.test,
        layout=pairing.layout,
        pairs=sorted(results, key=lambda pair: natural(pair.name)),
        pictures=pairing.counts,
        notes=notes,
        engine=next((pair.engine for pair in results if pair.engine), ""),
        settings=told_settings(settings),
        metric=settings.metric[0],
        seconds=0.0,
        accepted=accepted.names,
    )


def _write(settings: CompareConfig, result: FolderResult, output: Output) -> None:
    if settings.json_file is not None:
        write_json(settings.json_file, folder_json(result))
    if settings.junit is not None:
        from rtdiff.reports.junit import junit_xml

        write_whole(Path(settings.junit), junit_xml(result))
    output.finish(result)
    if settings.json_file != "-":
        sys.stdout.write(folder_text(result, colour=sys.stdout.isatty()))


def _exit_code(settings: CompareConfig, result: FolderResult, accepted: Accepted) -> int:
    left = [pair for pair in result.pairs if pair.kind != SAME and pair.name not in accepted.names]
    if accepted.refused or any(pair.kind == ERROR for pair in left):
        return TROUBLE_CODE
    return DIFFERENT_CODE if left and not settings.exit_zero else SAME_CODE


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[PairResult], None]]:
    """Yield what is told of every finished pair; it draws only on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _result: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (MofNCompleteColumn(), BarColumn(24), TextColumn("{task.description}"), TimeRemainingColumn())
    unlike = 0
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=8) as bar:
        task = bar.add_task("comparing", total=total)

        def show(result: PairResult) -> None:
            nonlocal unlike
            unlike += result.kind != SAME
            bar.update(task, advance=1, description=f"{unlike:,} not the same")

        yield show
