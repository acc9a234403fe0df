"""rtdiff: where and how much a picture differs from what it should be, live.

::

    import rtdiff

    with rtdiff.open_source("synthetic://shelf?frames=100") as frames:
        differ = rtdiff.Differ(reference="median:2s")
        for frame in frames:
            diff = differ(frame)
            if diff is not None and not diff.same:
                print(frame.index, diff.score, [box.xyxy for box in diff.boxes])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rtdiff.differ import Differ, compare
    from rtdiff.errors import EngineError, MissingExtra, RtdiffError, SettingsError, SinkError, SourceError
    from rtdiff.records import Box, Correction, Diff, Event, Frame, ZoneResult
    from rtdiff.sources import open_source
    from rtdiff.video_records import VideoPair, VideoResult
    from rtdiff.videos import compare_videos
    from rtdiff.watching import watch

__version__ = "0.1.0"

# name -> module: imported when it is asked for, so that `import rtdiff` costs nothing
_PUBLIC = {
    **dict.fromkeys(("Differ", "compare"), "rtdiff.differ"),
    **dict.fromkeys(("Box", "Correction", "Diff", "Event", "Frame", "ZoneResult"), "rtdiff.records"),
    **dict.fromkeys(
        ("EngineError", "MissingExtra", "RtdiffError", "SettingsError", "SinkError", "SourceError"),
        "rtdiff.errors",
    ),
    **dict.fromkeys(("VideoPair", "VideoResult"), "rtdiff.video_records"),
    "compare_videos": "rtdiff.videos",
    "open_source": "rtdiff.sources",
    "watch": "rtdiff.watching",
}

__all__ = [
    "Box",
    "Correction",
    "Diff",
    "Differ",
    "EngineError",
    "Event",
    "Frame",
    "MissingExtra",
    "RtdiffError",
    "SettingsError",
    "SinkError",
    "SourceError",
    "VideoPair",
    "VideoResult",
    "ZoneResult",
    "__version__",
    "compare",
    "compare_videos",
    "open_source",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'rtdiff' has no attribute {name!r}")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
