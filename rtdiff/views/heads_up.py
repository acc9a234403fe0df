"""The figures in a corner: verdict, score, how much, who found it, when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2

from rtdiff.figures import clock_text, count_text, percent_text, score_text
from rtdiff.records import Box, Diff, Picture, Tick
from rtdiff.views.palette import BLACK, WHITE, Palette
from rtdiff.views.text import BOLD, REGULAR, put_text, text_size_for, text_width

Rect = tuple[int, int, int, int]
"""Left, top, right, bottom, pixels, half-open."""

Corner = Literal["auto", "top-left", "top-right", "bottom-left", "bottom-right"]
"""``auto`` hides the fewest boxes, a fixed one does not jump about in a video."""
HIGHEST = 0.4  # of the picture; the last lines are left out before more of it is hidden
DIM = 0.28  # white on what is left of white has a contrast of 12 to 1


@dataclass(frozen=True, slots=True)
class HeadsUp:
    """What the corner says; None or empty is left out."""

    same: bool | None = None
    """The verdict; None while there is none yet."""
    score: float | None = None
    """0..1, four digits or as many as tell it from 1."""
    metric: str = "ssim"
    """What the score is of."""
    changed_fraction: float | None = None
    """0..1, shown in percent."""
    regions: int | None = None
    """How many there are, also those whose tag had no room."""
    engine: str = ""
    """Who compared."""
    time_ns: int | None = None
    """Of the frame, since the start of its source."""
    frame: int | None = None
    """Number of the frame."""
    alarm: str = ""
    """Shown on a plate of its own, for instance ``ALARM shelf``."""
    corner: Corner = "auto"
    """Where."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the figures go, pixels."""

    rect: Rect
    """All of it."""
    lines: list[tuple[str, int]]
    """Text and weight, the most important first."""
    size: int
    """Height of the text."""
    pad: int
    """Space around."""
    step: int
    """From line to line; also the side of the mark."""
    alarm: int
    """Height of the alarm's plate at the bottom, 0 without one."""


def heads_up_of(
    diff: Diff | None,
    tick: Tick | None = None,
    *,
    alarm: str = "",
    corner: Corner = "auto",
) -> HeadsUp:
    """Return what the corner says of a diff (None: still learning) and, in a stream, its tick."""
    frame = tick.frame if tick is not None else None
    when = (frame.time_ns, frame.index) if frame is not None else (None, None)
    if diff is None:
        return HeadsUp(time_ns=when[0], frame=when[1], alarm=alarm, corner=corner)
    return HeadsUp(
        same=diff.same,
        score=diff.score,
        metric=next(iter(diff.metrics), "ssim").removesuffix("_db"),
        changed_fraction=diff.changed_fraction,
        regions=len(diff.boxes),
        engine=diff.engine,
        time_ns=when[0],
        frame=when[1],
        alarm=alarm,
        corner=corner,
    )


