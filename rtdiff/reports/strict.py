"""Strict JSON: what any parser of any language reads."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """Return `value` made of what strict JSON knows.

    An infinite number becomes ``"inf"`` or ``"-inf"``; a key whose value is NaN (not computed) is
    left out, in a list it is null; NumPy scalars and arrays, tuples and sets become plain ones; a lone
    surrogate in a text (an undecodable byte of a file's name) becomes ``?``.

    Raises
    ------
    TypeError
        For anything else, so that no address of an object ends up in a report.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        made = {plain(str(key)): _scalar(item) for key, item in value.items()}
        return {key: plain(item) for key, item in made.items() if item == item}  # NaN is not
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if hasattr(value, "tolist"):  # NumPy's, without importing it
        return plain(value.tolist())
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def dumps(value: Any, *, indent: int | None = None) -> str:
    """Return `value` as strict JSON text without a newline at its end (see `plain`)."""
    return json.dumps(plain(value), allow_nan=False, ensure_ascii=False, indent=indent)


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(value)


def _scalar(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
