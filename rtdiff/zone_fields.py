"""Zones and ignored places as settings: every way in which they may be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from rtdiff.fields import TEXTS, items
from rtdiff.model import Invalid, Kind, Model, first_of
from rtdiff.values import show
from rtdiff.zones import MOST_ZONES, Shape, parse_shape

M = TypeVar("M", bound=Model)


def _shapes(value: object) -> tuple[Shape, ...]:
    return tuple(parse_shape(item) for item in items(value))


SHAPE = Kind(parse_shape, "SHAPE", {"type": "string"})
SHAPES = Kind(_shapes, "SHAPE", TEXTS, lambda shapes: [str(shape) for shape in shapes], many=True)


def _zone_list(value: object) -> list[dict[str, Any]]:
    if isinstance(value, Mapping) and not {"name", "shape"} <= set(value):
        found = [_named(name, item) for name, item in value.items()]
    else:
        found = [_zone(item) for item in items(value)]
    names = [item.get("name") for item in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"names {show(twice)} twice; give every zone a name of its own")
    if len(found) > MOST_ZONES:
        raise ValueError(f"names {len(found)} zones; at most {MOST_ZONES}")
    return found


def _named(name: object, item: object) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        return {"name": name, "shape": item}
    if "name" in item:
        raise ValueError(f"gives {show(name)} a second name; leave one out")
    return {"name": name, **_kebab(item)}


def _kebab(item: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key).replace("_", "-"): part for key, part in item.items()}


def _zone(item: object) -> dict[str, Any]:
    if isinstance(item, str):
        name, equals, shape = item.partition("=")
        if not equals:
            raise ValueError(f"must be NAME=SHAPE such as shelf=10:20-300:200, got {show(item)}")
        return {"name": name.strip(), "shape": shape}
    if isinstance(item, Mapping):
        return {"name": None, **_kebab(item)}
    if isinstance(item, tuple) and len(item) == 2:
        return {"name": item[0], "shape": item[1]}
    if isinstance(item, Model):
        return item.given
    raise ValueError(f"must be NAME=SHAPE such as shelf=10:20-300:200, got {show(item)}")


def zones(model: type[M]) -> Kind[tuple[M, ...]]:
    """Zones that are a `model` each, as written on the command line, in YAML or in Python.

    ``shelf=0:0-9:9``, a list of those, a list of ``{name, shape, ...}`` or of models, or a mapping
    of names to shapes or to ``{shape, ...}``.
    """

    def parse(value: object) -> tuple[M, ...]:
        made, wrong = [], []
        for index, item in enumerate(_zone_list(value)):
            try:
                made.append(model(item))
            except Invalid as error:
                wrong.append(error.inside(index))
        if wrong:
            raise first_of(wrong)
        return tuple(made)

    named = {"type": "object", "additionalProperties": {"type": ["string", "object"]}}
    schema = {"anyOf": [{"type": "array", "items": model.schema()}, named, *TEXTS["anyOf"]]}
    return Kind(parse, "NAME=SHAPE", schema, lambda found: [zone.plain() for zone in found], many=True)
