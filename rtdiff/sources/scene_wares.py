"""Things from a shop that stand about in synthetic scenes: jars, bottles, tins, cartons."""

from __future__ import annotations

import math
import random

from rtdiff.sources.scene import Brush, box, oval, smooth
from rtdiff.sources.scene_paints import cylinder, down, globe, mix, speckled
from rtdiff.sources.scene_row import Ware, cast, foot

PAPER, INK = "#efe6d2", "#3a2e26"


def jar(fruit: str, words: str, width: float = 96, height: float = 120, lid: str = "#b9402f") -> Ware:
    """Return a glass of preserves."""

    def draw(brush: Brush, x: float, y: float) -> None:
        top = y - height
        glass = box(x, top + 20, x + width, y, 16)
        cast(brush, glass)
        foot(brush, x, y, width)
        brush.fill(glass, cylinder("#b8c2b8"))
        inside = box(x + 4, top + 36, x + width - 4, y - 4, 13)
        brush.fill(inside, cylinder(fruit))
        dice = random.Random(words)
        for _ in range(26):
            px, py = x + 14 + dice.random() * (width - 28), top + 46 + dice.random() * (height - 62)
            brush.fill(oval(px, py, 9, 8), mix(fruit, "#ffffff", 28), 0.28)
            brush.fill(oval(px + 3, py + 4, 8, 6), mix(fruit, "#000000", 60), 0.25)
        brush.fill(inside, cylinder(fruit), 0.45)
        brush.fill(box(x + 5, top, x + width - 5, top + 24, 5), cylinder(lid))
        for line in range(9):
            brush.line(
                [(x + 12 + line * (width - 24) / 8, top + 7), (x + 12 + line * (width - 24) / 8, top + 21)],
                "#000000",
                1.5,
                0.22,
            )
        brush.fill(box(x + 8, top + 1, x + width - 8, top + 5, 2), "#ffffff", 0.25)
        paper = box(x + 9, top + height * 0.48, x + width - 9, top + height * 0.83, 4)
        brush.fill(paper, cylinder(PAPER))
        brush.line(
            box(x + 13, top + height * 0.51, x + width - 13, top + height * 0.80, 3), fruit, 1.6, 0.8, True
        )
        brush.text(words, x + width / 2, top + height * 0.71, width * 0.2, INK, 700, width * 0.68)
        brush.fill(box(x + width * 0.17, top + 34, x + width * 0.23, y - 14, 3), "#ffffff", 0.5)
        brush.fill(box(x + width * 0.86, top + 40, x + width * 0.89, y - 20, 2), "#ffffff", 0.22)

    return Ware(f"jar of {words.lower()}", width, height, draw)


def bottle(colour: str, words: str, height: float = 178, cap: str = "#2b2622") -> Ware:
    """Return a bottle with a label."""
    width = 58.0

    def draw(brush: Brush, x: float, y: float) -> None:
        top, middle = y - height, x + width / 2
        half = [(9, 0), (9, 42), (11, 56), (26, 78), (29, 92), (29, height - 8), (26, height)]
        right = [(middle + dx, top + dy) for dx, dy in half]
        outline = [*right, *((2 * middle - px, py) for px, py in reversed(right))]
        glass = [*smooth(right, False), *smooth([(2 * middle - px, py) for px, py in reversed(right)], False)]
        cast(brush, outline)
        foot(brush, x, y, width)
        brush.fill(glass, cylinder(colour))
        brush.fill(box(middle - 11, top - 4, middle + 11, top + 26, 3), cylinder(cap))
        paper = box(x, y - height * 0.44, x + width, y - height * 0.14, 2)
        brush.fill(paper, cylinder(PAPER))
        brush.fill(box(x, y - height * 0.44, x + width, y - height * 0.40), cylinder(colour))
        brush.fill(box(x, y - height * 0.18, x + width, y - height * 0.14), cylinder(colour))
        brush.text(words, middle, y - height * 0.25, 15, INK, 800, width * 0.8)
        brush.text("No. 7", middle, y - height * 0.33, 10, "#8a5a3a", 500, face="italic")
        brush.fill(box(x + 9, y - height * 0.5, x + 13, y - 14, 2), "#ffffff", 0.4)
        brush.fill(
            smooth(
                [
                    (middle - 6, top + 30),
                    (middle - 3, top + 30),
                    (middle - 4, top + 62),
                    (x + 13, y - height * 0.5),
                ]
            ),
            "#ffffff",
            0.35,
        )

    return Ware(f"bottle of {words.lower()}", width, height, draw)


