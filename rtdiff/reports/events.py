"""An event as one line of JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

from rtdiff.records import Box, Event
from rtdiff.reports.strict import dumps, plain

SCHEMA = "rtdiff.event/1"


def box_json(box: Box) -> dict[str, Any]:
    """Return a box with the contract's keys; ``zone`` only where there is one."""
    keys = dataclasses.asdict(box)
    if not box.zone:
        del keys["zone"]
    made: dict[str, Any] = plain(keys)
    return made


def event_json(event: Event) -> dict[str, Any]:
    """Return the object that is logged for `event`.

    Raises
    ------
    ValueError
        When ``extra`` holds a key that every event has already.
    """
    made: dict[str, Any] = {"schema": SCHEMA, "id": event.id, "seq": event.seq, "kind": event.kind}
    made["source"] = event.source
    for key in ("zone", "alarm"):
        if (value := getattr(event, key)) is not None:
            made[key] = value
    made["time"] = event.time
    if event.frame is not None:
        made["frame"] = event.frame
    made["stream_s"] = event.stream_ns / 1e9
    if twice := made.keys() & event.extra.keys():
        raise ValueError(f"extra of event {event.kind}: keys that every event has: {sorted(twice)}")
    made |= {key: _extra(value) for key, value in event.extra.items()}
    result: dict[str, Any] = plain(made)
    return result


def event_line(event: Event) -> str:
    """Return `event` as one line of strict JSON, newline included."""
    return dumps(event_json(event)) + "\n"


def _extra(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [box_json(item) if isinstance(item, Box) else item for item in value]
    return value
