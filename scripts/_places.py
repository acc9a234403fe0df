"""Pictures of places, and things cut out of footage, for the measuring scripts. Nothing is copied."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rtdiff.sources import open_source

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ROAD, STREET = DATA / "cdnet-highway", DATA / "opencv-samples" / "vtest.avi"
STILLS = (
    "opencv-samples/aloeL.jpg",
    "opencv-samples/basketball1.png",
    "opencv-samples/box_in_scene.png",
    "opencv-samples/rubberwhale1.png",
    "opencv-samples/vtest.avi",
    "cdnet-highway/input",
    "exif-orientation/Landscape_1.jpg",
    "odiff/images/test_map.png",
    "odiff/test/jpg/tiger.jpg",
    "scikit-image/src/_skimage2/data/camera.png",
    "scikit-image/src/_skimage2/data/chelsea.png",
    "vmaf/python/test/resource/tiff/src01_hrc00_576x32400001.tiff",
)
DRAWN = tuple(
    f"synthetic://{scene}?size=960x540&frames=1&noise=0&shake=0&light=0" for scene in ("shelf", "office")
)
SAMPLES = 25  # frames of a video whose median is its empty place
APART = 12  # frames of a video from one of them to the next
LEAST_PX = 150  # of a thing that is cut out

Picture = NDArray[np.uint8]
Alpha = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A picture to look at for hours."""

    name: str
    """For the table."""
    picture: Picture
    """(H, W, 3), as it was read."""

    def cover(self, size: tuple[int, int]) -> Picture:
        """Return its middle, scaled to fill a size (width, height)."""
        height, width = self.picture.shape[:2]
        scale = max(size[0] / width, size[1] / height)
        cut = min(width, round(size[0] / scale)), min(height, round(size[1] / scale))
        left, top = (width - cut[0]) // 2, (height - cut[1]) // 2
        part = self.picture[top : top + cut[1], left : left + cut[0]]
        made: Picture = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A thing without what is behind it."""

    picture: Picture
    """(h, w, 3)."""
    alpha: Alpha
    """(h, w), 0..1: how much of the pixel it covers."""


def places(given: list[str]) -> list[Place]:
    """Return the pictures that were named, or the real ones that are there, or drawn scenes."""
    paths = given or [str(DATA / name) for name in STILLS if (DATA / name).exists()] or list(DRAWN)
    return [_place(path) for path in paths]


@cache
def _place(path: str) -> Place:
    if "://" in path:
        name = path.split("://")[1].split("?")[0]
    else:
        name = Path(path).parent.name if Path(path).is_dir() else Path(path).stem
    with open_source(path) as source:
        frames = [frame.picture().copy() for frame in islice(source, 0, SAMPLES * APART, APART)]
    return Place(name, np.median(np.stack(frames), axis=0).astype(np.uint8) if len(frames) > 1 else frames[0])


def film(name: str, frames: int) -> list[Place]:
    """Return the first frames of a video of the shared data."""
    with open_source(DATA / name) as source:
        return [Place(name, frame.picture().copy()) for frame in islice(source, frames)]


@cache
def cars() -> tuple[Cutout, ...]:
    """Return vehicles of a road whose masks are known; none where that is not."""
    found: list[Cutout] = []
    for path in sorted((ROAD / "groundtruth").glob("*.png"))[::12]:
        frame = ROAD / "input" / f"in{path.stem[2:]}.jpg"
        if frame.exists():
            mask = (cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) == 255).astype(np.uint8)
            found += _cut(cv2.imread(str(frame)), mask, 500)
    return tuple(found)


@cache
def people() -> tuple[Cutout, ...]:
    """Return passers-by of a street, by their difference to its median; none where that is not."""
    if not STREET.exists():
        return ()
    empty = _place(str(STREET)).picture.astype(np.int16)
    found: list[Cutout] = []
    with open_source(STREET) as source:
        for frame in islice(source, 0, 600, 40):
            picture = frame.picture()
            gap = np.abs(picture.astype(np.int16) - empty).max(axis=2)
            mask = cv2.morphologyEx((gap > 38).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 3), np.uint8))
            mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
            mask = cv2.erode(mask, np.ones((3, 3), np.uint8))  # the street shines through at the edge
            found += [
                one for one in _cut(picture, mask, 600) if 1.6 < one.alpha.shape[0] / one.alpha.shape[1] < 3.6
            ]
    return tuple(found)


def things(of: list[Place], rng: np.random.Generator, count: int) -> tuple[Cutout, ...]:
    """Return ellipses and rectangles of other pictures."""
    found = []
    for _ in range(count):
        picture = of[int(rng.integers(len(of)))].cover((480, 360))
        width, height = (int(side) for side in rng.integers(30, 90, 2))
        x, y = int(rng.integers(480 - width)), int(rng.integers(360 - height))
        mask = np.zeros((height, width), np.uint8)
        if rng.random() < 0.5:
            cv2.ellipse(
                mask, (width // 2, height // 2), (width // 2 - 2, height // 2 - 2), 0, 0, 360, 1, cv2.FILLED
            )
        else:
            mask[1:-1, 1:-1] = 1
        found.append(Cutout(picture[y : y + height, x : x + width].copy(), _soft(mask)))
    return tuple(found)


def _cut(picture: Picture, mask: NDArray[np.uint8], least: int) -> list[Cutout]:
    """Return the regions of a mask that lie wholly in the picture, with edges one pixel soft."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    height, width = mask.shape
    found = []
    for n in range(1, count):
        x, y, w, h, area = (int(value) for value in stats[n])
        if area < max(least, LEAST_PX) or area < 0.4 * w * h:
            continue
        if x < 2 or y < 2 or x + w > width - 2 or y + h > height - 2:
            continue
        part = np.s_[y - 2 : y + h + 2, x - 2 : x + w + 2]
        found.append(Cutout(picture[part].copy(), _soft((labels[part] == n).astype(np.uint8))))
    return found


def _soft(mask: NDArray[np.uint8]) -> Alpha:
    made: Alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7)
    return made