def tin(colour: str, words: str, width: float = 92, height: float = 104) -> Ware:
    """Return a tin."""

    def draw(brush: Brush, x: float, y: float) -> None:
        top = y - height
        body = [(x, top + 8), (x + width, top + 8), *oval(x + width / 2, y - 8, width / 2, 8)[:31]]
        cast(brush, body)
        foot(brush, x, y, width)
        brush.fill(body, cylinder("#b4b4b0"))
        brush.fill(
            [(x, top + 18), (x + width, top + 18), *oval(x + width / 2, y - 16, width / 2, 8)[:31]],
            cylinder(colour),
        )
        brush.fill(oval(x + width / 2, top + 9, width / 2, 8), down("#8e8e8a", "#e4e4de"))
        brush.fill(oval(x + width / 2, top + 9, width / 2 - 6, 5), down("#cfcfc8", "#a2a29c"))
        brush.fill(
            oval(x + width / 2, top + height * 0.6, width * 0.31, height * 0.2),
            cylinder(mix(PAPER, colour, 8)),
        )
        brush.text(
            words,
            x + width / 2,
            top + height * 0.645,
            width * 0.17,
            mix(colour, "#000000", 45),
            800,
            width * 0.5,
        )
        for at in (0.3, 0.86):
            brush.line([(x + 1, top + height * at), (x + width - 1, top + height * at)], "#f2e3b0", 2.2, 0.7)
        brush.fill(box(x + width * 0.24, top + 20, x + width * 0.3, y - 14, 3), "#ffffff", 0.3)

    return Ware(f"tin of {words.lower()}", width, height, draw)


def carton(colour: str, words: str, width: float = 104, height: float = 150, sign: str = "#f4d9a0") -> Ware:
    """Return a paper box with a side in the shade."""
    side = 16.0

    def draw(brush: Brush, x: float, y: float) -> None:
        top, front = y - height, x + width - side
        whole = [(x, top), (front, top), (x + width, top + 7), (x + width, y - 6), (front, y), (x, y)]
        cast(brush, whole)
        foot(brush, x, y, width)
        brush.fill(
            [(front, top), (x + width, top + 7), (x + width, y - 6), (front, y)], mix(colour, "#000000", 48)
        )
        brush.fill(
            box(x, top, front, y), down(mix(colour, "#ffffff", 14), colour, mix(colour, "#000000", 22))
        )
        middle, wide = (x + front) / 2, front - x
        brush.fill(oval(middle, top + height * 0.36, wide * 0.32, wide * 0.32), sign)
        for turn in range(12):
            angle = math.radians(30 * turn)
            tip = (
                middle + wide * 0.40 * math.cos(angle),
                top + height * 0.36 + wide * 0.40 * math.sin(angle),
            )
            brush.line([(middle, top + height * 0.36), tip], sign, 3, 0.8)
        leaf = [
            (middle - wide * 0.17, top + height * 0.44),
            (middle - wide * 0.06, top + height * 0.28),
            (middle + wide * 0.18, top + height * 0.26),
            (middle + wide * 0.1, top + height * 0.42),
        ]
        brush.fill(smooth(leaf), mix(colour, "#000000", 25))
        brush.fill(box(x, top + height * 0.64, front, top + height * 0.86), mix(colour, "#000000", 45))
        brush.text(words, middle, top + height * 0.795, wide * 0.21, "#f6ecd6", 800, wide * 0.86)
        brush.text("250 g", middle, top + height * 0.945, wide * 0.11, mix(colour, "#ffffff", 65), 500)
        brush.line([(x, top), (front, top), (x + width, top + 7)], "#ffffff", 1.6, 0.4)

    return Ware(f"packet of {words.lower()}", width, height, draw)


