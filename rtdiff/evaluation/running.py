"""All methods on all scenes, several at a time; what was finished stays when it is interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from fractions import Fraction

from rtdiff.evaluation.cases import AlarmScene, Dataset, MaskScene, Pair, Scene, StillScene
from rtdiff.evaluation.measure import measure_frames, measure_pair
from rtdiff.evaluation.methods import Method
from rtdiff.reports.eval_result import Tally

_WAIT_S = 0.25  # so that Ctrl-C is heard on Windows too


@dataclass(slots=True)
class Run:
    """Method on dataset, filled while it runs."""

    method: Method
    """What is measured."""
    scenes: dict[str, Tally] = field(default_factory=dict)
    """By name, those alone of which something was measured."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How found is held against true."""

    iou: float
    """A box fits above this intersection over union."""
    fps: Fraction
    """Frames a second of what carries no rate."""
    jobs: int
    """Pairs and scenes at work at a time."""


def run_all(
    methods: Sequence[Method], dataset: Dataset, terms: Terms, step: Callable[[], None]
) -> tuple[list[Run], BaseException | None]:
    """Measure every method on every scene.

    Parameters
    ----------
    methods : sequence of Method
        What is measured.
    dataset : Dataset
        On what.
    terms : Terms
        How.
    step : callable
        Called, from any thread, after every pair and frame.

    Returns
    -------
    runs : list of Run
        One a method, in order.
    stopped : BaseException or None
        What ended it early: Ctrl-C; the runs hold what was measured until then.

    Raises
    ------
    RtdiffError
        What cannot be read or run.
    """
    runs = [Run(method) for method in methods]
    stop = threading.Event()
    with ThreadPoolExecutor(terms.jobs, "eval") as pool:
        work: list[tuple[Run, str, Future[Tally]]] = []
        try:
            for run in runs:
                for scene in dataset.scenes:
                    for task in _tasks(run.method, scene, terms, stop, step):
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
    return runs, stopped


def _wait(futures: Sequence[Future[Tally]]) -> None:
    left: set[Future[Tally]] = set(futures)
    while left:
        done, left = wait(left, _WAIT_S, FIRST_EXCEPTION)
        for future in done:
            future.result()


def _tasks(
    method: Method, scene: Scene, terms: Terms, stop: threading.Event, step: Callable[[], None]
) -> list[Callable[[], Tally]]:
    def pair_task(pair: Pair) -> Tally:
        if stop.is_set():
            return Tally()
        tally = measure_pair(method, pair, terms.iou)
        step()
        return tally

    if isinstance(scene, StillScene):
        return [lambda pair=pair: pair_task(pair) for pair in scene.pairs]  # type: ignore[misc]
    if isinstance(scene, MaskScene):
        return [lambda: measure_frames(method, scene, terms.iou, terms.fps, stop, step)]
    raise NotImplementedError


def steps_of(dataset: Dataset) -> int:
    """Return how often one method calls `step` on a dataset."""
    return sum(
        len(scene.pairs) if isinstance(scene, StillScene) else len(scene.truth)
        for scene in dataset.scenes
        if not isinstance(scene, AlarmScene)
    )


def tasks_of(dataset: Dataset) -> int:
    """Return how many things of one method can be at work at a time."""
    return sum(len(scene.pairs) if isinstance(scene, StillScene) else 1 for scene in dataset.scenes)
