"""COCO's JSON of annotations, where every image names its reference too.

``{"images": [{"id": 1, "file_name": "new/1.png", "reference": "golden/1.png", "scene": "front"}],
"annotations": [{"image_id": 1, "bbox": [x, y, width, height], "segmentation": [[x, y, ...]]}]}``

One ``"reference"`` beside ``"images"`` serves those that name none. ``scene`` is optional. Names lead from
the folder of the JSON, from ``images/`` in it or beside it. With a segmentation in every annotation pixels
are counted too. A crowd counts neither way.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rtdiff.errors import SourceError, redact
from rtdiff.evaluation.cases import CHANGED, STATIC, UNKNOWN, Pair, StillScene, Truth
from rtdiff.evaluation.matching import TrueBox

MOST_BYTES = 500_000_000
PLACES = ("{}", "images/{}", "../{}", "../images/{}")  # of a picture, from the folder of the JSON


def load(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    SourceError
        It cannot be read, or is no JSON.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SourceError(f"{redact(path)}: is larger than {MOST_BYTES // 10**6} MB; split it")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{redact(path)}: is no JSON ({redact(error)[:100]}); correct it") from error
    except OSError as error:
        why = error.strerror or error
        raise SourceError(f"{redact(path)}: cannot be read ({why}); see its rights") from error


def is_coco(data: Any) -> bool:
    """Return whether this is the content of such a file."""
    return isinstance(data, Mapping) and isinstance(data.get("images"), list) and "annotations" in data


def read(path: Path, data: Mapping[str, Any]) -> list[StillScene]:
    """Return the scenes of a file, its content being `data`.

    Raises
    ------
    SourceError
        An image or annotation that is not as said above, or a picture that is not there.
    """
    told = redact(path)
    annotations: dict[Any, list[Mapping[str, Any]]] = {}
    for number, one in enumerate(_list(data, "annotations", told)):
        if not isinstance(one, Mapping) or "image_id" not in one:
            raise SourceError(f"{told}: annotations.{number}: has no image_id; add it")
        annotations.setdefault(_key(one["image_id"]), []).append(one)
    images = _list(data, "images", told)
    known = {_key(image.get("id")) for image in images if isinstance(image, Mapping)}
    strange = next((key for key in annotations if key not in known), None)
    if strange is not None:
        raise SourceError(f"{told}: annotations: image_id {strange} is no image's; correct it")
    masks = all(one.get("segmentation") for ones in annotations.values() for one in ones)
    scenes: dict[str, list[Pair]] = {}
    for number, image in enumerate(images):
        where = f"{told}: images.{number}"
        if not isinstance(image, Mapping):
            raise SourceError(f"{where}: must be an object; correct it")
        found = annotations.get(_key(image.get("id")), [])
        pair = _pair(path, where, {"reference": data.get("reference"), **image}, found, masks)
        scenes.setdefault(str(image.get("scene", path.stem)), []).append(pair)
    if not scenes:
        raise SourceError(f"{told}: holds no images; there is nothing to measure on")
    return [StillScene(name, tuple(pairs)) for name, pairs in scenes.items()]


def _list(data: Mapping[str, Any], key: str, told: str) -> Sequence[Any]:
    found = data.get(key)
    if not isinstance(found, list):
        raise SourceError(f"{told}: {key}: must be a list; correct it")
    return found


def _key(value: Any) -> str:
    return repr(value)


def _pair(
    path: Path, where: str, image: Mapping[str, Any], found: Sequence[Mapping[str, Any]], masks: bool
) -> Pair:
    files = []
    for key, side in (("file_name", "the test picture"), ("reference", "the reference")):
        name = image.get(key)
        if not isinstance(name, str) or not name or "\0" in name:
            raise SourceError(f"{where}: has no {key}, the name of {side}; add it")
        places = [path.parent / place.format(name) for place in PLACES]
        file = next((place for place in places if place.is_file()), None)
        if file is None:
            raise SourceError(
                f"{redact(places[0])}: is missing ({where.rpartition(': ')[2]}); complete the dataset"
            )
        files.append(file)
    boxes = tuple(_box(where, one) for one in found)
    test, reference = files

    def truth() -> Truth:
        return _mask(where, reference, found)

    return Pair(str(image["file_name"]), reference, test, boxes, truth if masks else None)


def _box(where: str, one: Mapping[str, Any]) -> TrueBox:
    box = one.get("bbox")
    good = isinstance(box, list) and len(box) == 4 and all(_is_number(edge) for edge in box)
    if not isinstance(box, list) or not good or box[2] <= 0 or box[3] <= 0:
        raise SourceError(f"{where}: bbox must be [x, y, width, height], got {redact(box)[:60]}; correct it")
    x, y, width, height = box
    edges = (round(x), round(y), max(round(x) + 1, round(x + width)), max(round(y) + 1, round(y + height)))
    return TrueBox(edges, not one.get("iscrowd"))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _mask(where: str, reference: Path, found: Sequence[Mapping[str, Any]]) -> Truth:
    """Return the true mask of the size of the reference; crowds are unknown."""
    from rtdiff.sources.picture import PictureSource

    with PictureSource(str(reference)) as source:
        width, height = source.info.size_wh
    truth: Truth = np.full((height, width), STATIC, np.uint8)
    for one in sorted(found, key=lambda one: not one.get("iscrowd")):
        try:
            inside = _region(one["segmentation"], height, width)
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise SourceError(f"{where}: a segmentation is neither polygons nor RLE; correct it") from error
        truth[inside] = UNKNOWN if one.get("iscrowd") else CHANGED
    return truth


def _region(shape: Any, height: int, width: int) -> Any:
    import cv2

    if isinstance(shape, Mapping):
        high, wide = shape["size"]
        if (high, wide) != (height, width):
            raise ValueError("of another size")
        counts = shape["counts"]
        runs = np.asarray(_runs(counts) if isinstance(counts, str) else counts, np.int64)
        values = np.arange(len(runs)) % 2 == 1
        return np.repeat(values, runs).reshape(width, height).T
    painted = np.zeros((height, width), np.uint8)
    corners = [np.round(np.asarray(flat, np.float64).reshape(-1, 2)).astype(np.int32) for flat in shape]
    cv2.fillPoly(painted, corners, 255)
    return painted > 0


def _runs(text: str) -> list[int]:
    """Return the run lengths of COCO's compressed RLE.

    Six bits a character from '0' on: five of the number, lowest first, and one that says that more
    follow; the last one's highest bit is the sign. From the third on a run is told as its difference to
    the one before the last.
    """
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64:
            raise ValueError("no RLE")
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    return runs
