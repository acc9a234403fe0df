"""The result of comparing two pictures, for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rtdiff.errors import redact
from rtdiff.figures import count_text, percent_text, printable, score_text
from rtdiff.records import Correction, Diff

BOXES_SHOWN = 10
WHY = {
    "size": "the sizes differ",
    "light": "light or colour differs everywhere",
    "shift": "the picture is shifted",
    "unpaired": "frames without a partner",
    "fail_under": "the score is below the limit",
}
LABELS = {"ssim": "SSIM", "psnr_db": "PSNR"}
RED, GREEN, PLAIN = "\x1b[1;31m", "\x1b[1;32m", "\x1b[0m"


def compare_text(
    diff: Diff,
    *,
    reference_info: Mapping[str, Any],
    test_info: Mapping[str, Any],
    colour: bool = False,
    error: str | None = None,
    passes: bool | None = None,
) -> str:
    """Return the result as a few lines, newline at the end included.

    Parameters
    ----------
    diff : Diff
        What was decided.
    reference_info, test_info : mapping
        ``path`` and ``size_wh``, as for `compare_json`.
    colour : bool
        Colour the verdict for a terminal; without it there is no escape sequence in the text.
    error : str, optional
        Why not everything was compared.
    passes : bool, optional
        What ``--fail-under`` decides, if it was given: it alone is what the exit code says.
    """
    verdict, paint = ("SAME", GREEN) if diff.same else ("DIFFERENT", RED)
    word = f"{paint}{verdict}{PLAIN}" if colour else verdict
    pixels = sum(box.area_px for box in diff.boxes)
    rows = [
        ("reference", _source(reference_info)),
        ("test", _source(test_info)),
        ("regions", f"{len(diff.boxes):,}"),
        ("changed", f"{percent_text(diff.changed_fraction)} ({pixels:,} px)"),
    ]
    if not math.isnan(diff.min_ssim):
        x, y = diff.min_xy
        rows.append(("worst", f"local SSIM {score_text(diff.min_ssim)} at {x},{y}"))
    rows += [
        (LABELS.get(name, name), metric_text(name, value) + _planes(diff, name))
        for name, value in diff.metrics.items()
        if not math.isnan(value)
    ]
    rows += whole_rows(diff)
    rows += [("zone", f"{printable(name)}: {_zone(diff, name)}") for name in diff.zones]
    if passes is not None:
        rows.append(
            ("limit", f"--fail-under {'passes' if passes else 'fails'}; it alone decides the exit code")
        )
    rows += [("corrected", printable(correction_text(correction))) for correction in diff.corrections]
    if error is not None:
        rows.append(("stopped", printable(redact(error))))
    wide = max(10, *(len(name) for name, _ in rows))
    lines = [f"{word}: {why(diff)}", *(f"  {name:<{wide}} {value}" for name, value in rows)]
    return "\n".join(lines + _table(diff)) + "\n"


def why(diff: Diff) -> str:
    """Return the verdict's reason, one line."""
    if diff.identical:
        return "every sample is equal"
    regions = f"{count_text(len(diff.boxes), 'region')}, {percent_text(diff.changed_fraction)} changed"
    if diff.same and diff.boxes:
        return f"{regions}: as much as is allowed"
    if diff.same:
        return f"no visible difference (noise: {diff.noise_levels:.2g} of 255 levels)"
    if diff.boxes and not math.isnan(diff.min_ssim):
        regions += f", worst at {diff.min_xy[0]},{diff.min_xy[1]}"
    return "; ".join(regions if reason == "boxes" else WHY.get(reason, reason) for reason in diff.reasons)


def whole_rows(diff: Diff) -> list[tuple[str, str]]:
    """Return what changed in the whole picture, and the densest square, as names and texts."""
    rows = []
    if diff.whole.light is not None:
        gain, offset = diff.whole.light
        forgiven = _forgiven(diff, "light")
        rows.append(("light", f"{gain:.3f} times as bright {offset:+.1f} levels of 255{forgiven}"))
    if diff.whole.shift is not None:
        (dx, dy), forgiven = diff.whole.shift, _forgiven(diff, "shift")
        across = f"{abs(dx)} px to the {'right' if dx > 0 else 'left'}" if dx else ""
        down = f"{abs(dy)} px {'down' if dy > 0 else 'up'}" if dy else ""
        rows.append(("shift", " and ".join(filter(None, (across, down))) + forgiven))
    if diff.densest is not None:
        count, (x, y) = diff.densest
        rows.append(("density", f"{count:,} px in the fullest square, at {x},{y}"))
    return rows


def _forgiven(diff: Diff, reason: str) -> str:
    return f" (--ignore {reason} forgives it)" if reason in diff.reasons else " (ignored, as asked)"


def _source(info: Mapping[str, Any]) -> str:
    width, height = info["size_wh"]
    return f"{printable(redact(info['path']))}  {width}x{height}"


def metric_text(name: str, value: float) -> str:
    """Return a metric by its name in `Diff.metrics` for people."""
    return f"{value:.2f} dB" if name.endswith("_db") else score_text(value, 5)


def _planes(diff: Diff, name: str) -> str:
    shares = diff.planes.get(name, {}).items()
    text = ", ".join(f"{plane.capitalize()} {score_text(value, 5)}" for plane, value in shares)
    return f" ({text})" if text else ""


def _zone(diff: Diff, name: str) -> str:
    zone = diff.zones[name]
    regions = count_text(zone.boxes, "region")
    return f"{regions}, {percent_text(zone.changed_fraction)}, score {score_text(zone.score)}"


def correction_text(correction: Correction, arrow: str = "->") -> str:
    """Return a correction as one line; what users supplied in it is not escaped."""
    between = ", " if correction.kind == "shift" else "x"  # pixels to the right and down, or a size
    before, after = (_value(value, between) for value in (correction.before, correction.after))
    text = f"{correction.kind} of {correction.side}: {before} {arrow} {after}"
    return f"{text} ({correction.detail})" if correction.detail else text


def _value(value: Any, between: str) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    return between.join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _table(diff: Diff) -> list[str]:
    """The largest boxes; the form x0:y0-x1:y1 is what --ignore-region takes."""
    if not diff.boxes:
        return []
    shown = diff.boxes[:BOXES_SHOWN]
    places = ["{}:{}-{}:{}".format(*box.xyxy) for box in shown]
    wide = max(len("region"), *map(len, places))
    lines = ["", f"  {'#':>4}  {'region':<{wide}}  {'pixels':>9}  {'min SSIM':>8}  {'max diff':>8}"]
    for box, place in zip(shown, places, strict=True):
        figures = f"{box.area_px:>9,}  {score_text(box.min_ssim):>8}  {box.max_diff:>8.1f}"
        lines.append(f"  {box.id:>4}  {place:<{wide}}  {figures}")
    if (rest := len(diff.boxes) - BOXES_SHOWN) > 0:
        lines.append(f"  and {rest:,} more")
    return lines
