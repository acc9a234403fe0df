"""All methods on all scenes, several at a time; what was finished stays when it is interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

from rtdiff.evaluation.alarms import measure_alarms
from rtdiff.evaluation.cases import AlarmScene, Dataset, MaskScene, Pair, Scene, StillScene
from rtdiff.evaluation.measure import measure_frames, measure_pair
from rtdiff.evaluation.methods import Method, Ours
from rtdiff.evaluation.mistakes import Worst
from rtdiff.reports.eval_result import Tally

_WAIT_S = 0.25  # so that Ctrl-C is heard on Windows too


@dataclass(slots=True)
class Run:
    """Method on dataset, filled while it runs."""

    method: Method
    """What is measured."""
    worst: Worst
    """Where its mistakes go."""
    scenes: dict[str, Tally] = field(default_factory=dict)
    """By name, those alone of which something was measured."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How found is held against true."""

    iou: float
    """A box fits above this intersection over union."""
    fps: Fraction
    """Frames a second of what carries no rate."""
    late_s: float
    """How long after the end of an event its alarm may come, seconds."""
    jobs: int
    """Pairs and scenes at work at a time."""


def run_all(
    runs: Sequence[Run], dataset: Dataset, terms: Terms, step: Callable[[], None]
) -> BaseException | None:
    """Measure every method on every scene.

    Parameters
    ----------
    runs : sequence of Run
        What is measured; they are filled.
    dataset : Dataset
        On what.
    terms : Terms
        How.
    step : callable
        Called, from any thread, after every pair and frame.

    Returns
    -------
    BaseException or None
        What ended it early: Ctrl-C; the runs hold what was measured until then.

    Raises
    ------
    RtdiffError
        What cannot be read or run.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(terms.jobs, "eval") as pool:
        work: list[tuple[Run, str, Future[Tally]]] = []
        try:
            for run in runs:
                for scene in dataset.scenes:
                    for task in _tasks(run, scene, terms, stop, step):
                        work.append((run, scene.name, pool.submit(task)))
            _wait([future for *_, future in work])
            stopped: BaseException | None = None
        except BaseException as error:
            stop.set()
            pool.shutdown(cancel_futures=True)
            if not isinstance(error, KeyboardInterrupt):
                raise
            stopped = error
    for run, name, future in work:
        if future.done() and not future.cancelled() and future.exception() is None:
            tally = future.result()
            if tally.frames:
                run.scenes[name] = run.scenes.get(name, Tally()) + tally
    return stopped


def _wait(futures: Sequence[Future[Tally]]) -> None:
    left: set[Future[Tally]] = set(futures)
    while left:
        done, left = wait(left, _WAIT_S, FIRST_EXCEPTION)
        for future in done:
            future.result()


def _tasks(
    run: Run, scene: Scene, terms: Terms, stop: threading.Event, step: Callable[[], None]
) -> list[Callable[[], Tally]]:
    """Return what can be done at a time, in the order in which it adds up."""
    method = run.method
    if isinstance(scene, StillScene):
        return [partial(_pair, run, scene.name, pair, terms, stop, step) for pair in scene.pairs]
    if isinstance(scene, MaskScene):
        return [partial(measure_frames, method, scene, terms.iou, terms.fps, run.worst, stop, step)]
    if isinstance(method, Ours):
        watched = method.watching(scene.source)
        return [partial(measure_alarms, watched, scene, terms.late_s, stop, step)]
    return []


def _pair(
    run: Run, scene: str, pair: Pair, terms: Terms, stop: threading.Event, step: Callable[[], None]
) -> Tally:
    if stop.is_set():
        return Tally()
    tally = measure_pair(run.method, scene, pair, terms.iou, run.worst)
    step()
    return tally


def steps_of(dataset: Dataset) -> int | None:
    """Return how often one method calls `step` on a dataset; None: nobody knows, for there are videos."""
    if any(isinstance(scene, AlarmScene) for scene in dataset.scenes):
        return None
    return sum(
        len(scene.pairs) if isinstance(scene, StillScene) else len(scene.truth)
        for scene in dataset.scenes
        if not isinstance(scene, AlarmScene)
    )


def tasks_of(dataset: Dataset) -> int:
    """Return how many things of one method can be at work at a time."""
    return sum(len(scene.pairs) if isinstance(scene, StillScene) else 1 for scene in dataset.scenes)
