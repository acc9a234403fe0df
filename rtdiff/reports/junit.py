"""The result of comparing two folders as JUnit XML, which build servers show as tests."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from xml.etree import ElementTree

from rtdiff.reports.folder_result import DIFFERENT, ERROR, EXTRA, MISSING, SAME, FolderResult, PairResult
from rtdiff.reports.folder_text import figures, why

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2 Characters
_BOXES = 20  # regions of a pair that are listed
_FAILURES = {
    MISSING: "the reference has it, the test has not",
    EXTRA: "the test has it, the reference has not; accept it with --update",
}


def junit_xml(result: FolderResult) -> bytes:
    """Return one suite with a test for every pair; missing and extra pictures are failures.

    Returns
    -------
    bytes
        UTF-8, with what XML 1.0 forbids in names replaced by ``?``.
    """
    counts = result.counts
    failures = counts[DIFFERENT] + counts[MISSING] + counts[EXTRA]
    stopped = bool(result.error)
    totals = {
        "name": f"rtdiff {_clean(result.reference)}",
        "tests": str(len(result.pairs) + stopped),
        "failures": str(failures),
        "errors": str(counts[ERROR] + stopped),
        "skipped": "0",
        "time": f"{result.seconds:.3f}",
    }
    root = ElementTree.Element("testsuites", totals)
    suite = ElementTree.SubElement(root, "testsuite", totals)
    for pair in result.pairs:
        _case(suite, pair)
    if stopped:
        case = ElementTree.SubElement(
            suite, "testcase", classname="rtdiff", name="all pairs compared", time="0"
        )
        ElementTree.SubElement(case, "error", message=_clean(result.error), type="incomplete")
    ElementTree.indent(root)
    made: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return made + b"\n"


def _case(suite: ElementTree.Element, pair: PairResult) -> None:
    name = _clean(pair.name)
    folders = PurePosixPath(name).parent.parts
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=".".join(("rtdiff", *folders)),
        name=PurePosixPath(name).name,
        file=name,
        time=f"{pair.seconds:.3f}",
    )
    if pair.kind == SAME:
        return
    if pair.kind == ERROR:
        ElementTree.SubElement(case, "error", message=_clean(pair.error), type=ERROR).text = _clean(
            pair.error
        )
        return
    said = _FAILURES.get(pair.kind) or _headline(pair)
    failure = ElementTree.SubElement(case, "failure", message=_clean(said), type=pair.word)
    failure.text = _clean("\n".join([said, *_details(pair)]))


def _headline(pair: PairResult) -> str:
    regions, changed, _, place = figures(pair)
    said = f"{regions} regions, {changed} changed" + (f", worst at {place}" if place else "")
    return f"{said}; {also}" if (also := why(pair)) else said


def _details(pair: PairResult) -> list[str]:
    if not pair.told:
        return [pair.note] if pair.note else []
    told = pair.told
    lines = [
        f"reference: {told['reference']['path']}",
        f"test: {told['test']['path']}",
        f"score: {told['score']}",
    ]
    lines += [
        "region {}:{}-{}:{}, {} px".format(*box["xyxy"], box["area_px"]) for box in told["boxes"][:_BOXES]
    ]
    return lines


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
