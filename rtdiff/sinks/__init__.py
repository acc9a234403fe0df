"""Where results go: one table, one `sink_class`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from rtdiff.errors import MissingExtra, SettingsError

if TYPE_CHECKING:
    from rtdiff.sinks.sink import Sink

TABLE = {
    # name: (module, class, extra that brings its packages; empty when the core has them)
    "log": ("rtdiff.sinks.log", "LogSink", ""),
    "video": ("rtdiff.sinks.video", "VideoSink", ""),
}


def sink_class(name: str) -> type[Sink]:
    """Return the class of the sink called `name`; nothing else is imported.

    Raises
    ------
    SettingsError
        When there is no such sink.
    MissingExtra
        When it needs a package that is not installed.
    """
    if name not in TABLE:
        raise SettingsError(f"sink {name!r}: there is none of that name; choose from {', '.join(TABLE)}")
    module, class_name, extra = TABLE[name]
    try:
        found: type[Sink] = getattr(import_module(module), class_name)
    except ModuleNotFoundError as error:
        if not extra:
            raise
        raise MissingExtra(
            f"sink {name!r}: {error.name} is not installed; pip install 'rtdiff[{extra}]'"
        ) from error
    return found
