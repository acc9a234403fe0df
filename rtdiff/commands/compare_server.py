"""``rtdiff compare --server``: pairs of pictures as they come, a JSON object a line each way.

As many threads as ``--jobs`` take a line, compare, and write the answer: what is in memory is
what they are at work on, and no queue can grow. Answers come as they are ready, so with more than one
job not always in the order of requests; ``id`` says whose they are.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtdiff import __version__
from rtdiff.assemble import usable_cores
from rtdiff.commands.pictures import check_output, write_output
from rtdiff.commands.result import info_of, passes, result_json
from rtdiff.commands.server_lines import Lines, Picture, Request, decoded, request_of
from rtdiff.errors import RtdiffError, SettingsError, SinkError, SourceError, redact
from rtdiff.records import Frame
from rtdiff.reports.strict import plain
from rtdiff.sources.paths import regular
from rtdiff.sources.picture import read_picture_bytes
from rtdiff.stills import Stills
from rtdiff.validation import keys_of, validated

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

SCHEMA = "rtdiff.server/1"
STDIN, STDOUT = 0, 1
MOST_JOBS = 8  # unless more are asked for: each holds some 100 MB at 1080p
IDLE = 4  # engines kept for settings that may come again
LAST_S = 5.0  # that what is being compared may take when all ends
DRAWN = ("output", "layout", "palette")  # what the engine does not depend on
REFUSED = ("reference", "test", "output", "json", "junit", "update")


def serve(settings: CompareConfig) -> int:
    """Answer requests until stdin ends; return the exit code.

    Parameters
    ----------
    settings : CompareConfig
        What every request begins with; a request's own keys hold for it alone.

    Raises
    ------
    SettingsError
        An option that belongs to a request.
    SourceError, SinkError
        stdin or stdout is closed.
    """
    given = settings.plain(settings.given)
    for key in REFUSED:
        if given.get(key):
            raise SettingsError(f"{key}: with --server it belongs to a request; give it there")
    if sys.stdin is None:
        raise SourceError("stdin: is closed; pipe requests into it, a JSON object a line")
    if sys.stdout is None:
        raise SinkError("stdout: is closed; keep it open, answers go there")
    jobs = settings.jobs or min(usable_cores(), MOST_JOBS)
    return _Server(settings, given, jobs).run()


@dataclass(slots=True)
class _Bench:
    """An engine, and what tells its settings from others'."""

    key: str
    stills: Stills


