"""Sequences with true masks, made of real places and things, written as changedetection.net writes them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from _camera import Camera, Look, Wander, softened
from _layers import Field, Thing, lay, lightness, make_things, mirrored, shaded
from _places import DATA, Picture, Place, film

FPS = 25
BEFORE, EVALUATED = 50, 150  # frames: the scene as it is, of which the reference is made; those with truth
MADE = "made.txt"  # what a folder was made of, so that it is made anew only when that has changed
TREE = "opencv-samples/tree.avi"
STILL_FOR = 50  # frames at its begin in which there is nothing but the wind
VERSION = 4  # of the drawing; raise it when the same recipe gives other frames
SHADOW, UNSURE, MOVING = 50, 170, 255  # changedetection.net's gray levels


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a scene is made of."""

    name: str
    """Of the scene and its folder."""
    place: str
    """Name of the picture that is the place; where it is not there, another."""
    things: str = "people"
    """cars, people, gray (people all in gray), things, or nothing."""
    count: int = 7
    """How many come by."""
    tall: tuple[float, float] = (0.18, 0.3)
    """Height of things, shares of the picture's."""
    stops: int = 1
    """How many of them stand still for most of the time."""
    shadow: float = 1.0
    """What a cast shadow leaves of the light; 1: there is none."""
    soft: float = 1.5
    """Edge of shadows, pixels."""
    mirror: float = 0.0
    """How much the floor reflects."""
    effects: tuple[str, ...] = ()
    """lamp, exposure, tint, gamma, leaves, display, shake, clouds, spot, drift."""
    size: tuple[int, int] = (320, 240)
    """Width and height."""
    sigma: float = 3.0
    """Noise, levels."""
    quality: int | None = 80
    """Of JPEG; None: not compressed."""
    film: str = ""
    """A real video that is the place, to and fro; without it the scene is left out."""


RECIPES = (
    Recipe("cars-street", "vtest", "cars", 9, (0.15, 0.28), 1, 0.5, 1.5, sigma=2.5),
    Recipe("cars-hard-sun", "Landscape_1", "cars", 9, (0.15, 0.3), 0, 0.4, 0.7, sigma=2, quality=90),
    Recipe("pedestrians-road", "cdnet-highway", "people", 10, (0.15, 0.25), 1, 0.45, 0.7, size=(360, 240)),
    Recipe("pedestrians-path", "vtest", "people", 8, (0.2, 0.35), 1, 0.5, 1.0, size=(360, 240), quality=70),
    Recipe("pedestrians-pale", "cdnet-highway", "people", 7, (0.2, 0.4), 1, 0.65, 1.5, size=(360, 240)),
    Recipe("pedestrians-park", "src01_hrc00_576x32400001", "people", 8, (0.12, 0.22), 1, 0.65, 2.0),
    Recipe("office-man", "basketball1", "people", 3, (0.5, 0.75), 2, 0.8, 4.0, size=(360, 240), sigma=2),
    Recipe("office-gray", "basketball1", "gray", 4, (0.5, 0.75), 3, 0.8, 4.0, size=(360, 240), sigma=2),
    Recipe("street-gray", "cdnet-highway", "gray", 6, (0.2, 0.4), 2, 0.55, 1.0, size=(360, 240), quality=85),
    Recipe("office-things", "box_in_scene", "things", 5, (0.15, 0.35), 3, 0.75, 3.0, sigma=4, quality=75),
    Recipe("hall", "camera", "people", 8, (0.2, 0.35), 2, 0.85, 3.0, 0.25, size=(480, 360), sigma=2),
    Recipe("shadows-alone", "vtest", "", 0, effects=("clouds",)),
    Recipe("shadows-walkers", "cdnet-highway", "people", 6, shadow=0.6, effects=("clouds", "drift")),
    Recipe("spot", "rubberwhale1", "people", 4, (0.25, 0.4), effects=("spot",), shadow=0.75, soft=3),
    Recipe("lamp", "aloeL", "people", 5, (0.25, 0.45), 2, 0.75, 3.0, effects=("lamp",)),
    Recipe("lamp-alone", "basketball1", "", 0, effects=("lamp",), sigma=4),
    Recipe("exposure", "rubberwhale1", "things", 4, (0.35, 0.5), 2, effects=("exposure",)),
    Recipe("tint-gamma", "test_map", "people", 6, effects=("tint", "gamma"), shadow=0.8, soft=3),
    Recipe("leaves", "src01_hrc00_576x32400001", "people", 6, effects=("leaves",), shadow=0.6),
    Recipe("leaves-alone", "aloeL", "", 0, effects=("leaves",), sigma=4),
    Recipe("tree", "", "", 0, sigma=0, quality=None, film=TREE),
    Recipe("tree-walkers", "", "people", 7, (0.25, 0.4), 1, sigma=1, quality=None, film=TREE),
    Recipe("display", "test_map", "people", 5, (0.25, 0.4), effects=("display",), sigma=2),
    Recipe("shake", "vtest", "cars", 8, (0.15, 0.28), 1, 0.6, effects=("shake",)),
    Recipe("noise-8", "tiger", "people", 6, (0.25, 0.4), 1, sigma=8, quality=60),
)


def recipes() -> list[Recipe]:
    """Return what can be made of what is there."""
    return [one for one in RECIPES if not one.film or (DATA / one.film).exists()]


