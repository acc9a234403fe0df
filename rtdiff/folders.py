"""Which pictures of two folders, or of one tree of a test runner, belong together."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rtdiff.errors import SourceError, redact
from rtdiff.figures import count_text
from rtdiff.sources.kinds import ENDINGS

MOST_FOLDERS = 100_000
"""Folders of one side; links that lead to each other's folders can make up any number."""
_SHOWN = 5  # kinds of file, or names, that are told one by one
_RUNNER = re.compile(r"(?P<stem>.+)-(?P<role>expected|actual|diff|previous)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FilePair:
    """Two files that belong together, or one without the other."""

    name: str
    """Relative path, '/' between folders; no other pair has it. May hold anything that a name may."""
    reference: Path | None
    """None: there is only the test, an extra file."""
    test: Path | None
    """None: there is only the reference, the test is missing."""
    target: Path
    """Where the reference is, or would be."""
    note: str = ""
    """What is unusual about it, one line."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """What was found."""

    pairs: tuple[FilePair, ...]
    """In natural order of names; with what has no partner."""
    layout: str
    """folders, or playwright for one tree."""
    counts: tuple[int, int]
    """Pictures of the reference and of the test."""
    notes: tuple[str, ...]
    """What was passed over or is unusual, a line each."""
    errors: tuple[tuple[str, str], ...]
    """Folders that cannot be listed: name, and why."""


@dataclass(slots=True)
class _Found:
    """Pictures below one folder."""

    files: dict[str, Path] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[str, str]] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)


def check_kinds(reference: str, test: str) -> None:
    """Refuse a folder beside something else.

    Parameters
    ----------
    reference, test : str
        As they were given; an empty test: the reference is a tree with both.

    Raises
    ------
    SourceError
        One is a folder and the other one is not, or is not there.
    """
    for folder, other in ((reference, test or reference), (test or reference, reference)):
        if other == "-" or not os.path.isdir(other):  # noqa: PTH112 - a name may be too long for a path
            there = other == "-" or os.path.lexists(other)
            what = f"is no folder, {redact(folder)} is one" if there else "no such folder"
            raise SourceError(f"{redact(other)}: {what}; give two folders or two files")


def pair_folders(reference: Path, test: Path, *, skip: Iterable[Path] = ()) -> Pairing:
    """Pair the pictures of two folders by their relative paths, sub-folders included.

    Names that differ in their ending alone are a pair where no other choice is left; that is noted.

    Parameters
    ----------
    reference, test : Path
        Folders that exist.
    skip : iterable of Path
        Files or folders in them that are not looked at: outputs of this run.

    Raises
    ------
    SourceError
        Neither holds a picture, or a folder has no end.
    """
    notes = []
    left, right = reference.resolve(), test.resolve()
    outside = {path.resolve() for path in skip}
    if left == right:
        notes.append("both are the same folder: every picture is held against itself")
    elif left in right.parents:
        notes.append(f"{redact(test)} lies in the reference folder; it counts as the test only")
    elif right in left.parents:
        notes.append(f"{redact(reference)} lies in the test folder; it counts as the reference only")
    first = _scan(reference, outside | ({right} - {left}))
    second = _scan(test, outside | ({left} - {right}))
    if not first.files and not second.files and not first.errors and not second.errors:
        held = _only(first.others + second.others)
        raise SourceError(
            f"{redact(reference)}, {redact(test)}: no picture in either folder{held}; check both"
        )
    for found, name in ((first, reference), (second, test)):
        if not found.files:
            notes.append(f"{redact(name)} holds no picture{_only(found.others)}: is it the right folder?")
    matched = _matched(first.files, second.files, lambda name: reference / name)
    return _pairing(matched, "folders", first, second, notes)


def pair_tree(tree: Path, *, skip: Iterable[Path] = ()) -> Pairing:
    """Pair ``x-expected.png`` with ``x-actual.png`` in every folder of a tree, as Playwright leaves them.

    Its ``x-previous.png`` and ``x-diff.png`` are passed over.

    Raises
    ------
    SourceError
        There is no such file, or the tree has no end.
    """
    found = _scan(tree, {path.resolve() for path in skip})
    sides: dict[str, dict[str, Path]] = {"expected": {}, "actual": {}}
    others, helpers = 0, 0
    for name, path in found.files.items():
        stem, ending = _split(name)
        match = _RUNNER.fullmatch(stem)
        if match is None:
            others += 1
        elif match["role"] in sides:
            sides[match["role"]][match["stem"] + ending] = path
        else:
            helpers += 1
    if not any(sides.values()) and not found.errors:
        raise SourceError(
            f"{redact(tree)}: no x-expected.png or x-actual.png in this tree; give two folders, REF TEST"
        )
    notes = []
    if helpers:
        notes.append(f"passed over {count_text(helpers, 'picture')} x-diff or x-previous")
    if others:
        notes.append(f"passed over {count_text(others, 'picture')} without -expected or -actual in the name")
    first = _Found(sides["expected"])
    second = _Found(sides["actual"], found.others, found.errors, found.loops)

    def target(name: str) -> Path:
        stem, ending = _split(name)
        return tree / f"{stem}-expected{ending}"

    return _pairing(_matched(first.files, second.files, target), "playwright", first, second, notes)


def natural(name: str) -> tuple[list[str | int], str]:
    """Return a key that sorts ``in2`` before ``in10``."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [int(part) if at % 2 else part for at, part in enumerate(parts)], name


def _scan(root: Path, skip: set[Path]) -> _Found:
    found = _Found()
    # folder, its name below the root, folders above it by device and number: a link back ends there
    todo: list[tuple[Path, str, frozenset[tuple[int, int]]]] = [(root, "", frozenset())]
    parents = {path.parent for path in skip}
    seen = 0
    while todo:
        folder, prefix, above = todo.pop()
        seen += 1
        if seen > MOST_FOLDERS:
            raise SourceError(f"{redact(root)}: more than {MOST_FOLDERS} folders; do links lead in circles?")
        try:
            here = folder.stat()
            entries = list(os.scandir(folder))
        except OSError as error:
            found.errors.append((prefix or ".", f"cannot be listed ({error.strerror}); check its rights"))
            continue
        number = (here.st_dev, here.st_ino)
        if here.st_ino and number in above:
            found.loops.append(prefix)
            continue
        checked = skip if folder.resolve() in parents else set()
        for entry in entries:
            if checked and Path(entry.path).resolve() in checked:
                continue
            if entry.name.startswith("."):
                found.others["hidden"] += 1
            elif _is_folder(entry):
                todo.append((Path(entry.path), f"{prefix}{entry.name}/", above | {number}))
            elif (ending := _split(entry.name)[1].lower()) in ENDINGS:
                found.files[prefix + entry.name] = Path(entry.path)
            else:
                found.others[ending or "without an ending"] += 1
    return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return stat.S_ISDIR(entry.stat().st_mode)
    except OSError:  # a link that leads nowhere, or in a circle: reading it will say so
        return False


def _split(name: str) -> tuple[str, str]:
    """Return a relative path without its ending, and the ending as it is written."""
    folder, slash, last = name.rpartition("/")
    stem, dot, ending = last.rpartition(".")
    return (folder + slash + stem, dot + ending) if stem else (name, "")


def _matched(
    first: dict[str, Path], second: dict[str, Path], target: Callable[[str], Path]
) -> Iterator[FilePair]:
    for name in first.keys() & second.keys():
        yield FilePair(name, first[name], second[name], first[name])
    alone: defaultdict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for at, (mine, theirs) in enumerate(((first, second), (second, first))):
        for name in mine.keys() - theirs.keys():
            alone[_split(name)[0]][at].append(name)
    for left, right in alone.values():
        if len(left) == len(right) == 1:
            note = f"the ending differs: {_split(left[0])[1]} and {_split(right[0])[1]}"
            yield FilePair(left[0], first[left[0]], second[right[0]], first[left[0]], note)
            continue
        note = "more than one could be its partner" if left and right else ""
        yield from (FilePair(name, first[name], None, first[name], note) for name in left)
        yield from (FilePair(name, None, second[name], target(name), note) for name in right)


def _pairing(
    pairs: Iterable[FilePair], layout: str, first: _Found, second: _Found, notes: list[str]
) -> Pairing:
    others = first.others + second.others
    if others:
        notes.append(f"passed over {_kinds(others)}")
    loops = sorted({*first.loops, *second.loops})
    if loops:
        told = ", ".join(redact(name) for name in loops[:_SHOWN])
        notes.append(f"links back to a folder above were not followed: {told}")
    errors = tuple(dict.fromkeys(first.errors + second.errors))
    ordered = tuple(sorted(pairs, key=lambda pair: natural(pair.name)))
    return Pairing(ordered, layout, (len(first.files), len(second.files)), tuple(notes), errors)


def _only(others: Counter[str]) -> str:
    return f" (only {_kinds(others)})" if others else ""


def _kinds(others: Counter[str]) -> str:
    return ", ".join(f"{count} {redact(kind)}" for kind, count in others.most_common(_SHOWN))
