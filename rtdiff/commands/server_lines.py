"""Requests of ``rtdiff compare --server``: from bytes on stdin to what is asked for."""

from __future__ import annotations

import base64
import binascii
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from rtdiff.arguments import unknown
from rtdiff.errors import SettingsError, SourceError, redact
from rtdiff.values import show

MOST_BYTES = 1 << 26
"""Of a line: two pictures of 25 MB inline, as base64."""
_CHUNK = 1 << 16

NOT_ASKED = frozenset(
    ("config", "debug", "exit-zero", "fps", "jobs", "json", "junit", "server", "threads", "update")
)
"""Options that are the server's own, or make no sense for one request."""
_OWN = ("id", "command", "reference", "test")
_COMMANDS = ("compare", "ping")


@dataclass(frozen=True, slots=True)
class Picture:
    """One of the two pictures of a request."""

    name: str
    """Path, or what results and errors call a picture that came inline."""
    data: bytes | None = None
    """The file's content, when it came inline."""


@dataclass(frozen=True, slots=True)
class Request:
    """What one line asks for."""

    command: str
    """compare or ping."""
    pictures: tuple[Picture, ...] = ()
    """Reference and test."""
    options: Mapping[str, Any] | None = None
    """Further keys, as on the command line."""


class Lines:
    """Reads lines from a descriptor, each of a bounded length.

    It reads the descriptor itself, not `sys.stdin`: a thread that waits there holds a lock without
    which Python cannot end.
    """

    def __init__(self, descriptor: int, most: int = MOST_BYTES) -> None:
        self._descriptor, self._most = descriptor, most
        self._buffer = bytearray()
        self._ended = False

    def take(self) -> bytes | None:
        """Return the next line without its end; None when there is no more.

        Raises
        ------
        SettingsError
            The line was too long; it has been passed over, the next one can be taken.
        SourceError
            The descriptor cannot be read.
        """
        searched, dropped = 0, 0
        while True:
            at = self._buffer.find(b"\n", searched)
            if at < 0 and not self._ended:
                searched = len(self._buffer)
                if dropped or searched > self._most:
                    dropped += searched
                    self._buffer.clear()
                    searched = 0
                self._fill()
                continue
            end = at if at >= 0 else len(self._buffer)
            if at < 0 and end == 0 and not dropped:
                return None
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            if dropped or end > self._most:
                raise SettingsError(
                    f"request: a line of {dropped + end} bytes; at most {self._most}, give paths instead"
                )
            return line

    def _fill(self) -> None:
        try:
            chunk = os.read(self._descriptor, _CHUNK)
        except OSError as error:
            why = redact(error.strerror or error)
            raise SourceError(f"stdin: cannot be read ({why}); pipe requests into it") from None
        self._buffer += chunk
        self._ended = not chunk


def decoded(line: bytes) -> dict[str, Any]:
    """Return the object that a line holds.

    Raises
    ------
    SettingsError
        It is no JSON object, or holds a key twice or a number that is none.
    """
    try:
        made = json.loads(
            line.removeprefix(b"\xef\xbb\xbf").decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"request: byte {error.start + 1} is no UTF-8; send JSON lines in UTF-8"
        ) from None
    except json.JSONDecodeError as error:
        raise SettingsError(
            f"request: no JSON ({error.msg.lower()}, character {error.pos + 1}); send one object a line"
        ) from None
    except RecursionError:
        raise SettingsError("request: nested too deeply; send one flat object a line") from None
    except ValueError as error:
        raise SettingsError(f"request: {redact(error).partition('; use ')[0]}; mend it") from None
    if not isinstance(made, dict):
        raise SettingsError(f'request: must be an object such as {{"reference": "a.png"}}, got {show(made)}')
    return made


def request_of(made: Mapping[str, Any], known: frozenset[str]) -> Request:
    """Return what an object asks for.

    Parameters
    ----------
    made : mapping
        From `decoded`.
    known : frozenset of str
        Options that exist, kebab-case.

    Raises
    ------
    SettingsError
        An unknown key or command, or a picture that is missing or no picture.
    """
    allowed = known - NOT_ASKED - {"reference", "test"}
    for key in made:
        if key in NOT_ASKED & known:
            raise SettingsError(f"{key}: is for the command line, not for a request; leave it out")
        if key not in allowed and key not in _OWN:
            told = unknown(key, sorted({*allowed, *_OWN}), where="see the README")
            raise SettingsError(f"{show(key)[1:-1]}: {told.replace('option', 'key', 1)}")
    command = made.get("command", "compare")
    if command not in _COMMANDS:
        raise SettingsError(f"command: must be one of {', '.join(_COMMANDS)}, got {show(command)}")
    if command != "compare":
        return Request(command)
    pictures = tuple(_picture(made, side) for side in ("reference", "test"))
    return Request(command, pictures, {key: value for key, value in made.items() if key not in _OWN})


def _picture(made: Mapping[str, Any], side: str) -> Picture:
    what = 'a path, or an object such as {"base64": "iVBOR..."}'
    given = made.get(side)
    if given is None:
        raise SettingsError(f"{side}: is missing; give {what}")
    if isinstance(given, str) and given.strip() and "\0" not in given:
        if given == "-":
            raise SettingsError(f"{side}: stdin holds the requests; give {what}")
        return Picture(given)
    if not isinstance(given, dict) or not isinstance(given.get("base64"), str):
        raise SettingsError(f"{side}: must be {what}, got {show(given)}")
    name = given.get("name", side)
    if set(given) - {"base64", "name"} or not isinstance(name, str) or not name.strip():
        raise SettingsError(f"{side}: beside base64 it may hold a name, a text, and nothing else")
    try:
        return Picture(name, base64.b64decode(given["base64"], validate=True))
    except (binascii.Error, ValueError):
        raise SettingsError(
            f"{side}: is no base64 (RFC 4648, without line breaks); encode it again"
        ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {show(twice)} is there twice")
    return made


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number
