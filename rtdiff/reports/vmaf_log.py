"""What libvmaf wrote about two videos: its log as JSON, XML or CSV, whatever the file is called."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.errors import SourceError, redact
from rtdiff.figures import printable

LARGEST = 1 << 30  # bytes; ten hours with all of libvmaf's features are 0.6 GB
NUMBERS = ("frameNum", "frameNumber", "frame", "Frame", "n")
"""What the number of a frame is called."""
NOT_SCORES = ("vmaf_integer_feature", "vmaf_feature")
"""Features of libvmaf whose names begin like a score."""
HINT = "name a log that libvmaf wrote with log_fmt=json, xml or csv"

Row = tuple[int, dict[str, float]]


@dataclass(frozen=True, slots=True, eq=False)
class VmafLog:
    """Scores by frame."""

    path: str
    """As it was named."""
    metric: str
    """What libvmaf calls the score: vmaf, vmaf_4k, vmaf_neg ..."""
    frames: NDArray[np.int64]
    """(n,) numbers of the frames that have a score, from 0, ascending."""
    scores: NDArray[np.float64]
    """(n,) 0..100."""

    @property
    def mean(self) -> float:
        """Arithmetic mean of the scores."""
        return float(self.scores.mean())


def read_vmaf_log(path: Path | str) -> VmafLog:
    """Read a log of libvmaf.

    Raises
    ------
    SourceError
        The file cannot be read, is no such log, or holds no score.
    """
    name, path = printable(redact(path)), Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise SourceError(f"{name}: is larger than any VMAF log; {HINT}")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        why = redact(getattr(error, "strerror", None) or error)
        raise SourceError(f"{name}: cannot be read ({why}); check the name of the VMAF log") from error
    try:
        rows = sorted(_rows(data), key=lambda row: row[0])
    except (ValueError, SyntaxError, RecursionError) as error:  # a ParseError is a SyntaxError
        raise SourceError(f"{name}: is no VMAF log ({redact(error)}); {HINT}") from error
    metric = _metric(rows)
    if not metric:
        raise SourceError(f"{name}: holds no VMAF score of any frame; {HINT}")
    scores = {number: row[metric] for number, row in rows if math.isfinite(row.get(metric, math.nan))}
    if not scores:
        raise SourceError(f"{name}: none of its VMAF scores is a number; measure again")
    return VmafLog(
        name, metric, np.array(list(scores), np.int64), np.array(list(scores.values()), np.float64)
    )


def _rows(data: bytes) -> Iterable[Row]:
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"{":
        return _json(data)
    if start == b"<":
        return _xml(data)
    return _csv(data)


def _json(data: bytes) -> Iterator[Row]:
    """Of a frame only its number and scores are kept while the text is read: features are 90 % of it."""
    told = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_kept)
    frames = told.get("frames", told.get("vmaf"))  # the second as ffmpeg-quality-metrics writes it
    if not isinstance(frames, list):
        raise ValueError("it has no list of frames")
    shift = 0 if "frames" in told else 1  # which counts from 1
    for frame in frames:
        if isinstance(frame, dict):
            scores = frame.get("metrics", frame)
            yield _number(frame) - shift, {k: float(v) for k, v in scores.items() if _is_score(k)}


def _kept(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {
        key: value
        for key, value in pairs
        if isinstance(value, dict | list) or key in NUMBERS or (_is_score(key) and _is_number(value))
    }


def _xml(data: bytes) -> Iterator[Row]:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:  # libvmaf writes none; a bomb needs them
        raise ValueError("it defines entities")
    for _, element in ElementTree.iterparse(BytesIO(data)):
        if element.tag == "frame":
            yield _number(element.attrib), _floats(element.attrib)
            element.clear()


def _csv(data: bytes) -> Iterator[Row]:
    lines = iter(data.decode("utf-8-sig").splitlines())
    heads = [head.strip() for head in next(lines, "").split(",")]
    if not any(map(_is_score, heads)):
        raise ValueError("its first line names no VMAF score")
    for line in lines:
        if line.strip():
            row = dict(zip(heads, line.split(","), strict=False))
            yield _number(row), _floats(row)


def _floats(row: dict[str, str]) -> dict[str, float]:
    return {key: float(value) for key, value in row.items() if _is_score(key) and value}


def _number(row: dict[str, Any]) -> int:
    number = next((row[name] for name in NUMBERS if name in row), None)
    if number is None:
        raise ValueError("a frame has no number")
    if (frame := int(number)) < 0 or frame > 2**53:
        raise ValueError(f"there is no frame {frame}")
    return frame


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_score(name: str) -> bool:
    small = name.lower()
    return small.startswith("vmaf") and not small.startswith(NOT_SCORES)


def _metric(rows: list[Row]) -> str:
    """Return the name of the score: plain ``vmaf`` before those of other models and of bootstrapping."""
    names = dict.fromkeys(name for _, row in rows for name in row)
    for plain in ("vmaf", "VMAF_score", "VMAF_Score", "VMAF"):
        if plain in names:
            return plain
    return next(iter(names), "")