class Scene:
    """Makes the frames of a recipe, in order.

    Parameters
    ----------
    recipe : Recipe
        What of.
    everything : sequence of Place
        Pictures for its place, and for things.
    seed : int
        Decides with the recipe's name everything that is drawn.
    """

    def __init__(self, recipe: Recipe, everything: list[Place], seed: int) -> None:
        self.recipe = recipe
        self._rng = rng = np.random.default_rng([seed, *recipe.name.encode()])
        named = [place for place in everything if place.name == recipe.place]
        place = named[0] if named else everything[int(rng.integers(len(everything)))]
        self._camera = Camera(rng, recipe.size, recipe.sigma, recipe.quality, grain=0.5)
        self._canvas = Camera.place_size(recipe.size)
        self._place = place.cover(self._canvas)
        self._film = [one.cover(self._canvas) for one in film(recipe.film, STILL_FOR)] if recipe.film else []
        others = [one for one in everything if one is not place] or everything
        self._things: list[Thing] = make_things(recipe, others, self._canvas, rng, BEFORE, BEFORE + EVALUATED)
        self._lit = lightness(self._place)
        self._exposure = 1.0
        self._leaves = Field(self._place, rng)
        self._wander = [Wander(rng, period) for period in (3.1, 4.3, 5.7, 7.3)]

    def frame(self, number: int) -> tuple[Picture, np.ndarray]:
        """Return picture and truth of the next frame; `number` counts from 0."""
        effects = self.recipe.effects
        canvas = self._leaves.moved(self._place, number) if "leaves" in effects else self._place
        if self._film:
            back = len(self._film) - 1
            canvas = self._film[back - abs(back - number % (2 * back))]
        layer = canvas.astype(np.float32)
        layer *= shaded(self.recipe, self._canvas, number, BEFORE)
        cover = np.zeros(layer.shape[:2], np.float32)
        shadow = np.zeros_like(cover)
        here = [thing for thing in self._things if thing.there(number)]
        for thing in here:
            thing.cast(layer, shadow, number)
        for thing in here:
            if self.recipe.mirror:
                mirrored(layer, shadow, thing, number, self.recipe.mirror)
        for thing in here:
            lay(layer, cover, thing, number)
        look = self._look(number, layer)
        seen = self._camera.view(softened(np.clip(np.rint(layer), 0, 255).astype(np.uint8)), look)
        return self._camera.shot(seen), self._truth(cover, shadow)

    def _truth(self, cover: np.ndarray, shadow: np.ndarray) -> np.ndarray:
        rest = Look()
        core = (self._camera.view(softened(cover), rest) > 0.5).astype(np.uint8)
        truth = np.where(self._camera.view(shadow, rest) > 0.05, SHADOW, 0).astype(np.uint8)
        truth[cv2.dilate(core, np.ones((5, 5), np.uint8)) > 0] = UNSURE
        truth[cv2.erode(core, np.ones((3, 3), np.uint8)) > 0] = MOVING
        return truth

    def _look(self, number: int, layer: np.ndarray) -> Look:
        effects, seconds = self.recipe.effects, number / FPS
        a, b, c, d = (wander(seconds) for wander in self._wander)
        gain = tint = gamma = 1.0
        if "exposure" in effects:
            wanted = (self._lit / lightness(layer)) ** 0.8
            self._exposure += 0.15 * (wanted - self._exposure)
            gain *= self._exposure
        if number >= BEFORE:
            if "drift" in effects:
                gain *= 1.2**a
            if "tint" in effects:
                tint = 1.1**b
            if "gamma" in effects:
                gamma = 1.15**c
        look = Look(gains=(gain * tint, gain, gain / tint), gamma=gamma)
        if "shake" in effects:
            x, y = self._rng.uniform(-0.4, 0.4, 2)
            look = replace(look, x=1.6 * a + x, y=1.6 * b + y, degrees=0.2 * d)
        return look


def write(
    scene_folder: Path, recipe: Recipe, everything: list[Place], seed: int, frames: int = EVALUATED
) -> None:
    """Write a scene as a folder of changedetection.net, unless it is there already.

    Parameters
    ----------
    scene_folder : Path
        Where; what is there of another recipe is replaced.
    recipe, everything, seed
        As for `Scene`.
    frames : int
        With truth, from the first on.

    Raises
    ------
    FileExistsError
        The folder holds something that was not written here.
    """
    made_of = f"{VERSION} {seed} {frames} {recipe} {[place.name for place in everything]}\n"
    stamp = scene_folder / MADE
    if stamp.exists() and stamp.read_text() == made_of:
        return
    if stamp.exists():
        shutil.rmtree(scene_folder)
    for name in ("input", "groundtruth"):
        (scene_folder / name).mkdir(parents=True)
    scene = Scene(recipe, everything, seed)
    stamp.write_text("unfinished\n")
    for number in range(BEFORE + frames):
        picture, truth = scene.frame(number)
        cv2.imwrite(
            str(scene_folder / f"input/in{number + 1:06}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 95]
        )
        if number >= BEFORE:
            cv2.imwrite(str(scene_folder / f"groundtruth/gt{number + 1:06}.png"), truth)
    width, height = recipe.size
    cv2.imwrite(str(scene_folder / "ROI.bmp"), np.full((height, width), 255, np.uint8))
    (scene_folder / "temporalROI.txt").write_text(f"{BEFORE + 1} {BEFORE + frames}\n")
    stamp.write_text(made_of)
