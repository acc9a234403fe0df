"""What a source's name means: decided by scheme, then by what lies there, then by content."""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from urllib.parse import unquote

from rtdiff.errors import SettingsError, SourceError, redact

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
_HEAD = 4096  # bytes that show what a file is
_NAMES = 5000  # of a folder, looked through for the nearest: about 50 ms


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
        return "video", uri
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
    folded = {other.casefold(): other for other in names}
    found = difflib.get_close_matches(name.casefold(), folded, 1)
    return folded[found[0]] if found else None


def missing(path: Path) -> str:
    """Say, as the second half of a message, what to do about `path`, which does not exist."""
    if path.is_symlink():
        return "the target of this link does not exist; mend the link"
    try:
        names = [entry.name for entry in islice(path.parent.iterdir(), _NAMES)]
    except OSError:
        return f"no such file, and no folder {redact(path.parent)}; check the path"
    near = nearest(path.name, names)
    return f"no such file; did you mean {redact(near)}?" if near else "no such file; check the path"


def _kind_of_path(path: str) -> tuple[str, str]:
    name = redact(path)
    try:
        mode = Path(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        if printf_of(Path(path).name) or _GLOB.search(path):
            return "folder", path
        raise SourceError(f"{name}: {missing(Path(path))}") from error
    except (OSError, ValueError) as error:  # ValueError: a zero character in the name
        said = redact(getattr(error, "strerror", None) or error)
        if _GLOB.search(path):  # Windows: '*' and '?' cannot be in a name
            return "folder", path
        raise SourceError(f"{name}: cannot be read ({said}); check the path") from error
    if stat.S_ISDIR(mode):
        return "folder", path
    if not stat.S_ISREG(mode):  # opening it may block for ever
        raise SourceError(f"{name}: {_special(mode)}, not a file; redirect its content to stdin and give '-'")
    return _kind_of_content(path, name), path


def _kind_of_content(path: str, name: str) -> str:
    from rtdiff.sources.picture import is_picture

    try:
        with Path(path).open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        said = redact(error.strerror or error)
        raise SourceError(f"{name}: cannot be read ({said}); check its permissions") from error
    if not head:
        raise SourceError(f"{name}: the file is empty; save or copy it again")
    pictured = is_picture(head) and Path(path).suffix.lower() not in _STREAMS
    return "picture" if pictured else "video"


def _special(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


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