class _Engines:
    """Engines at rest; whoever takes one has it alone, and brings it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Bench] = []  # the one used last stands last

    def take(self, key: str, settings: CompareConfig) -> _Bench:
        with self._lock:
            for at in reversed(range(len(self._idle))):
                if self._idle[at].key == key:
                    return self._idle.pop(at)
        return _Bench(key, Stills(settings))

    def bring(self, bench: _Bench) -> None:
        with self._lock:
            self._idle.append(bench)
            old = self._idle.pop(0) if len(self._idle) > IDLE else None
        if old is not None:
            old.stills.close()


class _Server:
    def __init__(self, settings: CompareConfig, given: Mapping[str, Any], jobs: int) -> None:
        self._model, self._jobs = type(settings), jobs
        self._given = {key: value for key, value in given.items() if key not in ("server", "jobs", *REFUSED)}
        self._known = frozenset(keys_of(self._model))
        self._engines = _Engines()
        self._readers = ThreadPoolExecutor(jobs, thread_name_prefix="rtdiff-read")
        self._lines = Lines(STDIN)
        self._reading, self._writing = threading.Lock(), threading.Lock()
        self._over = self._stopped = False
        self._busy = [threading.Lock() for _ in range(jobs)]

    def run(self) -> int:
        self._say(self._hello())
        ended: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        for busy in self._busy:
            threading.Thread(target=self._work, args=(busy, ended), daemon=True).start()
        try:
            for _ in range(self._jobs):
                error = _waited(ended)
                if error is not None:
                    raise error
        finally:
            self._stopped = True
            for busy in self._busy:  # Python must not end while OpenCV is at work: it would abort
                busy.acquire(timeout=LAST_S)
        return 0

    def _hello(self) -> dict[str, Any]:
        """Have everything imported and compiled; return the first line."""
        import numpy as np

        from rtdiff.engines import compiled, warm
        from rtdiff.sources.arrays import frame_from_array

        plain_ones: dict[str, Any] = {
            key: self._given[key] for key in ("engine", "threads") if key in self._given
        }
        settings = validated(self._model, plain_ones, named=_named)
        told = sys.stderr is not None and settings.engine in ("auto", "numba")
        if told and not compiled(("ssim-gaussian", "ssim-ffmpeg")):
            sys.stderr.write("rtdiff: compiling the numba kernels, once on this machine: about 20 s\n")
        stills = Stills(settings)
        frame = frame_from_array(np.zeros((32, 32, 3), np.uint8))
        engine = stills.compare(frame, frame).engine
        stills.close()
        if engine == "numba":
            warm()
        return {
            "schema": SCHEMA,
            "rtdiff": __version__,
            "engine": engine,
            "skipped": list(stills.skipped),
            "jobs": self._jobs,
            "ready": True,
        }

    def _work(self, busy: threading.Lock, ended: queue.SimpleQueue[Exception | None]) -> None:
        try:
            while (line := self._next()) is not None:
                with busy:
                    if self._stopped:
                        break
                    self._say(_refusal(None, line) if isinstance(line, SettingsError) else self._answer(line))
        except Exception as error:  # nobody reads the answers, or nothing can be read: the end of all
            ended.put(error)
        else:
            ended.put(None)

    def _next(self) -> bytes | SettingsError | None:
        """Wait for a line; return it, or what is wrong with it, or None when there are no more."""
        try:
            with self._reading:
                line: bytes | None = b""
                while line is not None and not line.strip():
                    line = None if self._over else self._lines.take()
                self._over = line is None
        except SettingsError as error:
            return error
        return line

    def _answer(self, line: bytes) -> dict[str, Any]:
        told = None
        try:
            made = decoded(line)
            json.dumps(made.get("id"))  # what is nested too deeply for an answer is refused here
            told = made.get("id")
            request = request_of(made, self._known)
            del made, line
            if request.command == "compare":
                return {"id": told, **self._compared(request)}
            return {"id": told, "command": request.command, "exit_code": 0}
        except RtdiffError as error:
            return _refusal(told, error)
        except Exception as error:  # one request must not end all others
            return _refusal(told, f"internal error: {type(error).__name__}: {error}; report it")

    def _compared(self, request: Request) -> dict[str, Any]:
        names = {
            side: picture.name for side, picture in zip(("reference", "test"), request.pictures, strict=True)
        }
        files = {side: name for side, name in names.items() if request.pictures[side == "test"].data is None}
        options = {**self._given, **(request.options or {})}
        settings = validated(self._model, {**options, **files}, named=_named)
        check_output(settings)
        bench = self._engines.take(_key(options, settings), settings)
        try:
            later = self._readers.submit(_read, bench.stills, settings, request.pictures[1], 1)
            try:
                reference = _read(bench.stills, settings, request.pictures[0], 0)
            finally:
                later.exception()  # both are done before the engine goes to somebody else
            test = later.result()
            diff = bench.stills.compare(reference, test)
            infos = [
                info_of(name, frame) for name, frame in zip(names.values(), (reference, test), strict=True)
            ]
            write_output(settings, diff, *infos)
            made = result_json(settings, diff, *infos)
            return made | {"exit_code": 0 if passes(settings, diff) or settings.exit_zero else 1}
        finally:
            self._engines.bring(bench)

    def _say(self, made: Mapping[str, Any]) -> None:
        """Write one line, whole; only ASCII, whatever the encoding at the other end is."""
        data = memoryview(json.dumps(made, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n")
        with self._writing:
            while data:
                data = data[os.write(STDOUT, data) :]


def _read(stills: Stills, settings: CompareConfig, picture: Picture, side: int) -> Frame:
    if picture.data is None:
        if not os.path.isdir(picture.name):  # noqa: PTH112 - that has words of its own
            regular(Path(picture.name))  # a pipe that nobody writes to would hold a worker
        return stills.read(picture.name, side)
    number = settings.frame[side]
    return read_picture_bytes(picture.data, picture.name, frame=number, split=stills.split)


def _key(options: Mapping[str, Any], settings: CompareConfig) -> str:
    """Return what tells engines apart: the options, and the state of masks, which are files."""
    told = {key: value for key, value in options.items() if key not in DRAWN}
    shapes = [zone.shape for zone in settings.zone] + list(settings.ignore_region)
    masks = [settings.mask, *(getattr(shape, "path", None) for shape in shapes)]
    return json.dumps([told, [_stamp(Path(mask)) for mask in masks if mask]], sort_keys=True)


def _stamp(path: Path) -> list[int]:
    try:
        found = path.stat()
    except OSError:  # the engine will say it
        return []
    return [found.st_mtime_ns, found.st_size, found.st_ino]


def _refusal(told: Any, error: object) -> dict[str, Any]:
    return {"id": told, "error": plain(redact(error)), "exit_code": 2}


def _named(loc: tuple[str | int, ...]) -> str:
    return ".".join(map(str, loc))


def _waited(ended: queue.SimpleQueue[Exception | None]) -> Exception | None:
    while True:
        try:
            return ended.get(timeout=0.25)  # so that Ctrl-C is heard on Windows too
        except queue.Empty:
            continue
