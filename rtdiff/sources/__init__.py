"""Where frames come from: one table, one `open_source`."""

from __future__ import annotations

from fractions import Fraction
from importlib import import_module
from pathlib import Path

from rtdiff.errors import SourceError, redact
from rtdiff.sources.kinds import ENDINGS, kind_of
from rtdiff.sources.source import Source, SourceInfo

__all__ = ["Source", "SourceInfo", "open_source"]

TABLE = {
    # kind: (module, class, options it takes, scheme that names it)
    "synthetic": ("rtdiff.sources.synthetic", "SyntheticSource", "", "synthetic"),
    "folder": ("rtdiff.sources.folder", "FolderSource", "fps max_pixels", ""),
    "picture": ("rtdiff.sources.picture", "PictureSource", "max_pixels", ""),
    "video": ("rtdiff.sources.video", "VideoSource", "threads max_pixels", ""),
}


def open_source(
    uri: str | Path,
    *,
    fps: Fraction | float = 25,
    max_pixels: int = 200_000_000,
    threads: int = 0,
) -> Source:
    """Open whatever holds frames; nothing but its own reader is imported.

    Parameters
    ----------
    uri : str or Path
        A picture or a video (told apart by content), a folder of pictures, a pattern of their names
        (``shot%04d.png``, ``in*.jpg``), ``file://...``, ``synthetic://...``, or ``-`` for a video on
        stdin.
    fps : Fraction or float
        Pictures a second of a folder or a pattern.
    max_pixels : int
        Larger pictures are refused.
    threads : int
        Decoding threads of a video; 0: as many as FFmpeg likes.

    Raises
    ------
    SettingsError
        An unknown scheme, or an option out of range.
    SourceError
        It is not there, cannot be read, or is a live source.
    """
    kind, path = kind_of(uri, [scheme for *_, scheme in TABLE.values() if scheme])
    module, class_name, takes, _ = TABLE[kind]
    options = {"fps": fps, "max_pixels": max_pixels, "threads": threads}
    try:
        source: Source = getattr(import_module(module), class_name)(
            path, **{key: options[key] for key in takes.split()}
        )
    except SourceError as error:
        if kind == "video" and Path(path).suffix.lower() in ENDINGS:
            raise SourceError(
                f"{redact(path)}: named like a picture, but its content is neither a picture nor a video;"
                " save it again"
            ) from error
        raise
    return source
