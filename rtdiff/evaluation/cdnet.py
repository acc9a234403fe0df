"""The layout of changedetection.net: input/, groundtruth/, temporalROI.txt, ROI.bmp."""

from __future__ import annotations

import re
from pathlib import Path

from rtdiff.errors import SourceError, redact
from rtdiff.evaluation.cases import MaskScene

PICTURES = frozenset((".jpg", ".jpeg", ".png", ".bmp"))
VIDEOS = frozenset((".mp4", ".avi", ".mkv", ".mov", ".webm"))
DEEPEST = 3  # folders of folders of scenes: dataset, category, scene


def scenes(folder: Path, deepest: int = DEEPEST) -> list[Path]:
    """Return the folders of scenes in a folder, its own included, sorted."""
    if (folder / "groundtruth").is_dir() and _input(folder) is not None:
        return [folder]
    if deepest == 0:
        return []
    inner = sorted(path for path in folder.iterdir() if path.is_dir())
    return [scene for path in inner for scene in scenes(path, deepest - 1)]


def read(folder: Path, name: str) -> MaskScene:
    """Return one scene: the frames of the temporal region that have a mask are evaluated.

    Raises
    ------
    SourceError
        It is not complete, or there is nothing to make a reference of.
    """
    given = _input(folder)
    frames = _numbered(given) if given is not None and given.is_dir() else given
    if not frames:
        raise SourceError(f"{redact(folder)}: holds no frames in input/; complete the dataset")
    masks = _numbered(folder / "groundtruth")
    if not masks:
        raise SourceError(f"{redact(folder)}: holds no masks in groundtruth/; complete the dataset")
    first, last = _temporal(folder / "temporalROI.txt", min(masks), max(masks))
    truth = {n: path for n, path in masks.items() if first <= n <= last and _there(frames, n)}
    if not truth:
        raise SourceError(
            f"{redact(folder)}: of frames {first} to {last} none has a mask; see temporalROI.txt"
        )
    reference = next((path for path in sorted(folder.glob("reference.*")) if _is_picture(path)), None)
    before = min(frames) if isinstance(frames, dict) else 1
    if reference is None and before >= first:
        raise SourceError(
            f"{redact(folder)}: no frame before the first evaluated one ({first}) to make a reference of; "
            "put a reference.png there"
        )
    region = next(
        (path for path in sorted(folder.glob("ROI.*")) if path.suffix.lower() in (".bmp", ".png")), None
    )
    return MaskScene(name, frames, truth, first, region, reference)


def _input(folder: Path) -> Path | None:
    if (folder / "input").is_dir():
        return folder / "input"
    return next((path for path in sorted(folder.glob("input.*")) if path.suffix.lower() in VIDEOS), None)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES


def _there(frames: dict[int, Path] | Path, number: int) -> bool:
    return isinstance(frames, Path) or number in frames


def _numbered(folder: Path) -> dict[int, Path]:
    """Return the pictures of a folder by the last number in their names, ascending."""
    found: dict[int, Path] = {}
    for path in folder.iterdir():
        digits = re.findall(r"\d+", path.stem)
        if digits and _is_picture(path) and not path.name.startswith("."):
            number = int(digits[-1])
            if number in found:
                raise SourceError(
                    f"{redact(path)}: has the same number as {found[number].name}; leave one of them"
                )
            found[number] = path
    return dict(sorted(found.items()))


def _temporal(path: Path, first: int, last: int) -> tuple[int, int]:
    if not path.is_file():
        return first, last
    words = path.read_text(encoding="utf-8", errors="replace").split()
    try:
        begin, end = (int(word) for word in words)
    except ValueError:
        raise SourceError(
            f"{redact(path)}: must hold two numbers, first and last frame; correct it"
        ) from None
    return begin, end
