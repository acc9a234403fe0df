"""From argv to an exit code: words -> settings -> the verb. No logic of comparing or watching.

Nothing heavy is imported before the verb runs: help and errors come at once.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rtdiff import __version__
from rtdiff.arguments import Grammar, nearest, parse
from rtdiff.errors import RtdiffError, SettingsError, SinkError, redact

if TYPE_CHECKING:
    from rtdiff.config import VerbConfig
    from rtdiff.settings_file import SettingsFile

VERBS = {
    "compare": ("CompareConfig", "Compare REF with TEST: `rtdiff REF TEST` is the same"),
    "watch": ("WatchConfig", "Hold every frame of SOURCE against a reference; raise alarms"),
    "eval": ("EvalConfig", "Measure detection against truth, beside what people use today"),
    "demo": ("DemoConfig", "Show the main job with nothing at hand; begin here"),
    "doctor": ("DoctorConfig", "Tell what works on this machine, and what to install for the rest"),
    "bench": ("BenchConfig", "Measure this machine's speed"),
}
LATER_VERBS = ("grab", "serve", "calibrate", "events")
OWN_FLAGS = frozenset({"help", "version", "dump-config", "schema"})
INTERRUPTED, TROUBLE = 130, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code. Errors are one line on stderr, never a traceback.

    Parameters
    ----------
    argv : sequence of str, optional
        Without the program's name; default: that of the process.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    # NumPy's linear algebra, which is not used here, starts a thread per core: 60 ms of every start
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if argv is None:  # the process is ours: no garbage is looked for while it starts (5 ms) and ends (15 ms)
        gc.disable()
        atexit.register(gc.freeze)
    if sys.stderr is None:  # it was closed: what is said goes nowhere, and nobody has to ask
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):  # None when it was closed
        if hasattr(stream, "reconfigure"):  # a file's name may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(words)
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of stdout has left: nobody to tell
        _drop(sys.stdout)
        return TROUBLE
    except RtdiffError as error:
        return _failed(str(error), words)
    except OSError as error:  # of our own rooms none is left: a full disk behind stdout
        _drop(sys.stdout)
        name = error.filename or "stdout"
        return _failed(f"{name}: cannot be used ({error.strerror or error}); see its space and rights", words)
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # Python 3.11, while a class is made
            return INTERRUPTED
        told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return _failed(f"internal error: {told}; run again with --debug and report what it shows", words)
    return code


def _drop(stream: TextIO) -> None:
    """Send what is left in a stream's buffer nowhere, or Python would try again at its end: exit 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _failed(what: str, words: list[str]) -> int:
    if "--debug" in words:
        import traceback

        for line in traceback.format_exc().splitlines():
            indent = line[: len(line) - len(line.lstrip())]
            _complain(f"{indent}{redact(line)}\n")
    _complain(f"rtdiff: {redact(what)}\n")
    return TROUBLE


def _complain(text: str) -> None:
    """Write to stderr, if anybody is there: without it the exit code must still say trouble."""
    if sys.stderr is not None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            with contextlib.suppress(OSError, ValueError):  # not a file: a caller's own object
                _drop(sys.stderr)
        except ValueError:  # closed meanwhile
            return


def _run(words: list[str]) -> int:
    if set(words) <= {"--debug"}:
        from rtdiff.usage import overview

        sys.stderr.write(overview(VERBS))
        return TROUBLE  # not 0: a script whose names are empty must not read 'the same'
    verb = _verb(words)
    if sys.stdout is None and verb != "watch":  # which has its log and its pictures
        raise SinkError("stdout: is closed; results go there, keep it open")
    if verb is None:
        if "--version" in words:
            sys.stdout.write(f"rtdiff {__version__}\n")
            return 0
        from rtdiff.usage import overview

        sys.stdout.write(overview(VERBS))
        return 0
    model: type[VerbConfig] = getattr(import_module("rtdiff.config"), VERBS[verb][0])
    given = parse(words, _grammar(verb, model))
    own = {key: given.pop(key) for key in (*OWN_FLAGS, "config") if key in given}
    if own.get("help") or own.get("schema") or own.get("version"):
        return _tell(verb, model, own)
    file = None
    if "config" in own:
        from rtdiff.settings_file import load

        file = load(own["config"], cameras=verb == "watch")
    settings = _settings(verb, model, given, file)
    if own.get("dump-config"):
        from rtdiff.settings_file import dump

        sys.stdout.write(dump(settings.plain(), file, set(given)))
        return 0
    if settings.debug:
        words.append("--debug")  # the file may say so as well
    command = getattr(import_module(f"rtdiff.commands.{verb}"), verb)
    if not gc.isenabled():
        gc.freeze()  # what is there by now stays
        gc.enable()
    return int(command(settings))


def _verb(words: list[str]) -> str | None:
    """Return the verb, taking it off `words`; None: only the program's own help or version is asked."""
    first = next(word for word in words if word != "--debug")
    if first in VERBS:
        words.remove(first)
        return first
    if first in ("-h", "--help", "--version") or words == ["help"]:
        return None
    behind = next((word for word in words if word in VERBS), None)
    if first.startswith("--") and behind:
        raise SettingsError(f"{behind}: a command comes first; for a file of that name write ./{behind}")
    if first in LATER_VERBS:
        raise SettingsError(f"{first}: comes in a later version; for a file of that name write ./{first}")
    near = nearest(first, (*VERBS, *LATER_VERBS)) if first.isalpha() and not Path(first).exists() else ""
    if near:
        raise SettingsError(f"{first}: unknown command, and no such file; did you mean '{near}'?")
    return "compare"


def _grammar(verb: str, model: type[VerbConfig]) -> Grammar:
    options = {key: option.kind for key, option in model.options.items() if key not in model.positional}
    return Grammar(
        verb,
        model.positional,
        frozenset(key for key, kind in options.items() if not kind.metavar) | OWN_FLAGS,
        frozenset(key for key, kind in options.items() if kind.metavar and not kind.many) | {"config"},
        frozenset(key for key, kind in options.items() if kind.many),
        {key: kind.bare for key, kind in options.items() if kind.bare},
    )


def _tell(verb: str, model: type[VerbConfig], own: dict[str, Any]) -> int:
    if own.get("help"):
        from rtdiff.usage import usage

        sys.stdout.write(usage(verb, VERBS[verb][1], model))
    elif own.get("version"):
        sys.stdout.write(f"rtdiff {__version__}\n")
    else:
        import json

        from rtdiff.validation import schema

        sys.stdout.write(json.dumps(schema(model), indent=2) + "\n")
    return 0


def _settings(
    verb: str, model: type[VerbConfig], given: dict[str, Any], file: SettingsFile | None
) -> VerbConfig:
    from rtdiff.validation import validated

    def named(loc: tuple[str | int, ...]) -> str:
        if not loc or loc[0] in model.positional:
            return ".".join(map(str, loc))
        return f"--{loc[0]}" if len(loc) == 1 else f"--{loc[0]} {int(loc[1]) + 1}, {loc[-1]}"

    def need(missing: str) -> None:
        if missing:
            wanted = " ".join(key.upper() for key in model.positional)
            raise SettingsError(f"{verb}: {missing.upper()} is missing; write rtdiff {verb} {wanted}")

    required = [key for key in model.positional if model.options[key].needed]
    need(next((key for key in required if key not in given and key not in (file.values if file else {})), ""))
    settings = validated(model, given, file, named=named)
    need(settings.missing())
    return settings
