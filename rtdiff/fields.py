"""Kinds of settings: how a value is read, shown, described to editors and to people.

A value comes as text from the command line and from YAML, and as text or object from Python; one
parser reads all three and raises ``ValueError('must be ..., got ...')``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from rtdiff import values
from rtdiff.arguments import nearest
from rtdiff.model import Kind
from rtdiff.values import show

T = TypeVar("T")


def same(value: T) -> T:
    """Return `value`: it is shown as it is."""
    return value


def _text(value: object, what: str) -> str:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str) and value.strip() and "\0" not in value:
        return value
    raise ValueError(f"must be {what}, got {show(value)}")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    word = value.lower() if isinstance(value, str) else ""
    if word not in words:
        raise ValueError(f"must be true or false, got {show(value)}")
    return words[word]


FLAG = Kind(_flag, "", {"type": "boolean"}, same)


def _one_of(value: object, choices: Collection[str]) -> str:
    if isinstance(value, str) and value in choices:
        return value
    near = nearest(value, choices) if isinstance(value, str) else ""
    raise ValueError(
        f"must be {_either(choices)}, got {show(value)}" + (f"; did you mean '{near}'?" if near else "")
    )


def _either(choices: Collection[str]) -> str:
    *first, last = choices
    return f"{', '.join(first)} or {last}" if first else last


def choice(*names: str) -> Kind[str]:
    """One of a few names."""
    return Kind(lambda value: _one_of(value, names), "|".join(names), {"enum": list(names)}, same)


ENGINE = choice("auto", "numpy", "numba", "cupy")


def choices(*names: str, none: bool = False) -> Kind[tuple[str, ...]]:
    """Several of a few names, in order, with commas or as a list; `none`: or none of them."""

    def parse(value: object) -> tuple[str, ...]:
        if none and (value is None or (isinstance(value, str) and not value)):
            return ()
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list | tuple) or not (parts or none):
            raise ValueError(f"must be {_either(names)}, several with commas, got {show(value)}")
        chosen = tuple(_one_of(part.strip() if isinstance(part, str) else part, names) for part in parts)
        if len(set(chosen)) < len(chosen):
            raise ValueError(f"names one twice: {show(','.join(chosen))}; leave one out")
        return chosen

    pattern = "|".join(map(re.escape, names))
    pattern = rf"^({pattern})( *, *({pattern}))*$"
    schema = {
        "anyOf": [
            {"type": "string", "pattern": rf"^$|{pattern}" if none else pattern},
            {"type": "array", "items": {"enum": list(names)}, "minItems": 1 - none, "uniqueItems": True},
        ]
    }
    return Kind(parse, f"{'|'.join(names)}[,...]", schema, ",".join)


def number(low: float, high: float, metavar: str) -> Kind[float]:
    """A number from `low` to `high`."""
    what = f"a number from {low:g} to {high:g}"

    def parse(value: object) -> float:
        found = float(values.number(value, what))
        if not low <= found <= high:
            raise ValueError(f"must be {what}, got {show(value)}")
        return found

    return Kind(parse, metavar, {"type": ["number", "string"], "minimum": low, "maximum": high}, same)


def whole(low: int, high: int, metavar: str) -> Kind[int]:
    """A whole number from `low` to `high`."""
    what = f"a whole number from {low} to {high}"

    def parse(value: object) -> int:
        found = values.number(value, what)
        if not low <= found <= high or found != int(found):
            raise ValueError(f"must be {what}, got {show(value)}")
        return int(found)

    return Kind(parse, metavar, {"type": ["integer", "string"], "minimum": low, "maximum": high}, same)


def _text_or_number(parse: Callable[[Any], T], metavar: str, dump: Callable[[T], Any] = str) -> Kind[T]:
    return Kind(parse, metavar, {"type": ["string", "number"]}, dump)


SPAN = _text_or_number(values.span, "TIME")
TIME_SHIFT = _text_or_number(values.time_shift, "[xRATE][+|-]TIME")
FRACTION = _text_or_number(values.fraction, "FRACTION", same)
AREA = _text_or_number(values.area, "AREA")
FLOOR = _text_or_number(values.floor, "SCORE")
RATE = _text_or_number(values.rate, "FPS")
FRAMES = _text_or_number(values.frame_pair, "N|N,M", lambda pair: ",".join(map(str, pair)))
DENSITY = _text_or_number(values.density, "PIXELS/SIDE")
REFERENCE = Kind(values.reference, "PICTURE|first|median:TIME", {"type": "string", "minLength": 1}, same)


def items(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _sizes(value: object) -> tuple[tuple[int, int], ...]:
    parts = value.split(",") if isinstance(value, str) else items(value)
    if isinstance(value, tuple) and all(isinstance(side, int) for side in value):
        parts = [value]
    found = tuple(
        values.size(part) for item in parts for part in (item.split(",") if isinstance(item, str) else [item])
    )
    if not found:
        raise ValueError("must be WIDTHxHEIGHT such as 1920x1080, got nothing")
    return found


TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def _names(value: object) -> tuple[str, ...]:
    return () if value is None else tuple(_text(one, "the name of a file") for one in items(value))


NAMES = Kind(_names, "FILE", TEXTS, list, many=True)
SIZES = Kind(_sizes, "WxH", TEXTS, lambda sizes: [f"{w}x{h}" for w, h in sizes], many=True)


SIZE = Kind(values.size, "WxH", {"type": "string"}, lambda wh: f"{wh[0]}x{wh[1]}")
RECTANGLE = Kind(
    values.rectangle, "X0:Y0-X1:Y1", {"type": "string"}, lambda rect: "{}:{}-{}:{}".format(*rect)
)


def _address(value: object, what: str, stdout: bool) -> str:
    found = _text(value, what)
    if found == "-" and not stdout:
        raise ValueError(f"must be {what}, got '-'; this does not go to stdout")
    scheme, there, rest = found.partition("://")
    if (
        there and re.split("[/?#]", rest)[0].count("@") > 1
    ):  # not shown: which part is the password cannot be told
        raise ValueError(f"has two '@' in {scheme}://...; write the one in the password as %40")
    return found


def address(what: str, metavar: str, *, stdout: bool = True) -> Kind[str]:
    """A file, a folder or a URL; ``-`` only with `stdout`."""
    return Kind(lambda value: _address(value, what, stdout), metavar, {"type": ["string", "integer"]}, same)


def _above_zero(parse: Callable[[Any], T], zero: T, what: str) -> Callable[[Any], T]:
    def checked(value: object) -> T:
        found = parse(value)
        if found == zero:
            raise ValueError(f"must be {what}, got {show(value)}")
        return found

    return checked


RAISE_AT: Kind[float] = _text_or_number(
    _above_zero(values.fraction, 0.0, "above 0, such as 0.02%"), FRACTION.metavar, FRACTION.dump
)
DURATION: Kind[values.Span] = _text_or_number(
    _above_zero(values.span, values.Span(), "longer than 0, such as 10s"), SPAN.metavar, SPAN.dump
)


def _name(value: object) -> str:
    found = _text(value, "a name")
    if len(found) > 64 or not found.isprintable():
        raise ValueError(f"must be a name of at most 64 printable characters, got {show(value)}")
    return found.strip()


def _accepted(value: object) -> tuple[str, ...]:
    """Return what ``--update`` names: all, or names of pairs."""
    if value is True or value == "true":  # YAML's values come as text
        return (ALL,)
    if value is False or value is None or value == "false":
        return ()
    return tuple(_text(one, "the name of a pair") for one in items(value))


ALL = "all"
UPDATE = Kind(
    _accepted,
    "[=NAME]",
    {"anyOf": [{"type": "boolean"}, *TEXTS["anyOf"]]},
    list,
    many=True,
    bare=ALL,
)


SWEPT = "2,3,4,5,6,8,10,12,16,24"
_THRESHOLD = number(0.5, 100, "N")


def _thresholds(value: object) -> tuple[float, ...]:
    """Return what ``--sweep`` goes over: ascending, none twice."""
    if value is None or value is False:
        return ()
    value = SWEPT if value is True else value
    parts = value.split(",") if isinstance(value, str) else items(value)
    return tuple(sorted({_THRESHOLD.parse(part) for part in parts}))


SWEEP = Kind(
    _thresholds,
    "[=N,N,...]",
    {"anyOf": [{"type": ["boolean", "string"]}, {"type": "array", "items": {"type": "number"}}]},
    list,
    bare=SWEPT,
)
_RIVALS = choices(ALL, "absdiff", "ssim-otsu", "mog2", "knn", "cnt", "gsoc", none=True)
RIVALS = Kind(
    lambda value: (ALL,) if value is True else () if value is False else _RIVALS.parse(value),
    "[=NAME,...]",
    {"anyOf": [{"type": "boolean"}, *_RIVALS.schema["anyOf"]]},
    ",".join,
    bare=ALL,
)

NAME = Kind(_name, "NAME", {"type": "string", "minLength": 1, "maxLength": 64}, same)
