"""JSON Schemas (draft 2020-12) of everything that rtdiff writes for scripts."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

NAMES = ("compare", "event")


def schema(name: str) -> dict[str, Any]:
    """Return the schema called `name`, one of `NAMES`."""
    if name not in NAMES:
        raise KeyError(f"{name!r}: no such schema; there are {', '.join(NAMES)}")
    text = files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
