"""The command line: argv -> settings -> one verb -> exit code.

Options are made from the models of `rtdiff.config` with argparse: it starts in 10 ms where
cyclopts takes 90, a quarter of the time in which two pictures are compared.
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from rtdiff.errors import RtdiffError, SettingsError, redact

if TYPE_CHECKING:
    from rtdiff.config import Settings

OK, TROUBLE, INTERRUPTED = 0, 2, 130

# verb: (model, positional fields, one line)
VERBS = {
    "compare": ("CompareConfig", ("reference", "test"), "two pictures: where and how much they differ"),
    "watch": ("WatchConfig", ("source",), "a video, folder or scene against a reference: alarms, log, video"),
    "demo": ("DemoConfig", (), "the main job with nothing at hand"),
    "doctor": ("DoctorConfig", (), "what works here, and what to install for the rest"),
    "bench": ("BenchConfig", (), "how fast this machine compares"),
}
LATER = ("grab", "serve", "eval", "calibrate", "events")

OVERVIEW = """\
usage: rtdiff REF TEST [options]          the same as rtdiff compare REF TEST
       rtdiff VERB [options]

{verbs}

rtdiff VERB --help lists the options of a verb. Exit codes: 0 same, 1 different, 2 trouble.

examples:
  rtdiff golden.png photo.png -o difference.png
  rtdiff compare a.png b.png --json - --threshold 4
  rtdiff watch shop.mp4 --reference median:2s --log events.jsonl -o annotated.mp4
  rtdiff watch 'synthetic://shelf?frames=500' --log -
  rtdiff demo
