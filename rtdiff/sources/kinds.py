"""What a source's name means: decided by scheme, then by what lies there, then by content."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from rtdiff.errors import SettingsError, SourceError, redact
from rtdiff.sources.header import SNIFF_BYTES, sniff
from rtdiff.sources.paths import read_start, status, stdin

ENDINGS = frozenset(
    ".png .apng .jpg .jpeg .jpe .jfif .bmp .dib .tif .tiff .webp .gif .jp2 .pbm .pgm .ppm .pnm .avif".split()  # noqa: SIM905
)
"""By which a picture is known in a folder, lower case."""
LIVE = ("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "tcp", "udp", "rtp", "srt")
"""Schemes of live sources."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_PRINTF = re.compile(r"(?<!%)%(0?)(\d{0,2})d")
_GLOB = re.compile(r"[*?\[]")
_STREAMS = (".mjpeg", ".mjpg", ".mj2")  # begin as one JPEG or JPEG 2000 does, and go on
_HEIF = (b"ftyphe", b"ftypmif1", b"ftypmsf1")  # FFmpeg would show single tiles; the picture reader refuses


def kind_of(uri: str | Path, schemes: Iterable[str]) -> tuple[str, str]:
    """Return the kind of a source, and its path or address.

    Parameters
    ----------
    uri : str or Path
        As the user gave it; a Path is never read as an address, a camera or stdin.
    schemes : iterable of str
        Schemes that are the name of a kind.

    Raises
    ------
    SettingsError
        An empty name or an unknown scheme.
    SourceError
        A live source; or nothing, or nothing readable, lies at the path.
    """
    if isinstance(uri, Path):
        path = str(uri)
        return _kind_of_path("./-" if path == "-" else path)
    if not uri.strip():
        raise SettingsError("source: its name is empty; give a file, a folder or an address")
    if found := _SCHEME.match(uri):
        scheme = found[1].lower()
        if scheme in schemes:
            return scheme, uri
        if scheme == "file":
            return _kind_of_path(_local_path(uri))
        raise _refused(scheme, [*schemes, "file"])
    if uri == "-":
        return _kind_of_stdin(), uri
    if uri.isascii() and uri.isdigit():
        raise _live(f"camera {uri}")
    if uri.startswith(("/dev/video", "/dev/v4l")):
        raise _live(redact(uri))
    return _kind_of_path(uri)


def printf_of(name: str) -> re.Match[str] | None:
    """Return where ``%d``, ``%4d`` or ``%04d`` stands in a file's name, if it stands there once."""
    found = list(_PRINTF.finditer(name))
    return found[0] if len(found) == 1 else None


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that is most like `name`, or None when none is."""
    from difflib import get_close_matches

    folded = {other.casefold(): other for other in names}
    found = get_close_matches(name.casefold(), folded, 1)
    return folded[found[0]] if found else None


def beginning(path: str, count: int = 512) -> tuple[bytes, str]:
    """Return the first bytes of a file (or of stdin, ``-``, which keeps them), and its ending, lower case."""
    if path == "-":
        peekable: Any = stdin()
        return peekable.peek(count)[:count], ""
    return read_start(Path(path), count), Path(path).suffix.lower()


def _kind_of_path(path: str) -> tuple[str, str]:
    there = os.path.lexists(path)  # raises for no name, also not for one that is too long
    if not there and (printf_of(Path(path).name) or _GLOB.search(path)):
        return "folder", path
    if there and Path(path).is_symlink() and not Path(path).exists():
        raise SourceError(f"{redact(path)}: a link that leads nowhere; mend the link")
    if stat.S_ISDIR(status(Path(path)).st_mode):
        return "folder", path
    head = read_start(Path(path), SNIFF_BYTES)  # refuses pipes and devices: opening one may block for ever
    if not head:
        raise SourceError(f"{redact(path)}: the file is empty; save or copy it again")
    return _kind_of_content(head, Path(path).suffix.lower()), path


def _kind_of_stdin() -> str:
    peekable: Any = stdin()  # its reader finds every byte that was peeked at
    return _kind_of_content(peekable.peek(SNIFF_BYTES), "")


def _kind_of_content(head: bytes, ending: str) -> str:
    still = sniff(head) is not None or head.startswith(_HEIF, 4)
    return "picture" if still and ending not in _STREAMS else "video"


def _local_path(uri: str) -> str:
    host, slash, path = uri[len("file://") :].partition("/")
    if host.lower() not in ("", "localhost") or not slash:
        raise SettingsError(f"{redact(uri)}: not a file of this machine; write file:///folder/name")
    path = unquote(path)
    return path if os.name == "nt" and re.match("[A-Za-z]:", path) else f"/{path}"


def _live(name: str) -> SourceError:
    return SourceError(f"{name}: live sources are not in this version; record it and give the file, or '-'")


def _refused(scheme: str, known: list[str]) -> Exception:
    # Only the scheme is shown: a password may hold '@' and '/', a query may hold a token.
    if scheme in LIVE:
        return _live(f"{scheme}://...")
    near = nearest(scheme, [*known, *LIVE])
    hint = f"did you mean {near}://? " if near else ""
    choice = ", ".join(f"{name}://" for name in known)
    return SettingsError(f"{scheme}://...: unknown scheme; {hint}there are {choice}, and plain paths")
