"""What ``rtdiff demo`` says at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtdiff.figures import count_text, percent_text, printable, score_text

if TYPE_CHECKING:
    from rtdiff.commands.demo_score import Planted, Score
    from rtdiff.pipeline import Summary
    from rtdiff.sources.source import SourceInfo
    from rtdiff.sources.synthetic_options import Options


def run_lines(info: SourceInfo, against: str, engine: str, summary: Summary, seconds: float) -> list[str]:
    """Return what was watched, how quickly, and what came of it."""
    width, height = info.size_wh
    rate = summary.frames / max(seconds, 1e-9)
    frames = count_text(summary.frames, "frame")
    lines = [
        f"watched    {printable(info.name)}, {width}x{height}, {frames}",
        f"against    {printable(against)}; engine {engine}",
        f"speed      {rate:.0f} frames a second, reading, drawing and encoding included ({seconds:.1f} s)",
    ]
    if summary.corrupt:
        lines.append(f"damaged    {count_text(summary.corrupt, 'frame')}, set aside")
    if summary.compared == 0:
        return [*lines, "compared   nothing: it ended before there was a reference; give a longer one"]
    lowest = f"lowest {score_text(summary.score_min)} in frame {summary.worst_frame}"
    different = f"different  {summary.different:,} of {count_text(summary.compared, 'compared frame')}"
    return [
        *lines,
        f"SSIM       {score_text(summary.score)} on average, {lowest}",
        different,
        f"alarms     {summary.alarms} raised",
    ]


def scene_line(options: Options) -> str:
    """Return what makes a drawn scene hard."""
    lamp = "" if options.lamp is None or not options.light else ", a lamp that is switched"
    return (
        f"scene      noise {options.noise:g} levels, light drifting up to {50 * options.light:g} %{lamp}, "
        f"camera shaking up to {options.shake:g} px;\n"
        "           this version compensates neither light nor shake: more of them means false boxes"
    )


def score_lines(score: Score) -> list[str]:
    """Return boxes against truth: a line for each thing, then the sums."""
    things = score.seen
    lines = ["", "Held against the scene's own truth:", ""]
    if things:
        wide = max(len(thing.label) for thing in things)
        lines.append(f"  {'what came':{wide}}  {'at':>7}  {'found after':>11}  {'boxed in':>17}  overlap")
        lines += [_thing_line(thing, wide) for thing in things]
        lines.append("")
    found = sum(thing.found_ns is not None for thing in things)
    shown, hit = sum(thing.frames for thing in things), sum(thing.hits for thing in things)
    lines.append(f"found      {found} of {count_text(len(things), 'thing')}")
    lines.append(f"recall     {_share(hit, shown)}: things boxed, over all frames")
    lines.append(f"precision  {_share(score.right, score.boxes)}: boxes that are on a thing")
    quiet = count_text(score.quiet_frames, "frame")
    each = f"{score.quiet_boxes / score.quiet_frames:.2f}" if score.quiet_frames else "no"
    lines.append(
        f"false      {each} boxes a frame, and {score.idle_alarms} alarms, in {quiet} with nothing there"
    )
    return lines


def _thing_line(thing: Planted, wide: int) -> str:
    boxed = f"{thing.hits} of {thing.frames} frames"
    after, fit = "not found", "-"
    if thing.found_ns is not None:
        after, fit = f"{(thing.found_ns - thing.came_ns) / 1e9:.2f} s", f"{thing.fit / thing.hits:.2f}"
    return f"  {thing.label:{wide}}  {thing.came_ns / 1e9:5.2f} s  {after:>11}  {boxed:>17}  {fit:>7}"


def _share(part: int, whole: int) -> str:
    return f"{percent_text(part / whole)} ({part:,} of {whole:,})" if whole else "- (0 of 0)"
