"""Where frames come from: one table, one `open_source`."""

from __future__ import annotations

import os
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

from rtdiff.errors import SettingsError, SourceError
from rtdiff.sources.kinds import ENDINGS, beginning, kind_of
from rtdiff.sources.paths import read_stdin
from rtdiff.sources.raw import is_raw
from rtdiff.sources.source import Later, Source, SourceInfo

__all__ = ["Source", "SourceInfo", "open_source"]

TABLE = {
    # kind: (module, class, options it takes, scheme that names it)
    "synthetic": ("rtdiff.sources.synthetic", "SyntheticSource", "", "synthetic"),
    "folder": ("rtdiff.sources.folder", "FolderSource", "fps max_pixels", ""),
    "picture": ("rtdiff.sources.picture", "PictureSource", "max_pixels data", ""),
    "video": ("rtdiff.sources.video", "VideoSource", "threads max_pixels size pix_fmt fps start_ns", ""),
}


def open_source(
    uri: str | os.PathLike[str],
    *,
    fps: Fraction | float = 25,
    max_pixels: int = 200_000_000,
    threads: int = 0,
    size: tuple[int, int] | None = None,
    pix_fmt: str | None = None,
    start_ns: int = 0,
) -> Source:
    """Open whatever holds frames; nothing but its own reader is imported.

    Parameters
    ----------
    uri : str or path-like
        A picture or a video (told apart by content), a folder of pictures, a pattern of their names
        (``shot%04d.png``, ``in*.jpg``), ``file://...``, ``synthetic://...``, or ``-`` for stdin.
    fps : Fraction or float
        Pictures a second of a folder, a pattern or a file of bare samples.
    max_pixels : int
        Larger pictures are refused.
    threads : int
        Decoding threads of a video; 0: half as many as there are cores.
    size : tuple of int, optional
        Width and height of bare samples (``.yuv``, ``.rgb``, ``.raw``, ``.nv12``, or anything that does
        not say at its beginning what it is); not looked at for any other source.
    pix_fmt : str, optional
        FFmpeg's name of how bare samples lie; None: by the ending of the name, yuv420p for most.
    start_ns : int
        Where a video, a folder or a scene begins, nanoseconds from its start: numbers and times of its
        frames stay. A picture has no time.

    Raises
    ------
    SettingsError
        An unknown scheme, nothing that names a source, or an option out of range.
    SourceError
        It is not there, cannot be read, or is a live source.
    """
    if not isinstance(uri, str | os.PathLike):
        raise SettingsError(
            f"source: must be a path or an address, not a {type(uri).__name__}; arrays are given to Differ"
        )
    uri = uri if isinstance(uri, str) else Path(uri)
    kind, path = kind_of(uri, [scheme for *_, scheme in TABLE.values() if scheme])
    options: dict[str, Any] = {"fps": fps, "max_pixels": max_pixels, "threads": threads}
    options |= {"size": None, "pix_fmt": pix_fmt, "start_ns": start_ns}
    if size is not None and kind in ("picture", "video") and is_raw(*beginning(path)):
        kind, options["size"] = "video", size
    if (kind, path) == ("picture", "-"):
        path, options["data"] = "stdin", read_stdin()
    try:
        return _open(kind, path, options)
    except SourceError:
        if kind == "video" and Path(path).suffix.lower() in ENDINGS:
            return _open("picture", path, options)  # says what is wrong with it as a picture
        raise


def is_video(uri: str) -> bool:
    """Return whether a name, of a file or of stdin, is that of a video; of what is not there: no."""
    try:
        kind, path = kind_of(uri, [scheme for *_, scheme in TABLE.values() if scheme])
    except (SourceError, SettingsError):
        return False
    return kind in ("video", "synthetic") and Path(path).suffix.lower() not in ENDINGS


def _open(kind: str, path: str, options: dict[str, Any]) -> Source:
    module, class_name, takes, _ = TABLE[kind]
    chosen = {key: options[key] for key in takes.split() if key in options}
    source: Source = getattr(import_module(module), class_name)(path, **chosen)
    later = options["start_ns"] > 0 and kind in ("folder", "synthetic")
    return Later(source, options["start_ns"]) if later else source
