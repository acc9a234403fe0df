"""``rtdiff compare REF TEST``: two pictures; hands folders and the server on."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from rtdiff.commands.result import info_of, passes, write_results
from rtdiff.errors import SettingsError
from rtdiff.reports.compare_text import compare_text
from rtdiff.sources.heard import native_messages, refuse_damaged
from rtdiff.spread import spread
from rtdiff.stills import Stills

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig
    from rtdiff.records import Diff

SAME, DIFFERENT = 0, 1


def compare(settings: CompareConfig) -> int:
    """Compare two pictures, write what was asked for; return the exit code.

    Folders and ``--server`` have commands of their own, with the same face.

    Raises
    ------
    SettingsError, SourceError, SinkError
        As told by the message; nothing was written before, or it is whole.
    """
    if settings.server:
        from rtdiff.commands.compare_server import serve

        return serve(settings)
    # not Path.is_dir: a name may be too long for a path
    if any(os.path.isdir(name) for name in (settings.reference, settings.test) if name != "-"):  # noqa: PTH112
        from rtdiff.commands.compare_folders import compare_folders

        return compare_folders(settings)
    if settings.tests:
        from rtdiff.commands.compare_many import compare_many

        return compare_many(settings)
    if settings.update:
        from rtdiff.commands.accept import check_accept_file

        check_accept_file(settings)
    if moving(settings):
        from rtdiff.commands.compare_videos import compare_videos

        return compare_videos(settings)
    _check(settings)
    return _compare_two(settings)


def moving(settings: CompareConfig) -> bool:
    """Return whether one of the two is a video, or samples whose size is given."""
    from rtdiff.sources import is_video

    return settings.size is not None or any(is_video(name) for name in (settings.reference, settings.test))


def _check(settings: CompareConfig) -> None:
    """Refuse what cannot be done with two pictures before they are read."""
    if settings.junit is not None:
        raise SettingsError("--junit: is for folders; for two pictures use --json")
    if settings.output is not None:
        from rtdiff.commands.pictures import check_output

        check_output(settings)


def two_stills(settings: CompareConfig) -> tuple[Diff, dict[str, Any], dict[str, Any]]:
    """Return what two pictures differ in, and what a result says of each.

    Raises
    ------
    SourceError, SettingsError
        One of them cannot be read, or is damaged.
    """
    stills = Stills(settings, few=True)
    # both headers first: a bomb is refused before the other picture is decoded
    opened = stills.open(settings.reference, 0), stills.open(settings.test, 1)
    with native_messages() as said:
        reference, test = spread(lambda picture: next(iter(picture)), opened, 2)
    refuse_damaged(said, stills.read, (settings.reference, settings.test))
    diff = stills.compare(reference, test)
    return diff, info_of(settings.reference, reference), info_of(settings.test, test)


def _compare_two(settings: CompareConfig) -> int:
    diff, *infos = two_stills(settings)
    write_results(settings, diff, *infos)
    if settings.json_file != "-":
        text = compare_text(
            diff,
            reference_info=infos[0],
            test_info=infos[1],
            colour=sys.stdout.isatty(),
            passes=None if settings.fail_under is None else passes(settings, diff),
        )
        sys.stdout.write(text.rstrip("\n") + "\n")
    if settings.update and not passes(settings, diff):
        from rtdiff.commands.accept import accept_file

        accept_file(settings)
        return SAME
    return SAME if passes(settings, diff) or settings.exit_zero else DIFFERENT
