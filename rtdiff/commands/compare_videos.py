"""``rtdiff compare A B`` of two videos, or of a picture and a video."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rtdiff.commands.progress import progress
from rtdiff.commands.result import OF_VIDEOS, TOLD, told_settings
from rtdiff.engines import compiled
from rtdiff.errors import RtdiffError, SettingsError, SinkError, redact
from rtdiff.figures import score_text
from rtdiff.sinks.video import FORMATS
from rtdiff.video_records import VideoResult
from rtdiff.video_writer import VideoWriter
from rtdiff.videos import VideoComparison

if TYPE_CHECKING:
    from rtdiff.commands.video_output import Worst
    from rtdiff.config import CompareConfig
    from rtdiff.reports.vmaf_log import VmafLog
    from rtdiff.reports.worst_picture import WorstPicture

SAME, DIFFERENT = 0, 1
PAGE = ".html"
ON_PAGE = 6  # pictures of the worst pairs on a page, where nobody says


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What comparing two videos came to."""

    result: VideoResult
    passed: bool | None
    """What the limits decide; None: none was given."""
    pictures: tuple[WorstPicture, ...]
    """Of the worst pairs, for a page."""
    error: BaseException | None
    """What ended it early."""

    @property
    def same(self) -> bool:
        """Whether the exit code says so."""
        return self.result.same if self.passed is None else self.passed


def compare_videos(settings: CompareConfig) -> int:
    """Compare, write what was asked for; return the exit code.

    Raises
    ------
    SettingsError, SourceError, SinkError, EngineError, MissingExtra
        As told by the message; what was compared before is written, and marked as not complete.
    """
    check_videos(settings)
    vmaf = read_log(settings)
    outcome = compared(settings)
    if settings.json_file is not None:
        from rtdiff.reports.compare_json import write_json

        write_json(settings.json_file, outcome_json(settings, outcome))
    if is_page(settings):
        write_page(settings, [outcome], vmaf)
    if settings.json_file != "-":
        from rtdiff.reports.video_text import video_text

        text = video_text(outcome.result, colour=sys.stdout.isatty(), passes=outcome.passed)
        sys.stdout.write(text)
    if outcome.error is not None:
        raise outcome.error
    return SAME if outcome.same or settings.exit_zero else DIFFERENT


def check_videos(settings: CompareConfig) -> None:
    """Refuse what cannot be done with videos before they are read.

    Raises
    ------
    SettingsError, SinkError
        An option for pictures alone; an ending that is none of a video or a page.
    """
    for key in ("junit", "update", "max_diff_pixels", "max_density"):
        if getattr(settings, key):
            raise SettingsError(f"--{key.replace('_', '-')}: is not for videos; leave it out")
    if settings.output is not None:
        ending = Path(settings.output).suffix.lower()
        if ending not in (*FORMATS, PAGE):
            known = ", ".join((*FORMATS, PAGE))
            raise SinkError(f"{redact(settings.output)}: no ending of a video or a page; use {known}")
    if settings.vmaf_log is not None and not is_page(settings):
        raise SettingsError("--vmaf-log: is drawn on a page; give -o FILE.html")


def is_page(settings: CompareConfig) -> bool:
    """Return whether ``--output`` is a page."""
    return settings.output is not None and Path(settings.output).suffix.lower() == PAGE


def compared(settings: CompareConfig) -> Outcome:
    """Compare two videos; what is written pair by pair is written."""
    with VideoComparison(settings) as videos:
        if not compiled(settings.metrics) and settings.engine in ("auto", "numba"):
            sys.stderr.write("rtdiff: compiling the kernels, once on this machine: about 7 s\n")
        error, page = _run(settings, videos)
        result = videos.result
    if error is not None:
        told = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
        result = replace(result, complete=False, error=told)
    passed = _passes(settings, result)
    if passed is False:
        result = replace(result, reasons=(*result.reasons, "fail_under"))
    return Outcome(result, passed, page.pictures if page else (), error)


def _run(settings: CompareConfig, videos: VideoComparison) -> tuple[BaseException | None, Worst | None]:
    """Compare every pair; return what ended it early, once something was compared."""
    ended: BaseException | None = None
    page = None
    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(writer) for writer in _writers(settings, videos)]
        if is_page(settings):
            from rtdiff.commands.video_output import Worst

            page = Worst(settings, settings.save_worst or ON_PAGE, videos.length_ns, None)
            writers.append(stack.enter_context(page))
        shown = stack.enter_context(progress(videos.expected, "comparing"))
        try:
            for pair in videos:
                for writer in writers:
                    writer.write(pair)
                shown.show(videos.pairs, lambda: f"score {score_text(videos.score)}")
                del pair  # its memory goes back to the decoder
        except (RtdiffError, KeyboardInterrupt) as error:
            if not videos.pairs:
                raise
            ended = error
    return ended, page


def _writers(settings: CompareConfig, videos: VideoComparison) -> Iterator[VideoWriter]:
    if settings.per_frame is not None:
        from rtdiff.reports.per_frame import PerFrame

        yield PerFrame(Path(settings.per_frame))
    if settings.output is not None and not is_page(settings):
        from rtdiff.commands.video_output import AnnotatedVideo  # with all that draws

        yield AnnotatedVideo(settings, videos.fps)
    if settings.save_worst:
        from rtdiff.commands.video_output import Worst

        yield Worst(settings, settings.save_worst, videos.length_ns, settings.worst_folder)


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


def outcome_json(settings: CompareConfig, outcome: Outcome) -> dict[str, object]:
    """Return the object of the schema ``rtdiff.compare/1``."""
    from rtdiff.reports.video_json import video_json

    chosen = told_settings(settings, (*TOLD, *OF_VIDEOS))
    return video_json(outcome.result, settings=chosen)


def read_log(settings: CompareConfig) -> VmafLog | None:
    """Return the log of libvmaf that is to be drawn; a wrong one is told before anything is compared.

    Raises
    ------
    SourceError
        It cannot be read.
    """
    if settings.vmaf_log is None:
        return None
    from rtdiff.reports.vmaf_log import read_vmaf_log

    return read_vmaf_log(settings.vmaf_log)


def write_page(settings: CompareConfig, outcomes: Sequence[Outcome], vmaf: VmafLog | None) -> None:
    """Write ``-o FILE.html``: a section for every test.

    Raises
    ------
    SinkError
        It cannot be written.
    """
    from rtdiff.atomic import write_whole
    from rtdiff.commands.video_output import versions
    from rtdiff.reports.video_html import video_html

    first, *others = outcomes
    page = video_html(
        first.result,
        first.pictures,
        settings=told_settings(settings, (*TOLD, *OF_VIDEOS)),
        versions=versions(),
        vmaf=vmaf,
        others=[one.result for one in others],
        others_worst=[one.pictures for one in others],
        palette=settings.palette,
    )
    write_whole(Path(settings.output or ""), page.encode())