"""


class _Parser(argparse.ArgumentParser):
    """Raises instead of printing usage and leaving."""

    def error(self, message: str) -> NoReturn:
        """Raise a `SettingsError` of what argparse found."""
        subject, _, rest = message.removeprefix("argument ").partition(": ")
        raise SettingsError(f"{subject.split('/')[-1]}: {rest or 'is wrong'}; see --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code. Nothing but a wrong program raises."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        code = _run(words)
        sys.stdout.flush()
    except RtdiffError as error:
        if debug:
            raise
        sys.stderr.write(f"rtdiff: {redact(error)}\n")
        return TROUBLE
    except BrokenPipeError:  # whoever read our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return TROUBLE
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _run(words: list[str]) -> int:
    if not words or words[0] in ("--help", "-h", "help"):
        lines = [f"  {verb:9}{VERBS[verb][2]}" for verb in VERBS]
        sys.stdout.write(OVERVIEW.format(verbs="\n".join(lines)))
        return OK if words else TROUBLE
    if words[0] == "--version":
        from rtdiff import __version__

        sys.stdout.write(f"rtdiff {__version__}\n")
        return OK
    verb = words[0] if words[0] in VERBS else _implied(words)
    rest = words[1:] if words[0] in VERBS else words
    from rtdiff import config

    model: type[Settings] = getattr(config, VERBS[verb][0])
    parser = _parser(verb, model)
    options, extra = parser.parse_known_args(rest)
    if extra:
        raise _surplus(verb, model, extra)
    if options.help:
        sys.stdout.write(parser.format_help())
        return OK
    if options.schema:
        import json

        sys.stdout.write(json.dumps(model.model_json_schema(by_alias=True), indent=2) + "\n")
        return OK
    settings, raw = _settings(model, options)
    if options.dump_config:
        _dump(settings, raw)
        return OK
    run = getattr(import_module(f"rtdiff.commands.{verb}"), verb)
    return int(run(settings))


def _implied(words: list[str]) -> str:
    """Return 'compare' for ``rtdiff REF TEST``, or refuse a first word that is no verb."""
    first, plain = words[0], [word for word in words if not word.startswith("-") or word == "-"]
    if first in LATER:
        raise SettingsError(f"{first}: comes in a later version; see rtdiff --help for what there is")
    near = get_close_matches(first, [*VERBS, *LATER], 1)
    if near and not os.path.exists(first):  # noqa: PTH110  (pathlib's import is a tenth of a --help)
        raise SettingsError(f"{first}: is neither a file nor a verb; did you mean {near[0]}")
    if len(plain) == 1 and not first.startswith("-") and not os.path.exists(first):  # noqa: PTH110
        raise SettingsError(f"{redact(first)}: is neither a file nor one of {', '.join(VERBS)}; see --help")
    return "compare"


def _parser(verb: str, model: type[Settings]) -> _Parser:
    """Make the parser of a verb from its model: one option for each field."""
    positional, about = VERBS[verb][1:]
    parser = _Parser(
        prog=f"rtdiff {verb}",
        usage=" ".join([f"rtdiff {verb}", *(name.upper() for name in positional), "[options]"]),
        description=textwrap.fill(about, 100),
        add_help=False,
        allow_abbrev=False,
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=28, width=100),
    )
    for name, field in model.model_fields.items():
        told = (field.description or "") + _default(field)
        if name in positional:
            parser.add_argument(name, nargs="?", metavar=name.upper(), help=field.description)
            continue
        flags = [f"--{field.alias}"] + (["-o"] if name == "output" else [])
        more: dict[str, Any] = {"dest": name, "default": argparse.SUPPRESS, "help": told}
        kind = str(field.annotation)
        if field.annotation is bool:
            parser.add_argument(*flags, action="store_const", const="true", **more)
        elif kind.startswith("list["):
            parser.add_argument(*flags, action="append", metavar="X", **more)
        else:
            parser.add_argument(*flags, metavar="X", **more)
    for flag, told in (
        ("--config", "read settings from a YAML file; options given here go over it"),
        ("--dump-config", "print all settings as YAML, and end"),
        ("--schema", "print the JSON Schema of the settings, and end"),
        ("--debug", "show where an error came from"),
        ("--help", "print this, and end"),
    ):
        kind = "store" if flag == "--config" else "store_true"
        extra_args: dict[str, Any] = {"metavar": "FILE"} if flag == "--config" else {}
        parser.add_argument(flag, action=kind, help=told, **extra_args)
    return parser


def _default(field: Any) -> str:
    value = field.get_default(call_default_factory=True)
    if field.is_required() or value in (None, False, [], 0):
        return ""
    shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f" (default {shown})" if not isinstance(value, list) else ""


def _surplus(verb: str, model: type[Settings], extra: list[str]) -> SettingsError:
    from rtdiff.config import unknown

    option = next((word for word in extra if word.startswith("-") and word != "-"), None)
    if option is not None:
        name = option.split("=")[0]
        return SettingsError(f"{name}: {unknown(name.lstrip('-'), model)}")
    count = len(VERBS[verb][1])
    wanted = {0: "no file", 1: "one source", 2: "two files, REF and TEST"}[count]
    return SettingsError(
        f"{redact(extra[0])}: {verb} takes {wanted}; to write the result there use -o {redact(extra[0])}"
    )


def _settings(model: type[Settings], options: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    """Return the settings, command line over file over default, and what the file holds as written."""
    given = {
        str(field.alias): getattr(options, name)
        for name, field in model.model_fields.items()
        if getattr(options, name, None) is not None
    }
    if options.config is not None:
        from rtdiff.settings_file import SettingsFile

        file = SettingsFile(options.config)
        kept = {key: value for key, value in file.raw.items() if key not in given}
        return file.check(model, given), kept
    from pydantic import ValidationError

    from rtdiff.config import first_problem

    try:
        return model.model_validate(given), {}
    except ValidationError as error:
        where, problem = first_problem(error, model)
        positional = where and where[0] in [p for _, names, _ in VERBS.values() for p in names]
        subject = ".".join(map(str, where))
        required = positional and problem.startswith("is needed")
        prefix = "" if required or not where or where[0] == "settings" else "--"
        raise SettingsError(f"{prefix}{subject.upper() if required else subject}: {problem}") from error


def _dump(settings: Any, raw: dict[str, Any]) -> None:
    """Print settings as YAML; a value that came from ``${ENV}`` stays so."""
    import yaml

    made = settings.model_dump(mode="json", by_alias=True, exclude_none=True)
    made |= {key: value for key, value in raw.items() if isinstance(value, str) and "${" in value}
    sys.stdout.write(yaml.safe_dump(made, sort_keys=False, allow_unicode=True))


if __name__ == "__main__":
    sys.exit(main())
