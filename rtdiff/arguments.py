"""The command line's grammar: from words to texts by key. What they mean is the models' business.

It is our own, and small, since every run pays for it: cyclopts takes 0.1 s to import and needs
rich for its help, where comparing two pictures takes less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rtdiff.classes import dataclass
from rtdiff.errors import SettingsError, redact

SHORT = {"-o": "output", "-h": "help"}
ALIASES = {"test": "tests"}
"""What an option is called beside its key."""
LATER = frozenset(
    (
        *("blink", "camera", "clip", "events", "exec", "lost-after", "mqtt", "realtime", "webhook"),
        "window",
    )
)
"""Options of the contract that this version does not have."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """What the words of one verb may be."""

    verb: str
    """Its name."""
    positional: tuple[str, ...]
    """Keys that are given by position, in order."""
    flags: frozenset[str]
    """Options without a value."""
    singles: frozenset[str]
    """Options with one value."""
    many: frozenset[str]
    """Options with one value that may be repeated."""
    bare: Mapping[str, str]
    """Those that take a value only with ``=``, and what they mean without one."""


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the one of `names` that is most like `name`, or nothing."""
    from difflib import get_close_matches  # 5 ms, for errors only

    folded = {other.replace("_", "-"): other for other in names}
    near = get_close_matches(name.replace("_", "-").lower(), folded, 1, 0.6)
    return folded[near[0]] if near else ""


def unknown(
    name: str, known: Iterable[str], dashes: str = "", where: str = "rtdiff COMMAND --help lists them"
) -> str:
    """Return what to say of an option that is none of `known`; `where` says who lists them."""
    if name.replace("_", "-").lower() in LATER:
        return "comes in a later version; leave it out"
    near = nearest(name, known)
    return "unknown option; " + (f"did you mean '{dashes}{near}'?" if near else where)


def parse(words: Sequence[str], grammar: Grammar) -> dict[str, Any]:
    """Return texts, lists of texts and truth values by key, as the words give them.

    Raises
    ------
    SettingsError
        An unknown option, one without its value, one given twice, or a name too many.
    """
    found: dict[str, Any] = {}
    names: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            names += rest
        elif word == "-" or not word.startswith("-"):
            names.append(word)
        else:
            key, text = _option(word, rest, grammar)
            if key in grammar.many:
                found.setdefault(key, []).append(text)
            elif key in found and key in grammar.singles:
                raise SettingsError(f"--{key}: is given twice; leave one out")
            else:
                found[key] = text
    return {**_named(names, grammar), **found}


def _option(word: str, rest: Iterator[str], grammar: Grammar) -> tuple[str, Any]:
    name, equals, text = word.partition("=")
    if name[:2] in SHORT and not name.startswith("--"):
        name, equals, text = f"--{SHORT[name[:2]]}", word[2:3], word[2:].removeprefix("=")
    key = ALIASES.get(name.removeprefix("--"), name.removeprefix("--"))
    off = key.removeprefix("no-")
    if not equals and key in grammar.flags:
        return key, True
    if not equals and off in grammar.flags:
        return off, False
    if key not in grammar.flags | grammar.singles | grammar.many or not name.startswith("--"):
        known = grammar.flags | grammar.singles | grammar.many
        raise SettingsError(f"{redact(name)}: {unknown(name.lstrip('-'), sorted(known), '--')}")
    if not equals and key in grammar.bare:
        return key, grammar.bare[key]
    if not equals:
        text = next(rest, "--")
        if text.startswith("--"):
            raise SettingsError(f"{name}: needs a value; write {name} VALUE (or {name}=VALUE)")
    return key, text


def _named(names: Sequence[str], grammar: Grammar) -> dict[str, str]:
    if len(names) > len(grammar.positional):
        extra = redact(names[len(grammar.positional)])
        taken = " ".join(key.upper() for key in grammar.positional) or "no names"
        hint = f"to write a result give -o {extra}" if grammar.positional else "leave it out"
        raise SettingsError(f"{extra}: one name too many, {grammar.verb} takes {taken}; {hint}")
    return dict(zip(grammar.positional, names, strict=False))
