"""A YAML file as settings: every mistake is told with its line, column and key.

Scalars are taken as the text that stands there, never as what YAML 1.1 makes of it (``on`` is
True, ``12:30:00`` is 45045, ``010`` is 8): the same parsers read them as read a command line.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rtdiff.config import Settings, first_problem
from rtdiff.errors import SettingsError, redact

MOST_BYTES = 1 << 20
_ENV = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NULL = ("", "~", "null")
_STANDARD = "tag:yaml.org,2002:"

Marks = dict[tuple[str | int, ...], Node]


class SettingsFile:
    """A YAML file that was read, and where everything stands in it.

    Parameters
    ----------
    path : str
        The file.

    Raises
    ------
    SettingsError
        It cannot be read, is no YAML, or holds what rtdiff does not take: aliases, tags,
        duplicate keys, several documents, a list at the root.
    """

    def __init__(self, path: str) -> None:
        self.path = redact(path)
        self.marks: Marks = {}
        node = self._compose(_read(path, self.path))
        self.raw: dict[str, Any] = {}
        """As written, ``${ENV}`` included."""
        if node is not None:
            if not isinstance(node, MappingNode):
                raise self._error(node, "the settings must be KEY: VALUE lines, not a list or a text")
            self.raw = self._value(node, ())
        self.values: dict[str, Any] = self._expanded(self.raw, ())
        """With ``${ENV}`` replaced."""
        if "cameras" in self.values:
            self._only_camera()

    def check(self, model: type[Settings], more: dict[str, Any]) -> Any:
        """Return `model` made from this file with `more` (the command line's) over it.

        Raises
        ------
        SettingsError
            With file, line, column and key where the file is at fault, with the option where the
            command line is.
        """
        merged = self.values | more
        try:
            return model.model_validate(merged)
        except ValidationError as error:
            where, problem = first_problem(error, model)
            if where and where[0] in more:
                raise SettingsError(f"--{where[0]}: {problem}") from error
            if where and where[0] in self.values:
                node = next(
                    self.marks[where[:n]] for n in range(len(where), 0, -1) if where[:n] in self.marks
                )
                raise self._error(node, f"{'.'.join(map(str, where))}: {problem}") from error
            raise SettingsError(f"{'.'.join(map(str, where))}: {problem}") from error

    def _compose(self, text: str) -> Node | None:
        try:
            for token in yaml.scan(text, Loader=yaml.SafeLoader):
                if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
                    kind = "a tag (!)" if isinstance(token, yaml.TagToken) else "an anchor or alias (&, *)"
                    raise self._error(
                        token, f"{kind} is not accepted; write the value out, in quotes if need be"
                    )
            documents = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
        except yaml.MarkedYAMLError as error:
            what = " ".join(str(error.problem).split())
            tab = "; indent with spaces, not tabs" if "\\t" in what else "; see the YAML before it"
            raise self._error(error, f"no valid YAML: {what}{tab}", error.problem_mark) from error
        except yaml.YAMLError as error:
            raise SettingsError(f"{self.path}: no valid YAML: {redact(error)}; save it as UTF-8") from error
        if len(documents) > 1:
            raise self._error(documents[1], "a second document (---) is not accepted; use a file for each")
        return documents[0] if documents else None

    def _value(self, node: Node, where: tuple[str | int, ...]) -> Any:
        self.marks[where] = node
        if isinstance(node, ScalarNode):
            if node.style is None and node.tag == _STANDARD + "null" and node.value in _NULL:
                return None
            return node.value
        if isinstance(node, SequenceNode):
            return [self._value(item, (*where, i)) for i, item in enumerate(node.value)]
        out: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                raise self._error(key, "a key must be a word; write KEY: VALUE")
            if key.value in out:
                raise self._error(
                    key, f"{'.'.join(map(str, (*where, key.value)))}: is there twice; remove one"
                )
            out[key.value] = self._value(value, (*where, key.value))
            self.marks[*where, key.value] = key if isinstance(value, ScalarNode) is False else value
        return out

    def _expanded(self, value: Any, where: tuple[str | int, ...]) -> Any:
        if isinstance(value, dict):
            return {key: self._expanded(item, (*where, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._expanded(item, (*where, i)) for i, item in enumerate(value)]
        if not isinstance(value, str):
            return value

        def secret(match: re.Match[str]) -> str:
            if match[1] not in os.environ:
                problem = f"{'.'.join(map(str, where))}: the environment has no {match[1]}; set it before"
                raise self._error(self.marks[where], problem)
            return os.environ[match[1]]

        expanded = _ENV.sub(secret, value)
        if re.match(r"[a-z]+://[^/\s]*@[^/\s]*@", value):
            problem = f"{'.'.join(map(str, where))}: a password's @ is written %40 in an address; write it so"
            raise self._error(self.marks[where], problem)
        return expanded

    def _only_camera(self) -> None:
        """Lay the one entry of ``cameras:`` over the root's defaults."""
        cameras = self.values.pop("cameras")
        node = self.marks["cameras",]
        if not isinstance(cameras, list) or not all(isinstance(camera, dict) for camera in cameras):
            raise self._error(node, "cameras: must be a list of '- source: ...' entries; indent them alike")
        names = [str(camera.get("name", "")) for camera in cameras]
        for i, name in enumerate(names):
            if name and name in names[:i]:
                problem = f"cameras.{i}.name: {name!r} is taken; give every camera a name of its own"
                raise self._error(self.marks["cameras", i, "name"], problem)
        if len(cameras) != 1:
            raise self._error(
                node, f"cameras: {len(cameras)} entries; this version watches one, start it once each"
            )
        for key, value in cameras[0].items():
            if key == "name":
                continue
            self.values[key] = value
            self.raw[key] = self.raw["cameras"][0][key]
            for where, mark in list(self.marks.items()):
                if where[:3] == ("cameras", 0, key):
                    self.marks[where[2:]] = mark
        del self.raw["cameras"]

    def _error(self, at: Any, problem: str, mark: Any = None) -> SettingsError:
        mark = mark or getattr(at, "start_mark", None)
        place = f"{self.path}:{mark.line + 1}:{mark.column + 1}" if mark is not None else self.path
        return SettingsError(f"{place}: {redact(problem)}")


def _read(path: str, shown: str) -> str:
    near = ""
    try:
        size = Path(path).stat().st_size
        if size > MOST_BYTES:
            raise SettingsError(f"{shown}: has {size} bytes; settings have at most {MOST_BYTES}")
        return Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{shown}: is no UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        folder = Path(path).parent
        if folder.is_dir():
            names = get_close_matches(Path(path).name, [p.name for p in folder.iterdir()], 1)
            near = f"; did you mean {names[0]}" if names else "; see the path"
        raise SettingsError(f"{shown}: {error.strerror or error}{near or '; see the path'}") from error
