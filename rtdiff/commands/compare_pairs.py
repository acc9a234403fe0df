"""Many pairs of picture files at a time: as many threads, each with an engine of its own.

In memory are the pairs at work and what `keep` makes of those that are done. The decoders and the
compiled kernels let go of Python's lock, so threads are enough.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rtdiff.assemble import usable_cores
from rtdiff.commands.result import info_of, passes, result_json
from rtdiff.engines import compiled
from rtdiff.errors import RtdiffError, SinkError, redact
from rtdiff.folders import FilePair
from rtdiff.records import Diff, Frame
from rtdiff.reports.folder_json import MOST_BOXES, SHARED
from rtdiff.reports.folder_result import DIFFERENT, ERROR, EXTRA, MISSING, SAME, PairResult
from rtdiff.sources.paths import read_whole, regular
from rtdiff.sources.picture import read_picture_bytes
from rtdiff.stills import Stills

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

FEW, FEW_COMPILED = 30, 4  # pairs that NumPy compares sooner than kernels are compiled, or loaded
_WAIT_S = 0.25  # so that Ctrl-C is heard on Windows too


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A pair with its pictures, as long as it is at work."""

    pair: FilePair
    diff: Diff | None
    """None: it was not compared, for there is one picture only."""
    data: tuple[bytes, bytes]
    """The two files; empty where there is none."""
    frames: tuple[Frame, ...]
    """As read: both, or none."""


Keep = Callable[[PairResult, Compared], PairResult]
"""Makes a report's part of a pair, in the pair's thread; may raise `SinkError`, which ends all."""


def jobs_for(settings: CompareConfig, pairs: int) -> int:
    """Return how many pairs are compared at a time."""
    return max(1, min(settings.jobs or usable_cores(), pairs))


def few_for(settings: CompareConfig, pairs: int) -> bool:
    """Return whether so few pairs come that nothing is to be compiled for them."""
    return pairs <= (FEW_COMPILED if compiled(settings.metrics) else FEW)


def compare_pairs(
    pairs: Sequence[FilePair], settings: CompareConfig, *, keep: Sequence[Keep] = (), few: bool = False
) -> Generator[PairResult]:
    """Compare every pair and yield what it came to, as they are done; close it to stop early.

    Parameters
    ----------
    pairs : sequence of FilePair
        May hold pairs of which one is not there.
    settings : CompareConfig
        Its inputs and outputs do not matter.
    keep : sequence of callable
        What is made of every pair while its pictures are in memory.
    few : bool
        Nothing is compiled.

    Raises
    ------
    EngineError, MissingExtra
        An engine that was named and cannot run here.
    SinkError
        Raised by `keep`.
    """
    jobs = jobs_for(settings, len(pairs))
    alone = settings.but(
        threads=settings.threads or max(1, usable_cores() // jobs),
        metric=tuple(dict.fromkeys((*settings.metric, "psnr"))),  # as two pictures alone are told
    )
    Stills(alone, few=few).close()  # says at once what cannot run
    todo: queue.SimpleQueue[FilePair] = queue.SimpleQueue()
    for pair in pairs:
        todo.put(pair)
    done: queue.SimpleQueue[PairResult | Exception] = queue.SimpleQueue()
    stop = threading.Event()

    def work() -> None:
        try:
            with contextlib.closing(_Desk(alone, few)) as desk:
                while not stop.is_set():
                    done.put(desk.take(todo.get_nowait(), keep))
        except queue.Empty:
            pass
        except Exception as error:  # an output that cannot be written: the end of all
            done.put(error)

    with ThreadPoolExecutor(jobs, "pairs") as pool:
        for _ in range(jobs):
            pool.submit(work)
        try:
            for _ in pairs:
                yield _next(done)
        finally:
            stop.set()


def _next(done: queue.SimpleQueue[PairResult | Exception]) -> PairResult:
    while True:
        try:
            found = done.get(timeout=_WAIT_S)
        except queue.Empty:
            continue
        if isinstance(found, Exception):
            raise found
        return found


class _Desk:
    """Where one thread compares one pair after another."""

    def __init__(self, settings: CompareConfig, few: bool) -> None:
        self._settings = settings
        self._stills = Stills(settings, few=few)

    def take(self, pair: FilePair, keep: Sequence[Keep]) -> PairResult:
        begin = time.perf_counter()
        try:
            result, compared = self._compared(pair)
            for part in keep:
                result = part(result, compared)
        except SinkError:
            raise
        except RtdiffError as error:
            result = PairResult(pair.name, ERROR, note=pair.note, error=redact(error))
        except Exception as error:  # one pair must not end all others
            told = f"internal error: {type(error).__name__}: {error}; report it"
            result = PairResult(pair.name, ERROR, note=pair.note, error=redact(told))
        return replace(result, seconds=time.perf_counter() - begin)

    def _compared(self, pair: FilePair) -> tuple[PairResult, Compared]:
        if pair.reference is None or pair.test is None:
            kind = MISSING if pair.test is None else EXTRA
            return PairResult(pair.name, kind, note=pair.note), Compared(pair, None, (b"", b""), ())
        for path in (pair.reference, pair.test):
            regular(path)  # nobody will write to a pipe that lies in a folder
        data = read_whole(pair.reference), read_whole(pair.test)
        reference, test = self._read(pair.reference, pair.test, data)
        diff = self._stills.compare(reference, test)
        frames = reference, test
        return self._told(pair, diff, frames), Compared(pair, diff, data, frames)

    def _read(self, first: Path, second: Path, data: tuple[bytes, bytes]) -> tuple[Frame, Frame]:
        """Return both frames; equal files are decoded once, and still have to be whole."""
        number, other = self._settings.frame
        split = self._stills.split
        reference = read_picture_bytes(data[0], str(first), frame=number, split=split)
        if number == other and data[0] == data[1]:
            return reference, replace(reference, source=redact(second))
        return reference, read_picture_bytes(data[1], str(second), frame=other, split=split)

    def _told(self, pair: FilePair, diff: Diff, frames: tuple[Frame, Frame]) -> PairResult:
        infos = info_of(pair.reference, frames[0]), info_of(pair.test, frames[1])
        told = replace(diff, boxes=diff.boxes[:MOST_BOXES])
        made = result_json(self._settings, told, *infos)
        return PairResult(
            pair.name,
            SAME if passes(self._settings, diff) else DIFFERENT,  # --fail-under may forgive what is different
            told={key: value for key, value in made.items() if key not in SHARED},
            regions=len(diff.boxes),
            noise_levels=diff.noise_levels,
            engine=diff.engine,
            note=pair.note,
        )

    def close(self) -> None:
        self._stills.close()
