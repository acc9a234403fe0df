"""Lists of true events, for the alarms of a watch.

CSV: a line of heads with ``video,start,end``, then an event a line. JSON: a list of such objects, or
``{"videos": [{"video": "shop.mp4", "events": [{"start": 3, "end": 8}]}]}``, or one of its videos alone.
Times are those of the command line (3.5, 120ms, 00:01:02.500); names lead from the folder of the list. A
video in which nothing happens has a line without times, or an empty list. Without a column ``video`` the
events are of the video beside the list that has its name.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rtdiff.errors import SourceError, redact
from rtdiff.evaluation.cases import AlarmScene
from rtdiff.evaluation.cdnet import VIDEOS
from rtdiff.values import span

Row = tuple[str, Mapping[str, Any]]
"""Where it stands, for people, and its columns."""


def is_events(data: Any) -> bool:
    """Return whether the content of a JSON file is such a list."""
    if isinstance(data, Mapping):
        return "events" in data or "videos" in data
    return isinstance(data, list) and all(isinstance(row, Mapping) and "start" in row for row in data)


def read_csv(path: Path) -> list[AlarmScene]:
    """Return the videos of a CSV file.

    Raises
    ------
    SourceError
        It is not as said above, or a video is not there.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            heads = [head.strip().lower() for head in reader.fieldnames or ()]
            if not {"start", "end"} <= set(heads):
                raise SourceError(f"{redact(path)}:1: must be video,start,end; write these heads")
            reader.fieldnames = heads
            return _scenes(path, [(f"{redact(path)}:{reader.line_num}", row) for row in reader])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{redact(path)}: cannot be read as CSV ({redact(error)[:100]}); see it") from error


def read_json(path: Path, data: Any) -> list[AlarmScene]:
    """Return the videos of a JSON file, its content being `data`; raises as `read_csv`."""
    return _scenes(path, list(_rows(redact(path), data)))


def _rows(told: str, data: Any) -> Iterator[Row]:
    if isinstance(data, Mapping):
        videos = data.get("videos", [data])
        if not isinstance(videos, list):
            raise SourceError(f"{told}: videos: must be a list; correct it")
        for number, video in enumerate(videos):
            where = f"{told}: videos.{number}"
            events = video.get("events") if isinstance(video, Mapping) else None
            if not isinstance(events, list) or not all(isinstance(event, Mapping) for event in events):
                raise SourceError(f"{where}: must have events, a list of objects; correct it")
            for event in events or [{}]:
                yield where, {"start": "", "end": "", **event, "video": video.get("video")}
        return
    for number, row in enumerate(data):
        yield f"{told}: {number}", row


def _scenes(path: Path, rows: list[Row]) -> list[AlarmScene]:
    events: dict[str, list[tuple[float, float]]] = {}
    for where, row in rows:
        happens = events.setdefault(_video(path, where, row.get("video")), [])
        start, end = (
            str(row.get(key, "") if row.get(key) is not None else "").strip() for key in ("start", "end")
        )
        if start or end:
            times = _seconds(where, start), _seconds(where, end)
            if times[1] < times[0]:
                raise SourceError(f"{where}: ends at {end}, before it starts at {start}; correct it")
            happens.append(times)
    if not events:
        raise SourceError(f"{redact(path)}: names no video; add a line")
    return [AlarmScene(_name(source), source, tuple(sorted(happens))) for source, happens in events.items()]


def _name(source: str) -> str:
    return source if "://" in source else Path(source).name


def _seconds(where: str, text: str) -> float:
    try:
        time = span(text)
        if time.frames:
            raise ValueError(f"must be a time such as 3.5, got '{text}'; frames have no length here")
    except ValueError as error:
        raise SourceError(f"{where}: {error}") from None
    return time.ns / 1e9


def _video(path: Path, where: str, name: object) -> str:
    if name is None or name == "":
        beside = sorted(
            p for p in path.parent.glob("*") if p.stem == path.stem and p.suffix.lower() in VIDEOS
        )
        if not beside:
            raise SourceError(f"{where}: names no video, and none lies beside it; add a column video")
        return str(beside[0])
    if not isinstance(name, str) or "\0" in name:
        raise SourceError(f"{where}: video must be a name; correct it")
    if "://" in name:
        return name
    video = path.parent / name
    if not video.exists():
        raise SourceError(f"{redact(video)}: is missing ({where}); complete the dataset")
    return str(video)
