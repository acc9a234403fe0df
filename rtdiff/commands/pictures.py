"""``compare -o FILE``: the ending says whether it becomes a picture, an animation or a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtdiff.atomic import write_whole
from rtdiff.records import Diff, Picture
from rtdiff.sinks.still import ENDINGS, checked_ending, write_picture

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

PAGE = ".html"


def check_output(settings: CompareConfig) -> None:
    """Refuse what cannot be written before anything is read.

    Raises
    ------
    SinkError
        The ending of ``--output`` is unknown.
    """
    if settings.output is not None:
        checked_ending(Path(settings.output), (*ENDINGS, PAGE))


def write_output(
    settings: CompareConfig, diff: Diff, reference_info: Mapping[str, Any], test_info: Mapping[str, Any]
) -> None:
    """Write what ``--output`` asks for, if it does; whole or not at all.

    Raises
    ------
    SinkError
        It cannot be written.
    """
    if settings.output is None:
        return
    path = Path(settings.output)
    if path.suffix.lower() == PAGE:
        from rtdiff.reports.compare_html import compare_html

        made = compare_html(diff, reference_info=reference_info, test_info=test_info)
        write_whole(path, made.encode())
    else:
        write_picture(path, picture(diff, settings.layout))


def picture(diff: Diff, layout: str) -> Picture:
    """Return the annotated picture of a comparison, (H, W, 3) uint8 BGR."""
    from rtdiff.views.heads_up import heads_up_of
    from rtdiff.views.overlay import draw

    return draw(
        diff.reference.picture(),
        diff.test.picture(),
        diff.boxes,
        heads_up=heads_up_of(diff),
        layout=layout,
        mask=diff.mask if diff.boxes else None,
    )
