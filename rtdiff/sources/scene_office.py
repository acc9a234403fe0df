"""The scene ``office``: a desk under a window, with what stands and lies on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rtdiff.sources.scene import Brush, Change, box, oval
from rtdiff.sources.scene_desk import binder, books, lamp, mug, pens
from rtdiff.sources.scene_objects import add
from rtdiff.sources.scene_paints import Place, bgr, cylinder, down, mix, ramp, rough, wood
from rtdiff.sources.scene_row import Ware, around, cast, foot, row, stand
from rtdiff.sources.scene_wares import plant

_SHELF, _FAR, _STAND, _NEAR = 318.0, 706.0, 742.0, 878.0  # the wall's board; the desk's far side, middle, rim
BALL, PERSON = 770.0, 336.0  # where a ball's and a person's picture begin, units
_SCREEN, _NOTE, _MONITOR = "picture on the screen", "note on the wall", "monitor"


_WALL = [
    books("upper", 214), binder("#2f5f8a", "2024"), binder("#2f5f8a", "2025"),
    binder("#a8402f", "TAX"), plant("ivy", 96, 120, "#5a7a86"), books("lower", 190),
]  # fmt: skip
_DESK = [
    plant("palm", 150, 210, "#d8d2c6"), mug("#c8472f"), Ware(_MONITOR, 500, 0, lambda _b, _x, _y: None),
    pens(), lamp(),
]  # fmt: skip


def _city(place: Place) -> NDArray[np.uint16]:
    sky = ramp((0, "#6fa6d6"), (600, "#b9d6e8"), (1024, "#f4e8d0"))
    colours = np.repeat(sky[place.v[:, 0]][:, None], place.u.shape[1], axis=1)
    for seed, ink, top in (("far", "#a9b3bd", 560), ("near", "#76828f", 720)):
        house = place.x // 150
        roof = top + rough(seed, 4096, 1)[house % 4096] * 3 // 2
        window = (place.x % 150 % 34 > 18) & (place.y % 44 > 24) & (place.x % 150 > 14)
        built = place.v > roof
        colours[built] = bgr(ink)
        colours[built & window] = bgr(mix(ink, "#f7e3b0", 45))
    return colours


def _window(brush: Brush) -> None:
    x0, y0, x1, y1 = 70.0, 70.0, 70 + brush.width * 0.33, 480.0
    cast(brush, box(x0 - 22, y0 - 22, x1 + 22, y1 + 22), 0.3)
    brush.fill(box(x0 - 22, y0 - 22, x1 + 22, y1 + 22, 3), down("#f7f3ea", "#d6cfc2"))
    brush.fill(box(x0, y0, x1, y1), _city)
    for part in range(5):
        y = y0 + 4 + 15 * part
        brush.fill(box(x0, y, x1, y + 11), down("#fbf7ec", "#cfc6b4"), 0.95)
    for x in (x0, x1):
        brush.shadow(box(x - 6, y0, x + 6, y1), 0.25, 4)
    brush.fill(box((x0 + x1) / 2 - 7, y0, (x0 + x1) / 2 + 7, y1), cylinder("#e9e3d6"))
    glare = [(x0 + 30, y1), (x0 + 120, y0 + 80), (x0 + 180, y0 + 80), (x0 + 90, y1)]
    brush.fill(glare, "#ffffff", 0.10)
    brush.fill(box(x0 - 40, y1 + 20, x1 + 40, y1 + 40, 3), down("#fbf8f0", "#c9c1b2"))
    brush.shadow(box(x0 - 36, y1 + 42, x1 + 36, y1 + 56), 0.3, 7)


def _monitor(brush: Brush, x: float, new: bool) -> None:
    left, right, top, bottom = x - 240, x + 240, 400.0, 678.0
    foot(brush, x - 90, _STAND, 190)
    brush.fill(
        [(x - 26, bottom), (x + 26, bottom), (x + 34, _STAND - 8), (x - 34, _STAND - 8)], cylinder("#50565c")
    )
    brush.fill(oval(x, _STAND - 8, 96, 11), down("#6a7076", "#2a2e32"))
    cast(brush, box(left, top, right, bottom, 8), 0.4)
    brush.fill(box(left, top, right, bottom, 9), down("#2e3236", "#17191b"))
    brush.fill(box(left + 11, top + 11, right - 11, bottom - 22, 2), down("#16222e", "#0e1720"))
    brush.text("STOCK" if new else "SALES", left + 66, top + 50, 25, "#e8eef2", 700)
    brush.text("today" if new else "this year", right - 66, top + 48, 17, "#8fa4b4", 400)
    for line in range(4):
        y = top + 92 + 46 * line
        brush.line([(left + 34, y), (right - 34, y)], "#3a4a58", 1.5)
    values = rough("low" if new else "high", 64, 3)
    if new:
        for i in range(11):
            high = 40 + abs(int(values[i * 3]))
            brush.fill(
                box(left + 40 + i * 37, bottom - 36 - high, left + 64 + i * 37, bottom - 36, 3),
                down("#f2b84a", "#b0701e"),
            )
    else:
        curve = [(left + 36 + 34 * i, bottom - 64 - 11 * i - int(values[i * 3]) / 4) for i in range(13)]
        brush.fill([*curve, (curve[-1][0], bottom - 36), (curve[0][0], bottom - 36)], "#2f8fb8", 0.35)
        brush.line(curve, "#5fd0f0", 4)
        for px, py in curve[::3]:
            brush.fill(oval(px, py, 6, 6), "#e8f8ff")
    brush.fill(
        [(left + 11, top + 11), (left + 190, top + 11), (left + 70, bottom - 22), (left + 11, bottom - 22)],
        "#ffffff",
        0.05,
    )
    brush.fill(oval(x, bottom - 11, 4, 4), "#7fe0a0")


def _keys(brush: Brush, x: float) -> None:
    y = _STAND + 38
    brush.shadow([(x - 172, y + 6), (x + 186, y + 6), (x + 200, y + 62), (x - 190, y + 62)], 0.45, 6)
    brush.fill([(x - 170, y), (x + 170, y), (x + 188, y + 54), (x - 188, y + 54)], down("#dcdcd8", "#bcbcb6"))
    for line in range(4):
        half = 158 + 5 * line
        for key in range(14):
            left = x - half + key * 2 * half / 14
            brush.fill(
                box(left + 2, y + 6 + 12 * line, left + 2 * half / 14 - 2, y + 15 + 12 * line, 2), "#f8f8f4"
            )
    brush.shadow(oval(x + 246, y + 34, 26, 16), 0.5, 5)
    brush.fill(oval(x + 242, y + 28, 25, 17), down("#fafaf6", "#b8b8b2"))
    brush.line([(x + 242, y + 12), (x + 242, y + 26)], "#8a8a86", 2)


def _note(brush: Brush, new: bool) -> None:
    x, y = _note_at(brush)
    for i, (paper, words) in enumerate(
        (
            ("#f2a24a" if new else "#f6e27a", "FRIDAY" if new else "MONDAY"),
            ("#f4b6c0", "13:30"),
            ("#b6e0a8", "call Ann"),
        )
    ):
        left, top = x + i * 104, y + (7, -4, 10)[i]
        cast(brush, box(left, top, left + 84, top + 84), 0.25)
        brush.fill(
            box(left, top, left + 84, top + 84),
            down(mix(paper, "#ffffff", 20), paper, mix(paper, "#000000", 10)),
        )
        brush.text(words, left + 42, top + 50, 20, "#c02a1e" if new and i == 0 else "#3a3a4a", 600, 74)


def _note_at(brush: Brush) -> tuple[float, float]:
    return brush.width - 372, 358.0


def changes(brush: Brush) -> list[Change]:
    """Return what may change in a picture of this width."""
    note_x, note_y = _note_at(brush)
    wall, desk = _rows(brush)
    screen = next(x + 250 for x, ware in desk if ware.label == _MONITOR)
    found = [
        Change("label", _SCREEN, (screen - 260, 380, screen + 270, 700)),
        Change("label", _NOTE, (note_x - 10, note_y - 10, note_x + 110, note_y + 130)),
        Change("box", "dark box on the desk", (screen - 530, _NEAR - 168, screen - 320, _NEAR + 10)),
        Change("box", "dark box on the desk", (screen + 330, _NEAR - 168, screen + 560, _NEAR + 10)),
        Change("small", "key on the desk", (screen - 330, _NEAR - 70, screen - 220, _NEAR - 10)),
    ]
    for y, wares in ((_SHELF, wall), (_STAND, desk)):
        found += [
            Change("missing", w.label, around(x, y, w)) for x, w in wares if w.label not in (_MONITOR, "lamp")
        ]
    return found


def _rows(brush: Brush) -> tuple[list[tuple[float, Ware]], list[tuple[float, Ware]]]:
    return row(_WALL, brush.width * 0.46, brush.width - 60, 12), row(_DESK, 50, brush.width - 50, 24)


def draw(brush: Brush, change: Change | None) -> None:
    """Draw the desk, with one thing otherwise or, for None, as it should be."""
    what = "" if change is None else change.label
    wall, desk = _rows(brush)
    brush.fill(box(-9, -9, brush.width + 9, _FAR + 9), down("#d9cfbd", "#cbbfa9", "#b3a48c"))
    _window(brush)
    brush.shadow(box(brush.width * 0.45, _SHELF + 24, brush.width - 46, _SHELF + 50), 0.4, 14)
    stand(brush, wall, _SHELF, change)
    brush.fill(box(brush.width * 0.45, _SHELF, brush.width - 46, _SHELF + 20, 2), wood("#a9743f", "board"))
    brush.line([(brush.width * 0.45, _SHELF + 1), (brush.width - 46, _SHELF + 1)], "#f4cf94", 2, 0.6)
    _note(brush, what == _NOTE)
    _table(brush)
    screen = next(x + 250 for x, ware in desk if ware.label == _MONITOR)
    _monitor(brush, screen, what == _SCREEN)
    stand(brush, desk, _STAND, change)
    _keys(brush, screen)
    if change is not None:
        add(brush, change)
    brush.light(brush.width * 0.3, 260, 1200, 0.4)


def _table(brush: Brush) -> None:
    top = [(0.0, _FAR), (brush.width, _FAR), (brush.width, _NEAR), (0.0, _NEAR)]
    brush.shadow(box(0, _FAR - 30, brush.width, _FAR), 0.3, 14)
    brush.fill(top, wood("#9a6a40", "desk"))
    brush.fill(top, down("#2a180a", "#d8a878", "#f0cc9c"), 0.2)
    brush.fill(box(0, _NEAR, brush.width, brush.height + 9), wood("#5a3a20", "rim"))
    brush.line([(0, _NEAR + 1), (brush.width, _NEAR + 1)], "#ffdca4", 2.5, 0.6)
