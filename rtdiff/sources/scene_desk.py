"""Things from an office that stand about in synthetic scenes: books, binders, a mug, a lamp."""

from __future__ import annotations

import random

from rtdiff.sources.scene import Brush, box, oval, smooth
from rtdiff.sources.scene_paints import cylinder, down, mix
from rtdiff.sources.scene_row import Ware, cast, foot

_INKS = ("#a8402f", "#2f5f8a", "#d0a03a", "#3f6b4a", "#5a3f6b", "#c9c2b0", "#20343f", "#b5652e")


def books(seed: str, width: float) -> Ware:
    """Return books of many sizes, always the same for a seed."""

    def draw(brush: Brush, x: float, y: float) -> None:
        dice = random.Random(seed)
        foot(brush, x, y, width)
        at = x
        while at < x + width - 28:
            wide, high = 15 + 13 * dice.random(), 84 + 44 * dice.random()
            ink = _INKS[int(dice.random() * len(_INKS))]
            cast(brush, box(at, y - high, at + wide, y), 0.25)
            brush.fill(box(at, y - high, at + wide, y, 2), cylinder(ink))
            for part in (0.14, 0.19, 0.84):
                brush.fill(box(at, y - high * part - 2, at + wide, y - high * part), "#efdca8", 0.75)
            plate = box(at + wide * 0.3, y - high * 0.72, at + wide * 0.7, y - high * 0.34)
            brush.fill(plate, mix(ink, "#f6ecd2", 75), 0.8)
            at += wide + 1

    return Ware("row of books", width, 130, draw)


def binder(ink: str, words: str) -> Ware:
    """Return a binder with a word on its back."""

    width = 44.0

    def draw(brush: Brush, x: float, y: float) -> None:
        cast(brush, box(x, y - 130, x + width, y), 0.3)
        foot(brush, x, y, width)
        brush.fill(box(x, y - 130, x + width, y, 2), cylinder(ink))
        brush.fill(box(x + 8, y - 112, x + width - 8, y - 58, 2), "#f1ece0")
        brush.text(words, x + width / 2, y - 80, 15, "#3a3430", 600, width - 20)
        brush.fill(oval(x + width / 2, y - 28, 9, 9), down("#8a8a8a", "#e0e0e0"))
        brush.fill(oval(x + width / 2, y - 28, 5, 5), "#2a2a2a")

    return Ware(f"binder {words}", width, 130, draw)


def mug(ink: str) -> Ware:
    """Return a mug of coffee."""

    def draw(brush: Brush, x: float, y: float) -> None:
        foot(brush, x, y, 64)
        brush.line(oval(x + 66, y - 38, 16, 20), mix(ink, "#000000", 30), 10, closed=True)
        brush.fill([(x, y - 74), (x + 64, y - 74), *oval(x + 32, y - 9, 31, 10)[:31]], cylinder(ink))
        brush.fill(oval(x + 32, y - 74, 32, 8), mix(ink, "#ffffff", 30))
        brush.fill(oval(x + 32, y - 73, 28, 6), "#3a2012")
        brush.fill(box(x + 13, y - 62, x + 18, y - 14, 2), "#ffffff", 0.35)

    return Ware("mug", 84, 84, draw)


def pens() -> Ware:
    """Return a cup of pens."""

    def draw(brush: Brush, x: float, y: float) -> None:
        foot(brush, x, y, 52)
        for i, ink in enumerate(("#d0402f", "#2f6aa8", "#e0b030", "#2a2a2a", "#4a8a4a")):
            tip = (x + 8 + i * 8 + (i - 2) * 7, y - 114 - 13 * (i % 3))
            brush.line([(x + 14 + i * 6, y - 50), tip], ink, 5.5)
            brush.line([(x + 13 + i * 6, y - 50), (tip[0] - 1, tip[1])], "#ffffff", 1.2, 0.5)
        brush.fill(box(x, y - 72, x + 52, y, 4), cylinder("#4a4e54"))
        brush.fill(box(x, y - 64, x + 52, y - 58), "#ffffff", 0.15)

    return Ware("cup of pens", 52, 142, draw)


def lamp() -> Ware:
    """Return a desk lamp, lit."""

    def draw(brush: Brush, x: float, y: float) -> None:
        foot(brush, x + 60, y, 110)
        brush.fill(oval(x + 115, y - 7, 52, 12), down("#5a6066", "#23272b"))
        joints = [(x + 115, y - 12), (x + 156, y - 150), (x + 78, y - 262)]
        cast(brush, [*joints, *((px + 6, py) for px, py in reversed(joints))], 0.25)
        brush.line(joints, "#2b3034", 8)
        brush.line([(px - 1.5, py) for px, py in joints], "#8a9298", 2, 0.8)
        brush.fill(oval(x + 156, y - 150, 9, 9), "#3d444a")
        beam = [(x + 14, y - 236), (x + 74, y - 206), (x + 96, y - 8), (x - 130, y - 8)]
        brush.fill(beam, "#ffe9b0", 0.22, 26)
        shade = [(x + 62, y - 298), (x + 98, y - 274), (x + 86, y - 212), (x + 4, y - 236)]
        brush.fill(oval(x + 44, y - 223, 42, 13), "#fff3cf")
        brush.fill(smooth(shade), down("#e0663a", "#a83a1c"))

    return Ware("lamp", 170, 300, draw)
