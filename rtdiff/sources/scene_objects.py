"""What comes into a synthetic scene, stays a while and goes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.sources.scene import Brush, Change, box, oval, smooth
from rtdiff.sources.scene_paints import cylinder, down, globe, mix, wood

STEPS = 12  # pictures of one pace of a walk
_PERSON = (340.0, 590.0)  # width and height of its picture, units
_BALL = 100.0  # of a side, units; the ball is smaller by its shadow


def add(brush: Brush, change: Change) -> None:
    """Draw a thing of kind ``box`` or ``small`` into its place."""
    x0, y0, x1, y1 = change.rect
    if change.kind == "box":
        _parcel(brush, x0 + 32, y1 - 44, x1 - x0 - 80, y1 - y0 - 62)
    elif change.kind == "small":
        _key(brush, (x0 + x1) / 2, (y0 + y1) / 2)


def _parcel(brush: Brush, x: float, y: float, width: float, height: float) -> None:
    front, top = x + width * 0.8, y - height
    brush.shadow([(x - 6, y - 4), (x + width + 24, y - 14), (x + width + 12, y + 6), (x - 2, y + 8)], 0.55, 8)
    brush.fill([(front, top), (x + width, top - 10), (x + width, y - 12), (front, y)], "#14171c")
    brush.fill([(x, top), (x + width * 0.2, top - 10), (x + width, top - 10), (front, top)], "#4a505a")
    brush.fill(box(x, top, front, y), down("#383d46", "#2a2e36", "#1d2026"))
    brush.fill(box(x + width * 0.34, top, x + width * 0.46, y), "#8a7a4a", 0.55)
    brush.fill(box(x + width * 0.52, top + height * 0.2, x + width * 0.74, top + height * 0.48, 2), "#d8d4c8")
    for line in range(4):
        at = top + height * (0.26 + 0.05 * line)
        brush.line([(x + width * 0.55, at), (x + width * (0.7 - 0.03 * line), at)], "#3a3a3a", 1.6)


def _key(brush: Brush, x: float, y: float) -> None:
    brush.shadow(oval(x + 2, y + 5, 46, 6), 0.18, 3)
    brush.line(oval(x - 30, y, 13, 9), "#c8ab80", 7, 0.5, True)
    brush.line([(x - 16, y), (x + 44, y)], "#c8ab80", 7, 0.5)
    brush.line([(x + 30, y), (x + 30, y + 12)], "#c8ab80", 6, 0.5)
    brush.line([(x + 41, y), (x + 41, y + 10)], "#c8ab80", 5, 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """Something that moves: a picture that can be laid over any other."""

    colours: NDArray[np.uint8]
    """(h, w, 3) BGR as seen on black; even width and height."""
    cover: NDArray[np.uint8]
    """(h, w) how much of what is behind it is hidden, 255 is all."""


@lru_cache(maxsize=4 * STEPS)
def sprite(kind: str, step: int, size_wh: tuple[int, int]) -> Sprite:
    """Return the picture of a ``ball`` or a ``person``, at one of `STEPS` steps of its pace."""
    sides: list[NDArray[Any]] = []
    for ground in ("#000000", "#ffffff"):
        width, height = (_BALL, _BALL) if kind == "ball" else _PERSON
        brush = Brush(size_wh, (0, 0, width, height))
        brush.fill(box(-9, -9, width + 9, height + 9), ground)
        if kind == "ball":
            _ball(brush, step)
        else:
            _person(brush, step)
        sides.append(brush.picture())
    black, white = sides
    high, wide = (n // 2 * 2 for n in black.shape[:2])
    black, white = black[:high, :wide], white[:high, :wide]
    return Sprite(black, 255 - (white[..., 1] - black[..., 1]))


def _ball(brush: Brush, step: int) -> None:
    x, y, r = 46.0, 48.0, 40.0
    brush.shadow(oval(x + 6, y + r - 3, r, 7), 0.6, 5)
    brush.fill(oval(x, y, r, r), "#f4ead0")
    for stripe in range(3):
        turn = math.radians(120 * stripe + 360 * step / STEPS)
        tips = [turn + math.radians(a) for a in range(0, 61, 10)]
        brush.fill([(x, y), *((x + r * math.cos(a), y + r * math.sin(a)) for a in tips)], "#e8412a")
    brush.fill(oval(x, y, r, r), globe("#c89a6a"), 0.45)
    brush.fill(oval(x - 13, y - 15, 9, 6), "#ffffff", 0.75, 2)


def _person(brush: Brush, step: int) -> None:
    swing = math.sin(2 * math.pi * step / STEPS)
    lift = 5 * math.cos(4 * math.pi * step / STEPS)
    x, y = 166.0, 20 + lift
    coat, skin = "#35507a", "#c98f6c"
    _arm(brush, x - 10, y + 140, 0.55 * swing, mix(coat, "#000000", 35), mix(skin, "#000000", 25))
    legs = [(x - 62, y + 400), (x + 62, y + 400), (x + 58 + 40 * swing, 640), (x - 58 - 40 * swing, 640)]
    brush.fill(legs, cylinder("#3a3632"))
    side = [(36, 108), (78, 150), (72, 300), (80, 440)]
    other = [(-78, 440), (-70, 300), (-76, 150), (-34, 108)]
    body = [(x + dx, y + dy) for dx, dy in (*side, *other)]
    brush.fill(smooth(body), cylinder(coat))
    brush.line([(x + 8, y + 122), (x + 14, y + 430)], "#16243c", 2.4, 0.7)
    brush.fill(box(x - 16, y + 84, x + 20, y + 122, 8), cylinder(mix(skin, "#000000", 15)))
    brush.fill(
        smooth([(x - 44, y + 112), (x + 46, y + 112), (x + 52, y + 136), (x - 50, y + 136)]), "#b8402f"
    )
    brush.fill(oval(x + 4, y + 52, 40, 50), globe(skin))
    locks = [(-44, 60), (-44, 8), (0, -12), (40, 2), (44, 28), (6, 26), (-10, 60), (-26, 92)]
    hair = [(x + dx, y + dy) for dx, dy in locks]
    brush.fill(smooth(hair), down("#5a3a22", "#3a2414"))
    brush.line([(x - 40, y + 112), (x + 52, y + 330)], "#2a1c12", 9, 0.9)
    brush.fill(box(x + 20, y + 312, x + 104, y + 392, 12), wood("#7a4e2c", "bag"))
    _arm(brush, x - 4, y + 146, -0.55 * swing, mix(coat, "#ffffff", 8), skin)


def _arm(brush: Brush, x: float, y: float, angle: float, sleeve: str, skin: str) -> None:
    elbow = (x + 120 * math.sin(angle), y + 120 * math.cos(angle))
    hand = (elbow[0] + 105 * math.sin(angle + 0.35), elbow[1] + 105 * math.cos(angle + 0.35))
    brush.fill(oval(hand[0] + 2, hand[1] + 14, 17, 21), globe(skin))
    brush.line([(x, y), elbow, hand], mix(sleeve, "#000000", 25), 47)
    brush.line([(x, y), elbow, hand], sleeve, 40)
