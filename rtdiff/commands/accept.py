"""``--update``: the test picture becomes the reference, byte for byte, whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from rtdiff.atomic import write_whole
from rtdiff.errors import RtdiffError, SettingsError, SinkError, redact
from rtdiff.fields import ALL
from rtdiff.figures import printable
from rtdiff.folders import FilePair
from rtdiff.reports.folder_result import DIFFERENT, ERROR, EXTRA, PairResult
from rtdiff.sources.paths import read_whole
from rtdiff.sources.picture import read_picture_bytes

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig

_ALIKE = {".jpeg": ".jpg", ".jpe": ".jpg", ".jfif": ".jpg", ".tiff": ".tif", ".apng": ".png", ".dib": ".bmp"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of ``--update``."""

    names: list[str] = field(default_factory=list)
    """Pairs whose test is the reference now."""
    refused: dict[str, str] = field(default_factory=dict)
    """Pairs that were to be accepted and were not, and why."""


def chosen(update: Sequence[str], pairs: Sequence[FilePair]) -> list[FilePair]:
    """Return the pairs that ``--update=NAME`` names, by their name or a pattern; all without a name.

    Raises
    ------
    SettingsError
        A name fits no pair.
    """
    if not update or ALL in update:
        return list(pairs)
    names = [pair.name for pair in pairs]
    known, wanted = set(names), set()
    for pattern in update:
        fits = {pattern} if pattern in known else {name for name in names if fnmatchcase(name, pattern)}
        if not fits:
            near = get_close_matches(pattern, names[:5000], 1)
            hint = (
                f"did you mean {redact(near[0])}?" if near else "give a relative path, or a pattern of them"
            )
            raise SettingsError(f"--update={redact(pattern)}: there is no such pair; {hint}")
        wanted |= fits
    return [pair for pair in pairs if pair.name in wanted]


def accept(settings: CompareConfig, pairs: Sequence[FilePair], results: Sequence[PairResult]) -> Accepted:
    """Copy the test of every pair that differs, and every extra file, over or into the reference.

    What is missing stays; a pair that could not be compared is accepted by its name alone.

    Parameters
    ----------
    settings : CompareConfig
        Names that were given, and the reference folder, which nothing is written outside of.
    pairs : sequence of FilePair
        What was compared.
    results : sequence of PairResult
        What it came to.
    """
    kinds = {result.name: result.kind for result in results}
    wanted = (DIFFERENT, EXTRA) if ALL in settings.update else (DIFFERENT, EXTRA, ERROR)
    made = Accepted()
    for pair in pairs:
        if kinds.get(pair.name) not in wanted or pair.test is None:
            continue
        try:
            _copy(pair.test, pair.target, Path(settings.reference))
        except RtdiffError as error:
            made.refused[pair.name] = redact(error)
        else:
            made.names.append(pair.name)
    return made


def check_accept_file(settings: CompareConfig) -> None:
    """Refuse an ``--update`` of two pictures that cannot be done, before they are read.

    Raises
    ------
    SettingsError
        One of them is stdin, or a name was given, as for folders.
    """
    if "-" in (settings.reference, settings.test):
        raise SettingsError("--update: stdin is no file to copy; name both pictures")
    if ALL not in settings.update:
        raise SettingsError("--update: a name is for folders; write --update alone")


def accept_file(settings: CompareConfig) -> None:
    """Copy the test over the reference, two pictures, and say so on stderr.

    Raises
    ------
    SourceError, SinkError
        It cannot be read or written, or is of another format.
    """
    reference, test = settings.reference, settings.test
    _copy(Path(test), Path(reference), Path(reference).resolve().parent)
    sys.stderr.write(f"rtdiff: {printable(redact(test))} was copied over {printable(redact(reference))}\n")


def _copy(source: Path, target: Path, root: Path) -> None:
    kinds = [_ALIKE.get(end, end) for end in (source.suffix.lower(), target.suffix.lower())]
    if kinds[0] != kinds[1]:
        raise SinkError(f"{redact(target)}: the test is {kinds[0]}; convert it, or rename the reference")
    try:
        place, inside = target.resolve(), root.resolve()
    except (OSError, RuntimeError) as error:
        raise SinkError(f"{redact(target)}: a link in circles; mend it") from error
    if inside not in place.parents:
        raise SinkError(f"{redact(target)}: leads out of the reference folder; replace the link by a file")
    data = read_whole(source)
    read_picture_bytes(data, str(source))  # what is no whole picture never becomes a reference
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(
            f"{redact(place.parent)}: cannot be made ({error.strerror}); see its rights"
        ) from error
    write_whole(place, data)
