"""A settings file: YAML whose every value has a place, so that an error can name it.

Values are texts as they are written, and the option decides what a text means, as on the command
line. YAML 1.1's own ideas (``no`` is false, ``12:30:00`` is 45045, ``010`` is 8, ``1e3`` is a
text) never come into play.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rtdiff.errors import SettingsError, redact

MOST_BYTES = 1 << 20
MOST_LEVELS = 16  # of lists and mappings; 4 are meant
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TOKENS = {
    yaml.AliasToken: "an alias; write the value out",
    yaml.AnchorToken: "an anchor; leave it out and write the value where it is needed",
    yaml.TagToken: "a tag; leave it out, the option decides what a value is",
    yaml.DirectiveToken: "a directive; leave it out",
}
_OPENING = (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken, yaml.FlowMappingStartToken)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)

Loc = tuple[str | int, ...]


@dataclass(slots=True)
class SettingsFile:
    """What a settings file says, and where."""

    path: str
    """As it was given."""
    values: dict[str, Any] = field(default_factory=dict)
    """Texts, lists and mappings by key; variables are filled in."""
    raw: dict[str, Any] = field(default_factory=dict)
    """The same as written, with ``${NAME}``."""
    marks: dict[Loc, tuple[int, int]] = field(default_factory=dict)
    """Line and column of every key and item, from 1."""
    camera: frozenset[str] = frozenset()
    """Keys whose values the entry of ``cameras`` gave."""

    def name_of(self, loc: Loc) -> str:
        """Return the name of a place: ``cameras.0.threshold``."""
        return ".".join(map(str, self._whole(loc)))

    def place(self, loc: Loc) -> str:
        """Return ``file:line:column`` of a place, or of the nearest one around it."""
        whole = self._whole(loc)
        while whole and whole not in self.marks:
            whole = whole[:-1]
        line, column = self.marks.get(whole, (1, 1))
        return f"{redact(self.path)}:{line}:{column}"

    def written(self, loc: Loc) -> Any:
        """Return the value at a place as written, or of the nearest one around it."""
        found: Any = self.raw
        for key in loc:
            try:
                found = found[key]
            except (KeyError, IndexError, TypeError):
                break
        return found

    def _whole(self, loc: Loc) -> Loc:
        return ("cameras", 0, *loc) if loc and loc[0] in self.camera else loc


def load(path: str, *, cameras: bool = False) -> SettingsFile:
    """Read a settings file.

    Parameters
    ----------
    path : str
        A file of at most 1 MiB, UTF-8.
    cameras : bool
        Whether it may have a list ``cameras``, whose one entry then overrides the root's values.

    Raises
    ------
    SettingsError
        It cannot be read, or is no YAML of the plain kind that is meant here.
    """
    text = _read(path)
    file = SettingsFile(path)
    try:
        _refuse_tricks(text, file)
        loader = yaml.SafeLoader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise SettingsError(_broken(path, error)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise SettingsError(f"{redact(path)}:{line}:1: holds a control character; take it out") from None
    if root is None or root.tag.endswith(":null"):
        return file
    if not isinstance(root, yaml.MappingNode):
        raise _error(file, root, "must be a mapping of options, such as 'threshold: 6'")
    file.raw = _plain(root, (), file, {})
    file.values = _plain(root, (), file, os.environ)
    if cameras and "cameras" in file.values:
        _one_camera(file)
    return file


def _read(path: str) -> str:
    data = None
    try:
        if stat.S_ISREG(Path(path).stat().st_mode):  # opening a pipe may block for ever
            with Path(path).open("rb") as opened:
                data = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no file has such a name"
        raise SettingsError(f"{redact(path)}: cannot be read ({reason}); see --config") from None
    if data is None:
        raise SettingsError(f"{redact(path)}: is no file; give a YAML file")
    if len(data) > MOST_BYTES:
        raise SettingsError(f"{redact(path)}: is larger than 1 MiB; settings are shorter than that")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{redact(path)}:{line}:1: is not UTF-8; save it as UTF-8") from None


def _refuse_tricks(text: str, file: SettingsFile) -> None:
    level = 0
    for token in yaml.scan(text, yaml.SafeLoader):
        if told := _TOKENS.get(type(token)):
            raise _error(file, token, f"has {told}")
        level += isinstance(token, (*_OPENING, yaml.FlowSequenceStartToken)) - isinstance(token, _CLOSING)
        if level > MOST_LEVELS:
            raise _error(file, token, f"is nested more than {MOST_LEVELS} deep; settings are flat")


def _broken(path: str, error: yaml.MarkedYAMLError) -> str:
    mark, problem = error.problem_mark or error.context_mark, error.problem or ""
    where = f"{redact(path)}:{mark.line + 1}:{mark.column + 1}" if mark else redact(path)
    if "'\\t'" in problem:
        return f"{where}: has a tab; indent with spaces"
    if "another document" in problem:
        return f"{where}: begins a second document; put it into a file of its own"
    return redact(f"{where}: is not YAML ({problem}); see the line and the one before")


def _error(file: SettingsFile, at: Any, what: str) -> SettingsError:
    mark = at.start_mark
    return SettingsError(redact(f"{file.path}:{mark.line + 1}:{mark.column + 1}: {what}"))


def _plain(node: yaml.Node, loc: Loc, file: SettingsFile, variables: Mapping[str, str]) -> Any:
    """Return texts, lists, mappings and None; an empty `variables` leaves ``${NAME}`` alone."""
    file.marks.setdefault(loc, (node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.ScalarNode):
        if node.tag.endswith(":null") and node.style is None:
            return None
        return _filled(node, file, variables) if variables else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*loc, index), file, variables) for index, item in enumerate(node.value)]
    found: dict[str, Any] = {}
    for index, (key, item) in enumerate(_pairs(node, file)):
        mark = key.start_mark.line + 1, key.start_mark.column + 1
        if key.value in found:
            line = file.marks[(*loc, key.value)][0]
            raise _error(file, key, f"{key.value}: stands here and in line {line}; leave one out")
        file.marks.setdefault((*loc, key.value), mark)
        file.marks.setdefault((*loc, index), mark)  # a mapping of zones is a list to the model
        found[key.value] = _plain(item, (*loc, key.value), file, variables)
    return found


def _pairs(node: yaml.Node, file: SettingsFile) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    for key, item in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _error(file, key, "a key must be a name, such as 'threshold'")
        yield key, item


def _filled(node: yaml.ScalarNode, file: SettingsFile, variables: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in variables:
            raise _error(file, node, f"the environment has no {match[1]}; set it before rtdiff starts")
        return variables[match[1]]

    return _VARIABLE.sub(value, node.value)


def _one_camera(file: SettingsFile) -> None:
    entries = file.values["cameras"]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries) or not entries:
        raise SettingsError(
            f"{file.place(('cameras',))}: cameras: must be a list of mappings with a source each"
        )
    names = [entry.get("name") for entry in entries]
    for index, name in enumerate(names):
        if name is not None and name in names[:index]:
            raise SettingsError(
                f"{file.place(('cameras', index, 'name'))}: cameras.{index}.name: two are called "
                f"{redact(repr(name))}; give every camera a name of its own"
            )
    if len(entries) > 1:
        raise SettingsError(
            f"{file.place(('cameras', 1))}: cameras: {len(entries)} of them, and this version watches one; "
            "start rtdiff once for each, with a file of its own"
        )
    file.camera = frozenset(entries[0])
    for tree in (file.values, file.raw):
        entry = tree.pop("cameras")[0]
        tree |= entry


def dump(settings: Mapping[str, Any], file: SettingsFile | None, typed: set[str]) -> str:
    """Return settings as YAML that loads to the same again.

    Parameters
    ----------
    settings : mapping
        All of them, as plain values by key.
    file : SettingsFile or None
        Where some came from: what was written with ``${NAME}`` there stays so.
    typed : set of str
        Keys whose values the command line gave.
    """
    kept = {} if file is None else {key: raw for key, raw in file.raw.items() if "${" in str(raw)}
    plain = {key: _without_none(value) for key, value in settings.items()}
    shown = {**plain, **{key: raw for key, raw in kept.items() if key not in typed}}
    text = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=1000)
    if re.search("[\x85\u2028\u2029]", text):  # YAML 1.1 breaks lines at them, unless they are escaped
        text = yaml.safe_dump(shown, sort_keys=False, width=1000)
    return str(text)


def _without_none(value: Any) -> Any:
    """Return a list of zones without what they leave to all."""
    if not isinstance(value, list):
        return value
    return [
        {key: part for key, part in item.items() if part is not None} if isinstance(item, dict) else item
        for item in value
    ]