def canister(colour: str, other: str, words: str, width: float = 100, height: float = 158) -> Ware:
    """Return a tall glass of beans, rice or the like."""

    def draw(brush: Brush, x: float, y: float) -> None:
        top = y - height
        glass = box(x, top + 22, x + width, y, 12)
        cast(brush, glass)
        foot(brush, x, y, width)
        brush.fill(glass, cylinder("#c4ccc6"))
        inside = box(x + 4, top + 58, x + width - 4, y - 4, 9)
        brush.fill(inside, speckled(colour, other, words, 13))
        brush.fill(inside, cylinder(colour), 0.5)
        brush.fill(oval(x + width / 2, top + 58, width / 2 - 5, 5), mix(colour, "#ffffff", 25), 0.8)
        brush.fill(box(x - 2, top + 6, x + width + 2, top + 26, 6), cylinder("#c79a62"))
        brush.fill(box(x + width / 2 - 13, top - 6, x + width / 2 + 13, top + 8, 5), cylinder("#b58850"))
        brush.fill(box(x + 22, y - 62, x + width - 22, y - 32, 3), "#2f3633")
        brush.text(words, x + width / 2, y - 41, 17, "#f3eee0", 500, width - 50)
        brush.fill(box(x + width * 0.15, top + 34, x + width * 0.2, y - 12, 3), "#ffffff", 0.5)
        brush.fill(box(x + width * 0.88, top + 40, x + width * 0.91, y - 14, 2), "#ffffff", 0.25)

    return Ware(f"glass of {words.lower()}", width, height, draw)


def plant(seed: str, width: float = 120, height: float = 176, pot: str = "#b8683c") -> Ware:
    """Return a plant in a pot."""

    def draw(brush: Brush, x: float, y: float) -> None:
        middle, rim = x + width / 2, y - height * 0.36
        dice = random.Random(seed)
        body = [(x + 22, rim), (x + width - 22, rim), (x + width - 34, y), (x + 34, y)]
        cast(brush, body)
        foot(brush, x + 24, y, width - 48)
        for i in range(34):
            angle = math.radians(-172 + 164 * dice.random())
            reach = height * (0.3 + 0.34 * dice.random())
            tip = (
                middle + reach * 0.84 * math.cos(angle),
                rim + reach * math.sin(angle) * (0.7 + 0.3 * dice.random()),
            )
            bx, by = (middle + tip[0]) / 2, (rim + tip[1]) / 2 - 12
            thick = 5 + 5 * dice.random()
            leaf = [(middle, rim), (bx - thick, by), tip, (bx + thick, by + thick * 1.6)]
            green = mix("#2f6b3a", "#9cc65c", int(70 * dice.random()) + (i > 20) * 20)
            brush.fill(smooth(leaf), down(mix(green, "#ffffff", 12), green, mix(green, "#000000", 50)))
            brush.line([(middle, rim), (bx, by + 4), tip], "#1c3a20", 1.1, 0.4)
        brush.fill(body, cylinder(pot))
        brush.fill(box(x + 17, rim - 6, x + width - 17, rim + 15, 4), cylinder(mix(pot, "#ffffff", 10)))

    return Ware("plant", width, height, draw)


def crate(fruit: str, words: str, width: float = 190, height: float = 116) -> Ware:
    """Return a wooden crate of fruit."""

    def draw(brush: Brush, x: float, y: float) -> None:
        top = y - height
        cast(brush, box(x, top + 40, x + width, y))
        foot(brush, x, y, width)
        brush.fill(box(x + 2, top + 40, x + width - 2, y), "#3a2414")
        dice = random.Random(words)
        for line, many in ((0, 5), (1, 6), (2, 5)):
            for i in range(many):
                cx = x + width * (i + 0.5) / many + 4 * dice.random() - 2
                cy = top + 19 + line * 17 + 5 * dice.random()
                brush.shadow(oval(cx + 3, cy + 5, 19, 18), 0.4, 4)
                skin = mix(fruit, ("#ffe08a", "#a83018")[int(2 * dice.random())], int(22 * dice.random()))
                brush.fill(oval(cx, cy, 19.5, 18.5), globe(skin))
                brush.fill(oval(cx + 1, cy - 12, 2, 1.6), "#3a2a12", 0.7)
        for line in range(3):
            y0 = top + 50 + line * (height - 50) / 3
            slat = mix("#c99a5e", "#8a5a2c", 16 * line)
            brush.fill(
                box(x - 3, y0, x + width + 3, y0 + (height - 56) / 3 - 2, 2),
                down(mix(slat, "#ffffff", 12), slat, mix(slat, "#000000", 22)),
            )
        for px in (x - 1, x + width - 15):
            brush.fill(box(px, top + 40, px + 16, y, 2), cylinder("#b4854c"))
        brush.text(words, x + width / 2, y - 29, 14, "#5c3413", 800, width - 50)

    return Ware(f"crate of {words.lower()}", width, height, draw)
