"""Zones and ignored places as settings: every way in which they may be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from rtdiff.fields import TEXTS, Kind, items
from rtdiff.values import show
from rtdiff.zones import MOST_ZONES, Shape, parse_shape


def _shapes(value: object) -> tuple[Shape, ...]:
    return tuple(parse_shape(item) for item in items(value))


SHAPE = Kind(parse_shape, "SHAPE", {"type": "string"})
SHAPES = Kind(_shapes, "SHAPE", TEXTS, lambda shapes: [str(shape) for shape in shapes], many=True)


def zone_list(value: object) -> tuple[Any, ...]:
    """Return zones, as written on the command line, in YAML or in Python, as mappings or models.

    ``shelf=0:0-9:9``, a list of those, a list of ``{name, shape, ...}``, or a mapping of names to
    shapes or to ``{shape, ...}``.
    """
    if isinstance(value, Mapping) and not {"name", "shape"} <= set(value):
        found = [_named(name, item) for name, item in value.items()]
    else:
        found = [_zone(item) for item in items(value)]
    names = [item["name"] if isinstance(item, dict) else item.name for item in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"names {show(twice)} twice; give every zone a name of its own")
    if len(found) > MOST_ZONES:
        raise ValueError(f"names {len(found)} zones; at most {MOST_ZONES}")
    return tuple(found)


def _named(name: object, item: object) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        return {"name": name, "shape": item}
    if "name" in item:
        raise ValueError(f"gives {show(name)} a second name; leave one out")
    return {"name": name, **_kebab(item)}


def _kebab(item: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key).replace("_", "-"): part for key, part in item.items()}


def _zone(item: Any) -> Any:
    if isinstance(item, str):
        name, equals, shape = item.partition("=")
        if not equals:
            raise ValueError(f"must be NAME=SHAPE such as shelf=10:20-300:200, got {show(item)}")
        return {"name": name.strip(), "shape": shape}
    if isinstance(item, Mapping):
        return {"name": None, **_kebab(item)}
    if isinstance(item, tuple) and len(item) == 2:
        return {"name": item[0], "shape": item[1]}
    if hasattr(item, "name") and hasattr(item, "shape"):
        return item
    raise ValueError(f"must be NAME=SHAPE such as shelf=10:20-300:200, got {show(item)}")


class Zones:
    """An annotation: a tuple of zones, read by `zone_list`."""

    metavar = "NAME=SHAPE"
    many = True
    bare = ""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(zone_list, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        named = {"type": "object", "additionalProperties": {"type": ["string", "object"]}}
        return {"anyOf": [handler(core), named, TEXTS]}


ZONES = Zones()
