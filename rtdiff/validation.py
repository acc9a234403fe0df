"""From options to a model, or to one line that names the option, the place and what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from rtdiff.arguments import unknown
from rtdiff.errors import SettingsError, redact
from rtdiff.model import Invalid, Loc, Model

if TYPE_CHECKING:
    from rtdiff.settings_file import SettingsFile

M = TypeVar("M", bound=Model)


def keys_of(model: type[Model]) -> dict[str, str]:
    """Return the kebab-case keys of a model, each with its attribute."""
    return {key: option.name for key, option in model.options.items()}


def from_options(model: type[M], **options: Any) -> M:
    """Return settings from Python's keyword options, in snake_case; None means 'not given'.

    Raises
    ------
    SettingsError
        ``threshold: must be a number from 0.5 to 100, got 'abc'``; an unknown name comes with
        the nearest one.
    """
    keys = {attribute.replace("-", "_"): key for key, attribute in keys_of(model).items()}
    keys |= {key.replace("-", "_"): key for key in keys_of(model)}
    for name in options:
        if name not in keys:
            where = "there are those of the command line, in snake_case"
            raise SettingsError(f"{name}: {unknown(name, sorted(keys), where=where)}")
    given = {keys[name]: value for name, value in options.items() if value is not None}
    return validated(model, given, named=_as_python)


def _as_python(loc: Loc) -> str:
    return ".".join(str(part).replace("-", "_") for part in loc)


def validated(
    model: type[M],
    options: Mapping[str, Any],
    file: SettingsFile | None = None,
    *,
    named: Callable[[Loc], str],
) -> M:
    """Return `model` from kebab-case `options` over those of `file`.

    Parameters
    ----------
    named : callable
        Place of an option -> what the user called it.

    Raises
    ------
    SettingsError
        For the first thing that is wrong; with ``file:line:column`` when it stands in the file.
    """
    given = {**(file.values if file else {}), **options}
    try:
        return model(given)
    except Invalid as error:
        loc, told = error.loc, str(error)
    if file is None or not loc or loc[0] in options or loc[0] not in file.values:
        raise SettingsError(redact(f"{named(loc)}: {told}".removeprefix(": ")))
    written = str(file.written(loc))
    if "${" in written:  # what the environment holds may be a secret
        told = told.partition(", got ")[0] + f", got {written}"
    raise SettingsError(redact(f"{file.place(loc)}: {file.name_of(loc)}: {told}"))


def schema(model: type[Model]) -> dict[str, Any]:
    """Return the JSON Schema of a settings file for `model`, for editors."""
    made = model.schema()
    made["required"] = []  # what is missing may come from the command line
    if "source" in made["properties"] and "reference" in made["properties"]:
        camera = {"type": "object", "properties": made["properties"], "additionalProperties": False}
        made["properties"] = {**made["properties"], "cameras": {"type": "array", "items": camera}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}
