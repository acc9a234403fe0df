"""The result of comparing two folders, for people."""

from __future__ import annotations

from rtdiff.errors import redact
from rtdiff.figures import count_text, percent_text, printable, score_text
from rtdiff.reports.compare_text import GREEN, PLAIN, RED
from rtdiff.reports.folder_result import (
    DIFFERENT,
    ERROR,
    EXTRA,
    KINDS,
    MISSING,
    SAME,
    FolderResult,
    PairResult,
)

SPOKEN = {DIFFERENT: "different", SAME: "the same", MISSING: "missing", EXTRA: "extra"}


def folder_text(result: FolderResult, *, colour: bool = False) -> str:
    """Return the result as a few lines and a table, newline at the end included.

    The table holds what is not the same: differences, missing, extra and unreadable pictures.

    Parameters
    ----------
    result : FolderResult
        All pairs.
    colour : bool
        Colour the verdict for a terminal; without it there is no escape sequence in the text.
    """
    verdict, paint = ("SAME", GREEN) if result.same else ("DIFFERENT", RED)
    word = f"{paint}{verdict}{PLAIN}" if colour else verdict
    lines = [f"{word}: {summary(result)}"]
    if result.test:
        lines += [
            f"  reference  {_folder(result.reference, result.pictures[0])}",
            f"  test       {_folder(result.test, result.pictures[1])}",
        ]
    else:
        both = "{} expected, {} actual".format(*result.pictures)
        lines.append(f"  tree       {_shown(result.reference)}  {both}")
    lines += [f"  note       {printable(note)}" for note in result.notes]
    lines += _table([pair for pair in result.pairs if pair.kind != SAME], set(result.accepted))
    if result.accepted:
        lines += [
            "",
            f"  accepted   {count_text(len(result.accepted), 'picture')}: the test is the reference now",
        ]
    if result.error:
        lines += ["", f"  stopped    {printable(result.error)}"]
    return "\n".join(lines) + "\n"


def summary(result: FolderResult) -> str:
    """Return how many pairs came to what, one line."""
    counts = result.counts
    told = [
        f"{counts[kind]:,} {SPOKEN[kind]}"
        for kind in KINDS
        if kind in SPOKEN and (counts[kind] or kind == SAME)
    ]
    if counts[ERROR]:
        told.insert(0, count_text(counts[ERROR], "error"))
    identical = sum(bool(pair.told.get("identical")) for pair in result.of(SAME))
    if counts[SAME]:
        told[-1] += " (all identical)" if identical == counts[SAME] else f" ({identical:,} identical)"
    if result.unseen:
        told.append(f"{result.unseen:,} not compared")
    return f"{', '.join(told)}, in {result.seconds:.1f} s"


def figures(pair: PairResult) -> tuple[str, str, str, str]:
    """Return regions, changed area, lowest local SSIM and its place; empty texts where not compared."""
    if not pair.told:
        return "", "", "", ""
    told = pair.told
    worst = told.get("min_ssim")
    place = "{},{}".format(*worst["xy"]) if worst else ""
    lowest = score_text(float(worst["value"])) if worst else ""
    return f"{pair.regions:,}", percent_text(told["changed_fraction"]), lowest, place


def why(pair: PairResult) -> str:
    """Return what else there is to say of a pair: sizes, other reasons, its error or note."""
    told = pair.told
    said = [pair.error] if pair.error else []
    if "size" in told.get("reasons", ()):
        said.append("{}x{} became {}x{}".format(*told["reference"]["size_wh"], *told["test"]["size_wh"]))
    said += [reason for reason in told.get("reasons", ()) if reason not in ("boxes", "size")]
    return "; ".join([*said, pair.note] if pair.note else said)


def _table(pairs: list[PairResult], accepted: set[str]) -> list[str]:
    if not pairs:
        return []
    head = ("verdict", "regions", "changed", "min SSIM", "at", "name")
    rows = [(pair.word, *figures(pair), _shown(pair.name)) for pair in pairs]
    wide = [max(len(row[at]) for row in (head, *rows)) for at in range(5)]
    lines = [""]
    also = [("accepted; " if pair.name in accepted else "") + why(pair) for pair in pairs]
    for row, said in zip((head, *rows), ("", *also), strict=True):
        cells = [f"{row[0]:<{wide[0]}}", *(f"{row[at]:>{wide[at]}}" for at in range(1, 5)), row[5]]
        lines.append("  " + "  ".join(cells) + (f"  ({printable(said.removesuffix('; '))})" if said else ""))
    return lines


def _folder(name: str, pictures: int) -> str:
    return f"{_shown(name)}  {count_text(pictures, 'picture')}"


def _shown(name: str) -> str:
    return printable(redact(name))
