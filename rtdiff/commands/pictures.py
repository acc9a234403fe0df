"""``compare -o FILE``: the ending says whether it becomes a picture, an animation or a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtdiff.atomic import write_whole
from rtdiff.errors import SettingsError, redact
from rtdiff.records import Diff, Picture
from rtdiff.sinks.animation import check_animated, write_animation
from rtdiff.sinks.still import ENDINGS, checked_ending, write_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtdiff.config import CompareConfig

PAGE = ".html"
PAGE_MODES = {"overlay": "slider", "split": "slider", "side": "side", "blink": "blink", "diff": "diff"}
"""Layout -> what a page shows first; it has all of them."""
BLINK_MS = 500  # as in a video


def check_output(settings: CompareConfig) -> None:
    """Refuse what cannot be written before anything is read.

    Raises
    ------
    SinkError
        The ending of ``--output`` is unknown, or holds no animation and ``--layout blink`` makes one.
    SettingsError
        A page has no such layout.
    """
    if settings.output is None:
        return
    path = Path(settings.output)
    ending = checked_ending(path, (*ENDINGS, PAGE))
    if ending == PAGE and settings.layout not in PAGE_MODES:
        raise SettingsError(
            f"{redact(path)}: a page has no layout {settings.layout}; choose from {', '.join(PAGE_MODES)}"
        )
    if ending != PAGE and settings.layout == "blink":
        check_animated(path)


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
    path, layout, palette = Path(settings.output), settings.layout, settings.palette
    if path.suffix.lower() == PAGE:
        from rtdiff.reports.compare_html import compare_html
        from rtdiff.views.fills import gain_for

        made = compare_html(
            diff,
            reference_info=reference_info,
            test_info=test_info,
            mode=PAGE_MODES[layout],
            palette=palette,
            gain=gain_for(diff.reference.picture(), diff.test.picture()),
        )
        write_whole(path, made.encode())
    elif layout == "blink":
        both = [picture(diff, layout, palette, first=first) for first in (True, False)]
        write_animation(path, both, BLINK_MS)
    else:
        write_picture(path, picture(diff, layout, palette))


def picture(diff: Diff, layout: str, palette: str = "vivid", *, first: bool = False) -> Picture:
    """Return the annotated picture of a comparison, (H, W, 3) uint8 BGR; the same from every engine."""
    from dataclasses import replace

    from rtdiff.views.heads_up import heads_up_of
    from rtdiff.views.overlay import draw
    from rtdiff.views.palette import palette_of

    return draw(
        diff.reference.picture(),
        diff.test.picture(),
        diff.boxes,
        heads_up=replace(heads_up_of(diff), engine=""),
        layout=layout,
        mask=diff.mask if diff.boxes else None,
        ssim=exact_map(diff) if layout == "heat" else None,
        first=first,
        palette=palette_of(palette),
    )


def exact_map(diff: Diff) -> NDArray[Any]:
    """Return the SSIM map in float64: where float32 rounds otherwise, a colour would be another one."""
    found = diff.map
    if found.dtype == "float64":
        return found
    from rtdiff.engines.engine import Engine
    from rtdiff.noise import pair_noise

    engine = Engine(noise=pair_noise)
    return engine.compare(engine.prepare(diff.reference), engine.prepare(diff.test)).map()
