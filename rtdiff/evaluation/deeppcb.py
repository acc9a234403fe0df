"""The layout of DeepPCB: groupN/N/ID_temp.jpg, groupN/N/ID_test.jpg, groupN/N_not/ID.txt."""

from __future__ import annotations

from pathlib import Path

from rtdiff.errors import SourceError, redact
from rtdiff.evaluation.cases import Pair, StillScene
from rtdiff.evaluation.matching import TrueBox

REFERENCE, TEST = "_temp", "_test"
TRUTH = "_not"


def groups(folder: Path) -> list[Path]:
    """Return the folders of pairs in a folder, its own included: those with a folder ``NAME_not`` beside."""
    there = [folder, *sorted(folder.iterdir())]
    inner = [path for outer in there if outer.is_dir() for path in sorted(outer.iterdir())]
    return [path for path in inner if path.is_dir() and path.with_name(path.name + TRUTH).is_dir()]


def read(folder: Path) -> StillScene:
    """Return the pairs of one group.

    Raises
    ------
    SourceError
        A picture or a text is missing, or a text holds no boxes.
    """
    pairs = []
    for reference in sorted(folder.glob(f"*{REFERENCE}.*")):
        name = reference.stem.removesuffix(REFERENCE)
        test = reference.with_name(f"{name}{TEST}{reference.suffix}")
        truth = folder.with_name(folder.name + TRUTH) / f"{name}.txt"
        for path in (test, truth):
            if not path.is_file():
                raise SourceError(f"{redact(path)}: is missing beside {reference.name}; complete the dataset")
        pairs.append(Pair(name, reference, test, tuple(_boxes(truth))))
    if not pairs:
        raise SourceError(f"{redact(folder)}: holds no pair ID{REFERENCE}.jpg, ID{TEST}.jpg; see its layout")
    return StillScene(folder.parent.name, tuple(pairs))


def _boxes(path: Path) -> list[TrueBox]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{redact(path)}: cannot be read; see whether it is a text") from error
    boxes = []
    for number, line in enumerate(lines, 1):
        words = line.replace(",", " ").split()
        if not words:
            continue
        try:
            x0, y0, x1, y1 = (int(word) for word in words[:4])
        except ValueError:
            raise SourceError(
                f"{redact(path)}:{number}: must be x1 y1 x2 y2 type, got {redact(line)[:60]!r}; correct it"
            ) from None
        if x1 <= x0 or y1 <= y0:
            raise SourceError(f"{redact(path)}:{number}: the box is empty: {redact(line)[:60]!r}; correct it")
        boxes.append(TrueBox((x0, y0, x1, y1)))
    return boxes
