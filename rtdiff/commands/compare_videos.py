"""``rtdiff compare A B`` of two videos, or of a picture and a video."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from rtdiff.commands.result import OF_VIDEOS, TOLD, told_settings
from rtdiff.engines import compiled
from rtdiff.errors import RtdiffError, SettingsError
from rtdiff.figures import score_text
from rtdiff.video_records import VideoResult
from rtdiff.video_writer import VideoWriter
from rtdiff.videos import VideoComparison

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

SAME, DIFFERENT, TROUBLE, INTERRUPTED = 0, 1, 2, 130
REFRESH_S = 0.2


def compare_videos(settings: CompareConfig) -> int:
    """Compare, write what was asked for; return the exit code.

    Raises
    ------
    SettingsError, SourceError, SinkError, EngineError, MissingExtra
        As told by the message, when not one pair was compared.
    """
    _check(settings)
    with VideoComparison(settings) as videos:
        if not compiled(settings.metrics) and settings.engine in ("auto", "numba"):
            sys.stderr.write("rtdiff: compiling the kernels, once on this machine: about 7 s\n")
        error = _run(settings, videos)
        result = videos.result
    if error is not None:
        told = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        result = replace(result, complete=False, error=told)
    passed = _passes(settings, result)
    if passed is False:
        result = replace(result, reasons=(*result.reasons, "fail_under"))
    _write(settings, result, passed)
    if error is not None:
        raise error
    same = result.same if passed is None else passed
    return SAME if same or settings.exit_zero else DIFFERENT


def _check(settings: CompareConfig) -> None:
    """Refuse what cannot be done with videos before they are read."""
    for key in ("junit", "update", "max_diff_pixels", "max_density"):
        if getattr(settings, key):
            raise SettingsError(f"--{key.replace('_', '-')}: is not for videos; leave it out")


def _run(settings: CompareConfig, videos: VideoComparison) -> BaseException | None:
    """Compare every pair; return what ended it early, once something was compared."""
    ended: BaseException | None = None
    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(writer) for writer in _writers(settings, videos.fps)]
        shown = stack.enter_context(_progress(videos))
        try:
            for pair in videos:
                for writer in writers:
                    writer.write(pair)
                shown()
                del pair  # its memory goes back to the decoder
        except (RtdiffError, KeyboardInterrupt) as error:
            if not videos.pairs:
                raise
            ended = error
    return ended


def _writers(settings: CompareConfig, fps: Fraction) -> Iterator[VideoWriter]:
    if settings.per_frame is not None:
        from rtdiff.reports.per_frame import PerFrame

        yield PerFrame(Path(settings.per_frame))
    if settings.output is not None:
        from rtdiff.commands.video_output import AnnotatedVideo

        yield AnnotatedVideo(settings, fps)


def _passes(settings: CompareConfig, result: VideoResult) -> bool | None:
    """Return what the limits decide; None: none was given."""
    limits = [
        (settings.fail_under, result.score, result.psnr_db),
        (settings.fail_under_min, result.score_min, result.psnr_db_min),
    ]
    given = [(limit, score, psnr) for limit, score, psnr in limits if limit is not None]
    if not given:
        return None
    return all(
        (psnr if limit.unit == "dB" and psnr is not None else score) >= limit.value
        for limit, score, psnr in given
    )


def _write(settings: CompareConfig, result: VideoResult, passed: bool | None) -> None:
    if settings.json_file is not None:
        from rtdiff.reports.compare_json import write_json
        from rtdiff.reports.video_json import video_json

        write_json(
            settings.json_file, video_json(result, settings=told_settings(settings, (*TOLD, *OF_VIDEOS)))
        )
    if settings.json_file != "-":
        from rtdiff.reports.video_text import video_text

        sys.stdout.write(video_text(result, colour=sys.stdout.isatty(), passes=passed))


@contextlib.contextmanager
def _progress(videos: VideoComparison) -> Iterator[Callable[[], None]]:
    """Yield what is called after every pair; it draws only on a terminal."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        MofNCompleteColumn(),
        BarColumn(24),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("comparing", total=videos.expected, rate="")
        begin = last = time.monotonic()

        def show() -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= REFRESH_S:
                last = now
                rate = f"{videos.pairs / (now - begin):.0f} fps"
                told = f"score {score_text(videos.score)}"
                bar.update(task, completed=videos.pairs, rate=rate, description=told)

        yield show
