"""The scene ``shelf``: a small shop's wall of jars, bottles and boxes, and its counter."""

from __future__ import annotations

from rtdiff.sources.scene import Brush, Change, box, oval
from rtdiff.sources.scene_objects import add
from rtdiff.sources.scene_paints import cylinder, down, mix, wood
from rtdiff.sources.scene_row import Ware, around, cast, row, stand
from rtdiff.sources.scene_wares import bottle, canister, carton, crate, jar, plant, tin

_UPPER, _LOWER, _COUNTER = 342.0, 572.0, 800.0
_GAP, _SLATE = "empty place", "words on the slate"
_CUPS = ("#c8472f", "#e6dcc2", "#3f6f8a", "#d9a22e", "#4a6b4a")
BALL, PERSON = 792.0, 352.0  # where a ball lies (its top) and a person's picture begins


def _gap(width: float) -> Ware:
    return Ware(_GAP, width, 0, lambda _brush, _x, _y: None)


_GOLD, _GREEN = "#d9b24a", "#2e4a3c"
_TOP = [
    bottle("#4f6b34", "OLIVE", 176), bottle("#8a5a1e", "MALT", 168, "#7a2f22"),
    jar("#7d2142", "PLUMS", 98, 122, _GOLD), jar("#c9481f", "APRICOT", 98, 122, _GOLD),
    jar("#5a1d5e", "DAMSON", 98, 122, _GOLD), carton("#27566b", "TEA", 100, 148),
    carton("#8c2f2a", "COCOA", 100, 148), tin("#2e6b55", "BEANS"), tin("#c1402c", "TOMATO"),
    tin("#d08c26", "CORN"), canister("#6b3f22", "#2a160a", "Coffee"),
    bottle("#23404f", "TONIC", 178, "#b5b2a8"), bottle("#6d2a2a", "CORDIAL", 172),
]  # fmt: skip
_MIDDLE = [
    carton("#c27a1c", "OATS", 122, 164, "#fbeec4"), canister("#e7dcbf", "#b9a77c", "Rice"),
    canister("#a8442c", "#5c1f14", "Lentils"), _gap(170), jar("#d9a21e", "HONEY", 104, 128, _GREEN),
    jar("#a8281e", "CHERRY", 104, 128, _GREEN), plant("fern"), tin("#27456b", "TUNA", 108, 84),
    carton("#4a6a34", "PASTA", 116, 160, "#f4e2a6"), bottle("#3c5c2c", "VINEGAR", 172),
    jar("#3f6f3a", "GHERKIN", 104, 128, _GREEN),
]  # fmt: skip
_FRONT = [
    crate("#e8761a", "ORANGES"),
    _gap(250),
    crate("#b3261e", "APPLES"),
    _gap(240),
    crate("#e0bc22", "LEMONS"),
]
_PRICES = ("2.90", "3.40", "1.85", "4.20", "2.25", "5.10", "3.75")


def _wall(brush: Brush) -> None:
    brush.fill(box(-9, -9, brush.width + 9, brush.height + 9), down("#47685f", "#3d5d56", "#2c4742"))
    x = brush.width / 2 - 1000 - brush.width // 2 % 50
    while x < brush.width:
        if not brush.sees(x - 3, 0, x + 53, brush.height):
            x += 50
            continue
        brush.fill(box(x, 0, x + 50, brush.height), wood("#48695f", f"wall{int(x) % 7}", True), 0.35)
        brush.line([(x, 0), (x, brush.height)], "#10211e", 3, 0.7)
        brush.line([(x + 3, 0), (x + 3, brush.height)], "#9fc0b2", 1.4, 0.3)
        x += 50


def _sign(brush: Brush, middle: float) -> None:
    for side in (-230, 230):
        brush.line([(middle + side, -5), (middle + side, 40)], "#1c1814", 3)
    board = box(middle - 320, 34, middle + 320, 124, 12)
    cast(brush, board, 0.5)
    brush.fill(board, wood("#33241b", "sign"))
    brush.line(box(middle - 309, 45, middle + 309, 113, 8), "#c9a35a", 2.5, 0.9, True)
    brush.text("Miller & Daughter", middle, 84, 42, "#f0dfb4", 600)
    brush.text("fine goods since 1931", middle, 105, 15, "#c9a35a", 400, face="italic")


def _lamp(brush: Brush, x: float) -> None:
    brush.line([(x, -5), (x, 62)], "#15120f", 3)
    brush.fill([(x - 12, 60), (x + 12, 60), (x + 46, 104), (x - 46, 104)], down("#1f2a27", "#3c4f49"))
    brush.fill(oval(x, 104, 46, 8), "#fff0c4")
    brush.fill(oval(x, 112, 70, 46), "#ffe2a0", 0.35, 30)
    brush.fill([(x - 46, 106), (x + 46, 106), (x + 190, 330), (x - 190, 330)], "#ffdf9c", 0.17, 34)


def _board(brush: Brush, y: float, wares: list[tuple[float, Ware]], change: Change | None) -> None:
    brush.shadow(box(0, y + 26, brush.width, y + 64), 0.5, 16)
    brush.fill(box(18, y - 12, brush.width - 18, y + 2), wood("#8f6237", f"shelf{y}"))
    brush.fill(box(18, y - 12, brush.width - 18, y - 2), "#000000", 0.28, 4)
    stand(brush, wares, y, change)
    brush.fill(box(12, y, brush.width - 12, y + 27, 2), wood("#a9743f", f"edge{y}"))
    brush.line([(12, y + 1), (brush.width - 12, y + 1)], "#f4cf94", 2, 0.6)
    for i, (x, ware) in enumerate(wares):
        rect = _tag_rect(x, y, ware)
        if ware.label != _GAP and brush.sees(*rect):
            new = change is not None and change.kind == "label" and change.rect == rect
            _tag(brush, x + ware.width / 2, y, _PRICES[i * 3 % 7], new)


