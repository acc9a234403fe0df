"""A row a pair of two videos: JSON lines, CSV or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from rtdiff.atomic import cannot_write, checked_target, part_beside
from rtdiff.errors import MissingExtra, SinkError, redact
from rtdiff.records import Frame
from rtdiff.reports.strict import dumps
from rtdiff.video_records import VideoPair
from rtdiff.video_writer import VideoWriter

ENDINGS = (".jsonl", ".csv", ".parquet")
NS = 1_000_000_000
SQL = {int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN", str: "VARCHAR", list: "VARCHAR", type(None): "BIGINT"}


def row_of(pair: VideoPair) -> dict[str, Any]:
    """Return what one row says, by column; the same columns for every pair of a comparison."""
    reference, test, diff = pair.reference, pair.test, pair.diff
    row: dict[str, Any] = {
        "frame_ref": reference.index,
        "frame_test": test.index,
        "time_ref_s": reference.time_ns / NS,
        "time_test_s": test.time_ns / NS,
        "score": diff.score,
    }
    for name, value in diff.metrics.items():
        row[name] = value
        planes = diff.planes.get(name, {})
        row |= {f"{name}_{plane}": share for plane, share in planes.items()}
    row |= {"changed_fraction": diff.changed_fraction, "boxes": len(diff.boxes)}
    kinds, sizes = zip(*(_coding(frame) for frame in (reference, test)), strict=True)
    row |= dict(zip(("type_ref", "type_test", "bytes_ref", "bytes_test"), kinds + sizes, strict=True))
    row["corrupt"] = reference.corrupt or test.corrupt
    row["xyxy"] = [list(box.xyxy) for box in diff.boxes]
    return row


def _coding(frame: Frame) -> tuple[str, int | None]:
    coding = frame.coding
    return (coding.picture_type, coding.bytes) if coding else ("", None)


class PerFrame(VideoWriter):
    """Writes rows as they come; the file takes its place when it is closed.

    Parameters
    ----------
    path : Path
        Ends in one of `ENDINGS`.

    Raises
    ------
    SinkError
        Another ending, or it cannot be written.
    MissingExtra
        Parquet without its package.
    """

    def __init__(self, path: Path) -> None:
        ending = path.suffix.lower()
        if ending not in ENDINGS:
            raise SinkError(f"{redact(path)}: unknown ending; write {', '.join(ENDINGS)}")
        self._path, self._ending = path, ending
        if ending == ".parquet":
            _duckdb()
        self._target = checked_target(path)
        self._part = part_beside(self._target)
        try:
            self._file: TextIO | None = self._part.open("x", encoding="utf-8", newline="")
        except OSError as error:
            raise cannot_write(path, error) from error
        self._header = False
        self._types: dict[str, str] = {}

    def write(self, pair: VideoPair) -> None:
        """Add a row."""
        assert self._file is not None  # nobody writes to what was closed
        row = row_of(pair)
        if not self._header:
            self._types = {name: SQL[type(value)] for name, value in row.items()}
        text = dumps(row) + "\n" if self._ending == ".jsonl" else self._csv(row)
        self._header = True
        self._telling(lambda: self._file.write(text) if self._file else None)

    def _csv(self, row: dict[str, Any]) -> str:
        row["xyxy"] = " ".join("{}:{}-{}:{}".format(*box) for box in row["xyxy"])
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not self._header:
            writer.writerow(row)
        writer.writerow(row.values())
        return text.getvalue()

    def close(self) -> None:
        """Put the file in place; idempotent."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            self._telling(file.close)
            if self._ending == ".parquet" and self._header:
                self._telling(self._to_parquet)
            elif self._header:
                self._telling(lambda: self._part.replace(self._target))
        finally:
            self._part.unlink(missing_ok=True)

    def _to_parquet(self) -> None:
        made = part_beside(self._target)
        try:
            with _duckdb().connect() as base:
                rows = base.read_csv(str(self._part), header=True, dtype=self._types)
                rows.write_parquet(str(made))
            made.replace(self._target)
        finally:
            made.unlink(missing_ok=True)

    def _telling(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError as error:
            raise cannot_write(self._path, error) from error


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtra("--per-frame .parquet: needs duckdb; pip install 'rtdiff[parquet]'") from error
    return duckdb
