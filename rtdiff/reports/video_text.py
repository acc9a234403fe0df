"""The result of comparing two videos, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rtdiff.errors import redact
from rtdiff.figures import clock_text, count_text, percent_text, printable, score_text
from rtdiff.reports.compare_text import GREEN, LABELS, PLAIN, RED, correction_text, metric_text
from rtdiff.reports.video_words import KIND_WORDS, runs_text, why_video
from rtdiff.video_records import OF_NOTE, Numbers, Segment, Side, VideoResult, Worst

SHOWN = 10  # segments
NAMES = {"ssim-ffmpeg": "FFmpeg's SSIM", "ssim-gaussian": "Gaussian SSIM", "absdiff": "1 - difference"}


def video_text(result: VideoResult, *, colour: bool = False, passes: bool | None = None) -> str:
    """Return the result as some lines, newline at the end included.

    Parameters
    ----------
    result : VideoResult
        What two videos came to.
    colour : bool
        Colour the verdict for a terminal.
    passes : bool, optional
        What ``--fail-under`` and its kin decide, if they were given.
    """
    verdict, paint = ("SAME", GREEN) if result.same else ("DIFFERENT", RED)
    word = f"{paint}{verdict}{PLAIN}" if colour else verdict
    rows = [
        ("reference", _side(result.reference)),
        ("test", _side(result.test)),
        ("pairs", f"{result.pairs:,}, {result.different:,} different"),
        *_scores(result),
    ]
    if result.worst is not None:
        rows.append(("worst", _place(result.worst) + f", score {score_text(result.worst.score, 5)}"))
    if result.segments:
        first = result.segments[0]
        rows.append(("first", f"different at {clock_text(first.start_ns)}, pair {first.first}"))
    if result.largest is not None:
        rows.append(
            ("largest", f"{_place(result.largest)}, {count_text(len(result.largest.boxes), 'region')}")
        )
    for name in OF_NOTE:
        rows += _numbers(name, getattr(result, name))
    if passes is not None:
        told = "passes" if passes else "fails"
        rows.append(("limit", f"--fail-under {told}; it alone decides the exit code"))
    rows += [("corrected", printable(correction_text(one))) for one in result.corrections]
    if result.error is not None:
        rows.append(("stopped", printable(redact(result.error))))
    wide = max(10, *(len(name) for name, _ in rows))
    lines = [f"{word}: {why_video(result)}", *(f"  {name:<{wide}} {value}" for name, value in rows)]
    return "\n".join(lines + _table(result.segments)) + "\n"


def _scores(result: VideoResult) -> list[tuple[str, str]]:
    low = f"lowest {score_text(result.score_min, 5)}, 1 % {score_text(result.score_p1, 5)}"
    rows: list[tuple[str, str]] = []
    for name, value in result.metrics.items():
        told = metric_text(name, value)
        if name == "psnr_db" and result.psnr_db is not None:
            told = f"{metric_text(name, result.psnr_db)} pooled, mean {told}"
        planes = result.planes.get(name, {})
        parts = ", ".join(f"{plane.capitalize()} {_short(name, share)}" for plane, share in planes.items())
        told += f" ({parts})" if parts else ""
        if not rows:
            told += f"  {low}" if name == result.metric else ""
        rows.append((LABELS.get(name) or NAMES.get(name, name), told))
    rows.append(("changed", f"{percent_text(result.changed_fraction)} on average"))
    return rows


def _short(name: str, value: float) -> str:
    return f"{value:.2f}" if name.endswith("_db") else score_text(value, 5)


def _side(side: Side) -> str:
    width, height = side.size_wh
    rate = "" if side.fps is None else f"  {side.fps:.6g} fps"
    return f"{printable(redact(side.path))}  {width}x{height}{rate}  {count_text(side.frames, 'frame')}"


def _place(one: Worst) -> str:
    other = "" if one.frame_ref == one.frame_test else f" (test {one.frame_test})"
    return f"frame {one.frame_ref}{other} at {clock_text(one.time_ns)}"


def _numbers(name: str, sides: Numbers) -> list[tuple[str, str]]:
    return [
        (name, f"{count_text(len(numbers), 'frame')} of {side} {KIND_WORDS[name]}: {runs_text(numbers)}")
        for side, numbers in sides.items()
        if numbers
    ]


def _table(segments: Sequence[Segment]) -> list[str]:
    if not segments:
        return []
    lines = ["", f"  {'from':<12}  {'to':<12}  {'pairs':>13}  {'regions':>7}  {'lowest':>8}"]
    for one in segments[:SHOWN]:
        begin, end = clock_text(one.start_ns), clock_text(one.end_ns)
        pairs = f"{one.first}-{one.last - 1}" if one.last > one.first + 1 else str(one.first)
        lines.append(f"  {begin}  {end}  {pairs:>13}  {one.boxes:>7}  {score_text(one.score, 5):>8}")
    if (rest := len(segments) - SHOWN) > 0:
        lines.append(f"  and {rest:,} more")
    return lines