def _tag(brush: Brush, x: float, y: float, price: str, new: bool) -> None:
    brush.shadow(box(x - 25, y + 6, x + 28, y + 27), 0.4, 3)
    brush.fill(box(x - 27, y + 3, x + 27, y + 25, 3), "#d23a2a" if new else "#f3eee0")
    brush.text("1.99" if new else price, x, y + 20, 17, "#fff6d8" if new else "#2a2420", 600)


def _hooks(brush: Brush) -> None:
    for i, ink in enumerate(_CUPS):
        x, y = brush.width / 2 + 205 + i * 62, _LOWER + 40
        cast(brush, box(x, y + 14, x + 38, y + 52, 6), 0.3)
        brush.line([(x + 19, y - 14), (x + 19, y + 4)], "#1c1814", 3)
        brush.line(oval(x + 19, y + 12, 9, 11), cylinder(ink), 5, closed=True)
        brush.fill(box(x, y + 18, x + 38, y + 58, 7), cylinder(ink))
        brush.fill(box(x + 8, y + 24, x + 11, y + 50, 1), "#ffffff", 0.35)


def _slate(brush: Brush, change: Change | None) -> None:
    x, y = _slate_at(brush)
    new = change is not None and change.label == _SLATE
    board = box(x, y, x + 196, y + 134, 4)
    cast(brush, board)
    brush.fill(board, wood("#9a6b3a", "frame"))
    brush.fill(box(x + 9, y + 9, x + 187, y + 125, 2), down("#2c3130", "#353b39"))
    brush.text("today", x + 98, y + 36, 20, "#e8d9a0", 500, face="italic")
    brush.text("Plum pie" if new else "Apple cake", x + 98, y + 72, 27, "#f1efe6", 600, 160)
    brush.text("3.20" if new else "2.50", x + 98, y + 108, 27, "#f0a08a", 600)


def _slate_at(brush: Brush) -> tuple[float, float]:
    x, gap = next((x, ware) for x, ware in row(_FRONT, 60, brush.width - 60, 60) if ware.label == _GAP)
    return x + (gap.width - 196) / 2, _LOWER + 48


def _tag_rect(x: float, y: float, ware: Ware) -> tuple[float, float, float, float]:
    middle = x + ware.width / 2
    return middle - 42, y - 6, middle + 44, y + 38


def _rows(brush: Brush) -> tuple[tuple[float, list[tuple[float, Ware]]], ...]:
    width = brush.width
    return (
        (_UPPER, row(_TOP, 40, width - 40, 16)),
        (_LOWER, row(_MIDDLE, 40, width - 40, 20)),
        (_COUNTER, row(_FRONT, 60, width - 60, 60)),
    )


def changes(brush: Brush) -> list[Change]:
    """Return what may change in a picture of this width."""
    x, y = _slate_at(brush)
    found = [Change("label", _SLATE, (x - 10, y - 10, x + 230, y + 160))]
    for y, wares in _rows(brush):
        for x, ware in wares:
            if ware.label != _GAP:
                found.append(Change("missing", ware.label, around(x, y, ware)))
                if y != _COUNTER and len(found) % 3 == 0:
                    found.append(Change("label", f"price of the {ware.label}", _tag_rect(x, y, ware)))
            elif y == _COUNTER:
                found.append(Change("small", "key on the counter", (x + 20, y + 4, x + 130, y + 60)))
                found.append(Change("box", "dark box on the counter", (x + 20, y - 130, x + 250, y + 40)))
            else:
                found.append(Change("box", "dark box on the shelf", (x - 14, y - 128, x + 186, y + 40)))
    return found


def draw(brush: Brush, change: Change | None) -> None:
    """Draw the shop, with one thing otherwise or, for None, as it should be."""
    middle = brush.width / 2
    _wall(brush)
    _sign(brush, middle)
    for side in (-1, 1):
        _lamp(brush, middle + side * 450)
    rows = _rows(brush)
    for y, wares in rows[:2]:
        _board(brush, y, wares, change)
    for x in (6.0, brush.width - 34):
        brush.shadow(box(x - 8, 130, x + 44, brush.height), 0.4, 8)
        brush.fill(box(x, 130, x + 28, brush.height), wood("#8a5c32", f"post{x > 9}", True))
        brush.line([(x + 2, 130), (x + 2, brush.height)], "#e0b67c", 2, 0.5)
    _hooks(brush)
    _slate(brush, change)
    _counter(brush, rows[2][1], change)
    if change is not None:
        add(brush, change)
    brush.light(middle, 300, 1150, 0.42)


def _counter(brush: Brush, wares: list[tuple[float, Ware]], change: Change | None) -> None:
    brush.shadow(box(0, _COUNTER - 60, brush.width, _COUNTER), 0.4, 24)
    top = [
        (0.0, _COUNTER - 26),
        (brush.width, _COUNTER - 26),
        (brush.width, _COUNTER + 62),
        (0.0, _COUNTER + 62),
    ]
    brush.fill(top, wood("#b07a42", "counter"))
    brush.fill(top, down("#3a220e", "#e8b878", "#f4cc94"), 0.22)
    stand(brush, wares, _COUNTER, change)
    brush.fill(
        box(0, _COUNTER + 62, brush.width, brush.height + 9), wood(mix("#8a5a2e", "#000000", 25), "front")
    )
    brush.line([(0, _COUNTER + 63), (brush.width, _COUNTER + 63)], "#ffdca4", 2.5, 0.6)
    brush.shadow(box(0, _COUNTER + 68, brush.width, _COUNTER + 84), 0.5, 8)
