"""What a made scene is laid together of: things with their shadows, light, leaves; see `_scenes`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from _places import Alpha, Cutout, Picture, Place, cars, people, things

if TYPE_CHECKING:
    from _scenes import Recipe

BLUE = np.array([0.06, 0.0, -0.03], np.float32)  # skylight in an outdoor shadow, by blue, green, red
FLAT = 0.35  # height of a shadow, of the height of what casts it
LAYER = np.ndarray


@dataclass(slots=True, eq=False)
class Thing:
    """Something that comes by; all lengths are pixels of the canvas."""

    cutout: Cutout
    """Scaled."""
    start: float
    """Left edge at frame `enters`."""
    foot: float
    """Lower edge."""
    speed: float
    """Pixels a frame; negative: to the left."""
    enters: int
    """Its first frame."""
    stop: tuple[int, int]
    """First and last frame in which it stands still."""
    shadow: float
    """What its shadow leaves of the light."""
    soft: float
    """Edge of its shadow."""
    slant: float
    """How far the shadow of a pixel of height lies to the side."""
    bob: float
    """How much it goes up and down."""
    _shadow: tuple[Alpha, tuple[int, int]] | None = None

    def at(self, number: int) -> tuple[int, int]:
        """Return left and top."""
        first, last = self.stop
        walked = number - self.enters - max(0, min(number, last) - first)
        up = self.bob * abs(np.sin(walked * 0.4))
        return round(self.start + self.speed * walked), round(self.foot - self.cutout.alpha.shape[0] - up)

    def there(self, number: int) -> bool:
        """Return whether it has come."""
        return number >= self.enters

    def cast(self, layer: LAYER, shadow: LAYER, number: int) -> None:
        """Darken where its shadow falls, and remember where."""
        if self.shadow >= 1:
            return
        left, _ = self.at(number)
        mask, (x, y) = self._fallen()
        both = _parts(layer.shape, left + x, round(self.foot) + y, *mask.shape)
        if both is not None:
            there, own = both
            np.maximum(shadow[there], mask[own], out=shadow[there])
            layer[there] *= 1 - mask[own][..., None] * (1 - self.shadow - BLUE)

    def _fallen(self) -> tuple[Alpha, tuple[int, int]]:
        """Return its shadow, and where that begins from the left of its foot."""
        if self._shadow is None:
            tall, wide = self.cutout.alpha.shape
            edge = round(3 * self.soft) + 2
            side = round(abs(self.slant) * tall)
            before = side if self.slant < 0 else 0
            size = wide + side + 2 * edge, round(FLAT * tall) + 2 * edge
            matrix = np.array([[1, -self.slant, self.slant * tall + before + edge], [0, FLAT, edge]])
            mask = cv2.GaussianBlur(cv2.warpAffine(self.cutout.alpha, matrix, size), (0, 0), self.soft)
            self._shadow = mask, (-before - edge, -round(FLAT * tall) - edge - 3)
        return self._shadow


def make_things(
    recipe: Recipe,
    others: list[Place],
    canvas: tuple[int, int],
    rng: np.random.Generator,
    before: int,
    end: int,
) -> list[Thing]:
    """Return what comes by in a scene, the ones behind first."""
    found = {"cars": cars, "people": people, "gray": _in_gray}.get(recipe.things, tuple)()
    pool = found or things(others, rng, 12)
    if "exposure" in recipe.effects:  # a white van before the camera
        pool = tuple(Cutout(255 - (255 - one.picture) // 3, one.alpha) for one in pool)
    width, height = canvas
    slant = float(rng.choice((-1, 1)) * rng.uniform(0.4, 1.1))
    made = []
    for n in range(recipe.count):
        cutout = _scaled(pool[int(rng.integers(len(pool)))], rng.uniform(*recipe.tall) * height)
        wide = cutout.alpha.shape[1]
        way = int(rng.choice((-1, 1)))
        pace = rng.uniform(5, 14) if recipe.things == "cars" else rng.uniform(2, 5)
        pace *= width / 640
        if n < recipe.stops:
            enters = int(rng.integers(before + 5, before + 25))
            goal = rng.uniform(0.2, 0.8) * (width - wide)
            walk = int(rng.integers(15, 40))
            pace = (goal + wide if way > 0 else width - goal) / walk
            stop = (enters + walk, int(rng.integers(end - 30, end + 30)))
        else:
            enters, stop = int(rng.integers(-60, end - 30)), (end, end)
        start = -wide if way > 0 else width
        foot = rng.uniform(max(0.45, recipe.tall[1]), 0.97) * height
        bob = 2.0 if recipe.things in ("people", "gray") else 0.0
        made.append(
            Thing(cutout, start, foot, way * pace, enters, stop, recipe.shadow, 2 * recipe.soft, slant, bob)
        )
    return sorted(made, key=lambda thing: thing.foot)


def _in_gray() -> tuple[Cutout, ...]:
    """Return people in even clothes that differ from a pale wall as a shadow on it would."""
    made = []
    for k, one in enumerate(people()):
        gray = cv2.GaussianBlur(cv2.cvtColor(one.picture, cv2.COLOR_BGR2GRAY), (0, 0), 2.0).astype(np.float32)
        worn = 60 + 12 * (k % 4) + 0.15 * (gray - gray.mean())
        picture = np.repeat(worn[..., None], 3, axis=2).clip(0, 255).astype(np.uint8)
        made.append(Cutout(picture, one.alpha))
    return tuple(made)


def _scaled(cutout: Cutout, tall: float) -> Cutout:
    scale = tall / cutout.alpha.shape[0]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = round(cutout.alpha.shape[1] * scale), round(tall)
    picture = cv2.resize(cutout.picture, size, interpolation=how)
    return Cutout(picture, np.clip(cv2.resize(cutout.alpha, size, interpolation=cv2.INTER_LINEAR), 0, 1))


def _parts(
    shape: tuple[int, ...], left: int, top: int, height: int, width: int
) -> tuple[object, object] | None:
    """Return where a rectangle lies in the canvas, and which part of it does."""
    y0, y1, x0, x1 = max(0, top), min(shape[0], top + height), max(0, left), min(shape[1], left + width)
    if y0 >= y1 or x0 >= x1:
        return None
    return np.s_[y0:y1, x0:x1], np.s_[y0 - top : y1 - top, x0 - left : x1 - left]


def lay(layer: LAYER, cover: LAYER, thing: Thing, number: int) -> None:
    """Lay a thing onto the layer, and remember what it covers."""
    left, top = thing.at(number)
    both = _parts(layer.shape, left, top, *thing.cutout.alpha.shape)
    if both is not None:
        there, own = both
        alpha: Alpha = thing.cutout.alpha[own]
        layer[there] += alpha[..., None] * (thing.cutout.picture[own] - layer[there])
        cover[there] = np.maximum(cover[there], alpha)


def mirrored(layer: LAYER, shadow: LAYER, thing: Thing, number: int, much: float) -> None:
    """Lay what a polished floor shows of a thing below it."""
    left, _ = thing.at(number)
    alpha = cv2.GaussianBlur(thing.cutout.alpha[::-1], (0, 0), 2.0)
    fade = np.linspace(much, much / 4, len(alpha), dtype=np.float32)[:, None]
    both = _parts(layer.shape, left, round(thing.foot), *alpha.shape)
    if both is not None:
        there, own = both
        part = (alpha * fade)[own]
        picture = cv2.GaussianBlur(thing.cutout.picture[::-1], (0, 0), 2.0)[own]
        layer[there] += part[..., None] * (picture - layer[there])
        shadow[there] = np.maximum(shadow[there], part)


def lightness(picture: LAYER) -> float:
    """Return what an exposure meter says."""
    return float(cv2.mean(picture)[1]) + 1.0


def shaded(recipe: Recipe, canvas: tuple[int, int], number: int, before: int) -> LAYER:
    """Return what the light of the place is multiplied with, (H, W, 3) float32."""
    width, height = canvas
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width, y / height
    light = np.ones((height, width, 3), np.float32)
    for effect in recipe.effects:
        if effect == "lamp" and before + 30 <= number < before + 90:  # off, and the window remains
            glow = np.exp(-((x - 0.25) ** 2 + (y - 0.3) ** 2) / 0.08)
            light *= (0.55 + 0.35 * glow)[..., None] * np.array([1.08, 1.0, 0.92], np.float32)
        if effect == "lamp" and number >= before + 120:  # another one, on a table
            glow = np.exp(-((x - 0.7) ** 2 + (y - 0.6) ** 2) / 0.02)
            light *= 1 + 0.5 * glow[..., None] * np.array([0.7, 0.9, 1.0], np.float32)
        if effect == "clouds":
            at = (number - 20) / 130
            waves = np.sin(9 * x + 3 * np.sin(5 * y) + 4) + np.sin(11 * y - 6 * (x - 2 * at))
            edge = 1 / (1 + np.exp(-24 * (waves - 0.6 + (0.8 if number < before else 0.0))))
            light *= 1 - edge[..., None] * (1 - 0.62 - BLUE)
        if effect == "spot" and number >= before:
            at = (number - before) / 120
            light *= 1 + 0.6 * np.exp(-((x - at) ** 2 + (y - 0.4) ** 2) / 0.006)[..., None]
        if effect == "display":
            inner = ((x > 0.15) & (x < 0.5) & (y > 0.2) & (y < 0.6)).astype(np.float32)
            moire = np.sin(90 * x + 0.9 * number) + np.sin(60 * y + 40 * x - 0.7 * number)
            light *= (1 + 0.06 * inner * moire)[..., None]
    return light


class Field:
    """A part of the place that the wind moves.

    Parameters
    ----------
    place : ndarray
        (H, W, 3).
    rng : Generator
        Draws how.
    """

    def __init__(self, place: Picture, rng: np.random.Generator) -> None:
        height, width = place.shape[:2]
        detail = cv2.blur(
            np.abs(cv2.Laplacian(cv2.cvtColor(place, cv2.COLOR_BGR2GRAY), cv2.CV_32F)), (91, 91)
        )
        middle = np.unravel_index(int(np.argmax(detail)), detail.shape)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        away = ((x - middle[1]) / (0.3 * width)) ** 2 + ((y - middle[0]) / (0.35 * height)) ** 2
        self._much = np.clip(2 - 2 * away, 0, 1).astype(np.float32)
        self._grid = x, y
        coarse = rng.standard_normal((3, 2, 9, 12)).astype(np.float32)
        self._shapes = [
            [cv2.resize(one, (width, height), interpolation=cv2.INTER_CUBIC) for one in pair]
            for pair in coarse
        ]
        self._turns, self._phases = rng.uniform(0.15, 0.7, 3), rng.uniform(0, 6.3, 3)

    def moved(self, place: Picture, number: int) -> Picture:
        """Return the place at a moment: leaves move by up to some 3 pixels of the picture."""
        gust = 1.2 + 0.8 * np.sin(number * 0.05)
        waves = gust * np.sin(self._turns * number + self._phases)
        (x, y), much = self._grid, self._much
        along, up = (sum(w * pair[n] for w, pair in zip(waves, self._shapes, strict=True)) for n in (0, 1))
        made: Picture = cv2.remap(
            place,
            (x + much * along).astype(np.float32),
            (y + much * up).astype(np.float32),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return made