def plan_heads_up(width: int, height: int, what: HeadsUp, boxes: Sequence[Box]) -> Plan | None:
    """Return where the figures go on a picture of this size; None when not even the verdict fits."""
    size = text_size_for(width, height)
    pad, step = max(3, size // 2), round(size * 1.35)
    alarm = step + pad if what.alarm and text_width(what.alarm, size, BOLD) + 2 * pad <= width else 0
    lines = _lines(what)
    while lines:
        indents = [step + pad // 2] + [0] * (len(lines) - 1)
        wide = max(
            text_width(line[0], size, line[1]) + in_by for line, in_by in zip(lines, indents, strict=True)
        )
        if wide + 2 * pad <= width and len(lines) * step + 2 * pad <= max(height * HIGHEST, step + 2 * pad):
            break
        lines.pop()
    if not lines or step + 2 * pad > height * 0.75:
        return None
    wide = max(wide, text_width(what.alarm, size, BOLD) if alarm else 0)
    rect = _corner(what.corner, width, height, wide + 2 * pad, len(lines) * step + 2 * pad + alarm, boxes)
    return Plan(rect, lines, size, pad, step, alarm)


def draw_heads_up(out: Picture, what: HeadsUp, plan: Plan, palette: Palette) -> None:
    """Draw the figures where `plan_heads_up` put them."""
    left, top, right, bottom = plan.rect
    size, pad, step = plan.size, plan.pad, plan.step
    view = out[top:bottom, left:right]
    cv2.convertScaleAbs(view, dst=view, alpha=DIM)
    _mark(out, left + pad, top + pad, step, what.same, palette)
    for row, (text, weight) in enumerate(plan.lines):
        begin = left + pad + (step + pad // 2 if row == 0 else 0)
        put_text(out, text, (begin, top + pad + row * step + (step - size) // 2), size, WHITE, weight)
    if plan.alarm:
        cv2.rectangle(out, (left, bottom - plan.alarm), (right - 1, bottom - 1), palette.alarm, cv2.FILLED)
        put_text(
            out, what.alarm, (left + pad, bottom - plan.alarm + (plan.alarm - size) // 2), size, BLACK, BOLD
        )


def _lines(what: HeadsUp) -> list[tuple[str, int]]:
    """The most important line first: the last ones are left out where there is no room."""
    verdict = {True: "SAME", False: "DIFFERENT", None: "LEARNING"}[what.same]
    score = f"{what.metric.upper()} {score_text(what.score)}" if what.score is not None else ""
    changed = percent_text(what.changed_fraction) if what.changed_fraction is not None else ""
    regions = count_text(what.regions, "region") if what.regions is not None else ""
    clock = clock_text(what.time_ns) if what.time_ns is not None else ""
    frame = f"#{what.frame}" if what.frame is not None else ""
    rows = [(verdict,), (score,), (changed, regions), (clock, frame), (what.engine,)]
    joined = ["   ".join(filter(None, row)) for row in rows]
    return [(text, BOLD if row == 0 else REGULAR) for row, text in enumerate(joined) if text]


def _corner(corner: str, width: int, height: int, wide: int, high: int, boxes: Sequence[Box]) -> Rect:
    places = {
        "top-left": (0, 0, wide, high),
        "top-right": (width - wide, 0, width, high),
        "bottom-left": (0, height - high, wide, height),
        "bottom-right": (width - wide, height - high, width, height),
    }
    if corner != "auto":
        return places[corner]
    return min(places.values(), key=lambda place: sum(_common(place, box.xyxy) for box in boxes))


def _common(a: Rect, b: Rect) -> int:
    """Return how many pixels two rectangles share."""
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def _mark(out: Picture, left: int, top: int, side: int, same: bool | None, palette: Palette) -> None:
    """A disc with a check, a square with a cross, a ring: told apart without colour."""
    middle, radius, line = (left + side // 2, top + side // 2), side // 2, max(2, side // 9)

    def at(x: float, y: float) -> tuple[int, int]:
        return round(left + x * side), round(top + y * side)

    if same is None:
        cv2.circle(out, middle, radius - line // 2, WHITE, line, cv2.LINE_AA)
    elif same:
        cv2.circle(out, middle, radius, palette.same, cv2.FILLED, cv2.LINE_AA)
        if palette.same == BLACK:
            cv2.circle(out, middle, radius, WHITE, 1, cv2.LINE_AA)
        cv2.line(out, at(0.27, 0.52), at(0.44, 0.69), WHITE, line, cv2.LINE_AA)
        cv2.line(out, at(0.44, 0.69), at(0.75, 0.33), WHITE, line, cv2.LINE_AA)
    else:
        corner = left + side - 1, top + side - 1
        cv2.rectangle(out, (left, top), corner, palette.different, cv2.FILLED)
        if palette.different == BLACK:
            cv2.rectangle(out, (left, top), corner, WHITE, 1)
        cv2.line(out, at(0.28, 0.28), at(0.7, 0.7), WHITE, line, cv2.LINE_AA)
        cv2.line(out, at(0.28, 0.7), at(0.7, 0.28), WHITE, line, cv2.LINE_AA)
