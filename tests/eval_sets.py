"""Small datasets with truth, in every layout, drawn for tests."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
WIDE, HIGH = 96, 72
FIRST, LAST = 9, 14
REGION = 60  # from this column on nothing is evaluated


def scenery(seed: int = 0) -> Gray:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 140, (9, 12)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (WIDE, HIGH), interpolation=cv2.INTER_CUBIC))


def frame(number: int, seed: int = 0) -> Gray:
    """A noisy picture; from FIRST on with a bright block that moves to the right."""
    shown = scenery(seed).astype(np.float64)
    if number >= FIRST:
        left, top, right, bottom = block(number)
        shown[top:bottom, left:right] += 45
    noise = np.random.default_rng(1000 * seed + number).normal(0, 1.5, shown.shape)
    return np.clip(np.rint(shown + noise), 0, 255).astype(np.uint8)


def block(number: int) -> tuple[int, int, int, int]:
    left = 20 + 6 * (number - FIRST)
    return left, 24, left + 24, 44


def levels(number: int) -> Gray:
    """The mask as changedetection.net has it: a ring of unsure around the block, a shadow under it."""
    made = np.zeros((HIGH, WIDE), np.uint8)
    left, top, right, bottom = block(number)
    made[top - 2 : bottom + 2, left - 2 : right + 2] = 170
    made[top:bottom, left:right] = 255
    made[bottom + 2 : bottom + 6, left:right] = 50
    made[:, :4] = 85
    return made


def write(path: Path, picture: Gray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)
    return path


def cdnet(folder: Path, seed: int = 0) -> Path:
    for number in range(1, LAST + 1):
        write(folder / f"input/in{number:06d}.png", frame(number, seed))
    for number in range(FIRST, LAST):  # the last frame has no mask
        write(folder / f"groundtruth/gt{number:06d}.png", levels(number))
    region = np.full((HIGH, WIDE), 255, np.uint8)
    region[:, REGION:] = 0
    write(folder / "ROI.bmp", region)
    (folder / "temporalROI.txt").write_text(f"{FIRST} {LAST}\n")
    return folder


def pair(number: int) -> tuple[Gray, Gray, tuple[int, int, int, int]]:
    """A clean picture, the same with a bright block on it, and where that is."""
    clean = scenery(number)
    spoilt = clean.copy()
    left, top = 10 + 9 * number, 12 + 5 * number
    spoilt[top : top + 22, left : left + 26] = 250
    return clean, spoilt, (left, top, left + 26, top + 22)


def deeppcb(folder: Path, groups: int = 2, pairs: int = 2) -> Path:
    for group in range(groups):
        for number in range(pairs):
            clean, spoilt, box = pair(number)
            name, outer = f"{group}000{number}", folder / f"group{group}"
            write(outer / f"{group}/{name}_temp.png", clean)
            write(outer / f"{group}/{name}_test.png", spoilt)
            truth = outer / f"{group}_not/{name}.txt"
            truth.parent.mkdir(parents=True, exist_ok=True)
            truth.write_text(" ".join(map(str, box)) + " 3\n\n")
    return folder


def coco(folder: Path, shapes: Sequence[str] = ("polygon", "rle", "text")) -> Path:
    """A JSON with a picture for every kind of segmentation; '' has none."""
    images: list[Mapping[str, Any]] = []
    annotations = []
    for number, kind in enumerate(shapes):
        clean, spoilt, (left, top, right, bottom) = pair(number)
        write(folder / f"golden/{number}.png", clean)
        write(folder / f"images/new/{number}.png", spoilt)
        images.append({"id": number, "file_name": f"new/{number}.png", "reference": f"golden/{number}.png"})
        one: dict[str, Any] = {"image_id": number, "bbox": [left, top, right - left, bottom - top]}
        inner = np.zeros((HIGH, WIDE), bool)
        inner[top:bottom, left:right] = True
        runs = lengths(inner)
        if kind == "polygon":
            edge = [left, top, right - 1, top, right - 1, bottom - 1, left, bottom - 1]
            one["segmentation"] = [edge]
        elif kind:
            one["segmentation"] = {"size": [HIGH, WIDE], "counts": runs if kind == "rle" else squeezed(runs)}
        annotations.append(one)
    path = folder / "annotations.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return path


def lengths(mask: NDArray[np.bool_]) -> list[int]:
    """Run lengths by columns, the first one of what is outside."""
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat.astype(np.int8))) + 1
    return [int(n) for n in np.diff([0, *edges, flat.size])]


def squeezed(runs: Sequence[int]) -> str:
    """COCO's text of run lengths, written from its description."""
    text = ""
    for place, run in enumerate(runs):
        value = run - runs[place - 2] if place > 2 else run
        while True:
            bits, value = value & 31, value >> 5
            more = value != (-1 if bits & 16 else 0)
            text += chr(48 + (bits | 32 if more else bits))
            if not more:
                break
    return text
