"""Help, made from the models: what there is to say of an option stands once, in `config`."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rtdiff.config import VerbConfig
    from rtdiff.model import Option

_INDENT = 26
_COMMON = (
    ("--config FILE", "Read settings from a YAML file; what is on the command line goes over it"),
    ("--dump-config", "Print the settings as YAML, and end"),
    ("--schema", "Print the JSON Schema of the YAML file, and end"),
    ("-h, --help", "Print this, and end"),
)


def overview(verbs: Mapping[str, tuple[str, str]]) -> str:
    """Return the help of the program."""
    lines = ["Usage: rtdiff REF TEST [OPTIONS]", "       rtdiff COMMAND [OPTIONS]", ""]
    lines += ["Shows where and how much a picture differs from what it should be.", "", "Commands:"]
    lines += _table((verb, text) for verb, (_, text) in verbs.items())
    lines += ["", "'rtdiff COMMAND --help' shows its options; 'rtdiff --version' the version."]
    lines += ["Exit codes of compare: 0 the same, 1 different, 2 trouble."]
    return "\n".join(lines) + "\n"


def usage(verb: str, text: str, model: type[VerbConfig]) -> str:
    """Return the help of one verb."""
    options = model.options
    taken = [key.upper() if options[key].needed else f"[{key.upper()}]" for key in model.positional]
    lines = [" ".join(["Usage: rtdiff", verb, *taken, "[OPTIONS]"]), "", f"{text}.", ""]
    lines += _table((key.upper(), options[key].description) for key in model.positional)
    lines += ["", "Options:"]
    lines += _table(
        (_option(option), _described(option))
        for key, option in options.items()
        if key not in model.positional
    )
    lines += _table(_COMMON)
    lines += ["", "Times: 2 (seconds), 120ms, 00:01:02.500, 47f (frames). Fractions: 0.005 or 0.5%."]
    lines += ["Every option is a key of the YAML file as well; --no-FLAG turns a flag off."]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _option(option: Option[Any]) -> str:
    short = "-o, " if option.key == "output" else ""
    metavar = option.kind.metavar
    return f"{short}--{option.key}{'' if option.kind.bare else ' '}{metavar}".rstrip()


def _described(option: Option[Any]) -> str:
    if option.needed or option.default is None or option.default is False or option.default == ():
        return option.description
    shown = option.kind.dump(option.default)
    return f"{option.description} [{', '.join(shown) if isinstance(shown, list) else shown}]"


def _table(rows: Iterable[tuple[str, str]]) -> list[str]:
    width = min(shutil.get_terminal_size().columns, 110) - _INDENT
    lines = []
    for name, text in rows:
        first, *more = textwrap.wrap(text, max(width, 30)) or [""]
        head = f"  {name}"
        if len(head) > _INDENT - 2:
            lines.append(head)
            head = ""
        lines.append(f"{head:<{_INDENT}}{first}")
        lines += [" " * _INDENT + line for line in more]
    return lines
