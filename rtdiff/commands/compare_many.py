"""``rtdiff compare REF A --test B --test C``: several tests against one reference."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rtdiff import __version__
from rtdiff.commands.compare import moving, two_stills
from rtdiff.commands.compare_videos import (
    Outcome,
    check_videos,
    compared,
    is_page,
    outcome_json,
    read_log,
    write_page,
)
from rtdiff.commands.result import result_json
from rtdiff.errors import SettingsError
from rtdiff.figures import printable, score_text

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

SCHEMA = "rtdiff.many/1"
SAME, DIFFERENT = 0, 1
ONE_FILE = ("junit", "per_frame", "save_worst", "update")


def compare_many(settings: CompareConfig) -> int:
    """Compare one test after another, write what was asked for; return the exit code.

    Raises
    ------
    RtdiffError
        As told by the message; nothing is written then.
    """
    for key in ONE_FILE:
        if getattr(settings, key):
            raise SettingsError(
                f"--{key.replace('_', '-')}: is for one test; leave it out, or compare one by one"
            )
    names = filter(None, (settings.test, *settings.tests))
    alone = [settings.but(test=name, tests=()) for name in names]
    videos = [moving(one) for one in alone]
    page = is_page(settings)
    if settings.output is not None and not (page and all(videos)):
        raise SettingsError("--output: of several tests is a page of videos, FILE.html; leave it out")
    vmaf = read_log(settings) if page else None
    results: list[dict[str, Any]] = []
    outcomes: list[Outcome] = []
    for one, video in zip(alone, videos, strict=True):
        if video:
            outcomes.append(_video(one))
        results.append(outcome_json(one, outcomes[-1]) if video else result_json(one, *two_stills(one)))
        if settings.json_file != "-":
            sys.stdout.write(_line(one.test, results[-1]))
    same = all(one["verdict"] == "same" for one in results)
    if settings.json_file is not None:
        from rtdiff.reports.compare_json import write_json

        complete = all(one["complete"] for one in results)
        verdict = "same" if same else "different"
        head = {"schema": SCHEMA, "rtdiff": __version__, "complete": complete, "verdict": verdict}
        write_json(settings.json_file, head | {"tests": results})
    if page:
        write_page(settings, outcomes, vmaf)
    return SAME if same or settings.exit_zero else DIFFERENT


def _video(settings: CompareConfig) -> Outcome:
    check_videos(settings)
    outcome = compared(settings)
    if outcome.error is not None:
        raise outcome.error
    return outcome


def _line(name: str, made: dict[str, Any]) -> str:
    """Return a line of the table: verdict, score, what differs, name."""
    verdict = made["verdict"].upper()
    why = ", ".join(made["reasons"]) or "-"
    low = f"  lowest {score_text(made['score_min'])}" if "score_min" in made else ""
    return f"{verdict:<9}  {score_text(made['score'])}{low}  {why:<20}  {printable(name)}\n"
