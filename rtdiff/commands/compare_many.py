"""``rtdiff compare REF A --test B --test C``: several tests against one reference."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rtdiff import __version__
from rtdiff.errors import SettingsError
from rtdiff.figures import printable, score_text

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

SCHEMA = "rtdiff.many/1"
SAME, DIFFERENT = 0, 1
ONE_FILE = ("per_frame", "save_worst", "update")


def compare_many(settings: CompareConfig) -> int:
    """Compare one test after another, write what was asked for; return the exit code.

    Raises
    ------
    RtdiffError
        As told by the message; nothing is written then.
    """
    from rtdiff.commands.compare_videos import is_page
    from rtdiff.sources import is_video

    names = tuple(filter(None, (settings.test, *settings.tests)))
    for key in ONE_FILE:
        if getattr(settings, key):
            raise SettingsError(
                f"--{key.replace('_', '-')}: is for one test; leave it out, or compare one by one"
            )
    moving = [is_video(settings.reference) or is_video(name) for name in names]
    if settings.output is not None and not (is_page(settings) and all(moving)):
        raise SettingsError("--output: of several tests is a page of videos, FILE.html; leave it out")
    results: list[dict[str, Any]] = []
    outcomes: list[Any] = []
    for name, video in zip(names, moving, strict=True):
        alone = settings.but(test=name, tests=())
        made = _video(alone, outcomes) if video else _still(alone)
        results.append(made)
        if settings.json_file != "-":
            sys.stdout.write(_line(name, made))
    if settings.json_file is not None:
        from rtdiff.reports.compare_json import write_json

        same = all(one["verdict"] == "same" for one in results)
        head = {"schema": SCHEMA, "rtdiff": __version__, "complete": all(one["complete"] for one in results)}
        told = head | {"verdict": "same" if same else "different", "tests": results}
        write_json(settings.json_file, told)
    if is_page(settings):
        from rtdiff.commands.compare_videos import write_page

        write_page(settings, outcomes)
    same = all(one["verdict"] == "same" for one in results)
    return SAME if same or settings.exit_zero else DIFFERENT


def _video(settings: CompareConfig, outcomes: list[Any]) -> dict[str, Any]:
    from rtdiff.commands.compare_videos import check_videos, compared, outcome_json

    check_videos(settings)
    outcome = compared(settings)
    if outcome.error is not None:
        raise outcome.error
    outcomes.append(outcome)
    return outcome_json(settings, outcome)


def _still(settings: CompareConfig) -> dict[str, Any]:
    from contextlib import closing

    from rtdiff.commands.result import info_of, result_json
    from rtdiff.stills import Stills

    with closing(Stills(settings, few=True)) as stills:
        frames = [stills.read(name, side) for side, name in enumerate((settings.reference, settings.test))]
        diff = stills.compare(*frames)
        infos = info_of(settings.reference, frames[0]), info_of(settings.test, frames[1])
    return result_json(settings, diff, *infos)


def _line(name: str, made: dict[str, Any]) -> str:
    """Return a line of the table: verdict, score, what differs, name."""
    verdict = made["verdict"].upper()
    why = ", ".join(made["reasons"]) or "-"
    low = f"  lowest {score_text(made['score_min'])}" if "score_min" in made else ""
    return f"{verdict:<9}  {score_text(made['score'])}{low}  {why:<20}  {printable(name)}\n"
