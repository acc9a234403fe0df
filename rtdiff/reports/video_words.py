"""What two videos came to, in words that everybody understands."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rtdiff.figures import clock_text, count_text, percent_text, score_text
from rtdiff.reports.compare_text import WHY
from rtdiff.video_records import SIDES, Numbers, VideoResult, runs

SHOWN_RUNS = 40
VIDEO_WHY = WHY | {"offset": "the test is early or late"}
KIND_WORDS = {
    "unpaired": "without a partner",
    "repeated": "shown twice",
    "frozen": "frozen",
    "corrupt": "damaged",
}
"""Kind of a list of frames -> what such frames are."""


def why_video(result: VideoResult) -> str:
    """Return the verdict's reason, one line."""
    pairs = count_text(result.pairs, "pair") + " of frames"
    if not result.pairs:
        return "not one frame has a partner"
    if result.identical:
        return f"every sample of all {pairs} is equal"
    if result.same:
        found = "no visible difference" if not result.different else "as much as is allowed"
        return f"{found} in {pairs} (noise: {result.noise_levels:.2g} of 255 levels)"
    found = "; ".join(_reason(result, reason) for reason in result.reasons)
    return found if result.complete else f"{found}; not everything was compared"


def _reason(result: VideoResult, reason: str) -> str:
    if reason == "boxes":
        places = f" in {len(result.segments):,} places" if len(result.segments) > 1 else ""
        first = f", first at {clock_text(result.segments[0].start_ns)}" if result.segments else ""
        return f"{result.different:,} of {count_text(result.pairs, 'pair')} look different{places}{first}"
    if reason in KIND_WORDS:
        return lost_text(getattr(result, reason), KIND_WORDS[reason])
    return VIDEO_WHY.get(reason, reason.replace("_", " "))


def lost_text(numbers: Numbers, what: str) -> str:
    """Return ``3 frames of the test without a partner``, of both sides."""
    told = [f"{count_text(len(numbers[side]), 'frame')} of the {side}" for side in SIDES if numbers.get(side)]
    return f"{' and '.join(told) or 'frames'} {what}"


def runs_text(frames: Sequence[int]) -> str:
    """Return numbers of frames as ``4, 17 to 20``; of very many the first."""
    found = runs(frames)
    told = [
        f"{first:,}" if last == first + 1 else f"{first:,} to {last - 1:,}"
        for first, last in found[:SHOWN_RUNS]
    ]
    rest = len(found) - SHOWN_RUNS
    return ", ".join(told) + (f" and {rest:,} more places" if rest > 0 else "")


def figures_of(result: VideoResult) -> dict[str, str]:
    """Return the few figures that stand on top of a page, by name."""
    told = {
        f"Score ({result.metric.upper()})": score_text(result.score),
        "Lowest score": score_text(result.score_min),
        "1 % are below": score_text(result.score_p1),
        "Different pairs": f"{result.different:,} of {result.pairs:,}",
        "Changed on average": percent_text(result.changed_fraction),
    }
    if result.psnr_db is not None:
        told["PSNR"] = db_text(result.psnr_db)
    if result.worst is not None and not result.identical:
        told["Worst at"] = clock_text(result.worst.time_ns)
    if result.largest is not None and result.largest.index != (result.worst and result.worst.index):
        told["Largest change at"] = clock_text(result.largest.time_ns)
    return {name: text for name, text in told.items() if text != "nan"}


def db_text(value: float) -> str:
    """Return decibels for people; of equal pictures they are infinite."""
    return "∞ dB" if math.isinf(value) else f"{value:.2f} dB"
