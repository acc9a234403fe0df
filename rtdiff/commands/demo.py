"""``rtdiff demo``: the main job on a drawn scene that knows its own truth, or on the user's source."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtdiff.commands.compare import picture
from rtdiff.commands.progress import progress
from rtdiff.commands.watch import say_begin
from rtdiff.config import WatchConfig, from_options
from rtdiff.errors import SinkError, SourceError, redact
from rtdiff.figures import count_text, percent_text, score_text
from rtdiff.pipeline import Summary, run
from rtdiff.records import Box, Diff, Event, Tick
from rtdiff.reports.events import event_line
from rtdiff.sinks.log import LogSink
from rtdiff.sinks.still import write_picture
from rtdiff.sinks.video import VideoSink
from rtdiff.sources.synthetic import SyntheticSource, Truth
from rtdiff.views.painter import Painter
from rtdiff.watching import Watch, open_watch

if TYPE_CHECKING:
    from rtdiff.config import DemoConfig

# no lamp is switched: a sudden light change is compensated in a later version, and drifts are not hidden
SCENE = "synthetic://shelf?size=1280x720&frames=500&seed=3&lamp=none"
FOLDER = "rtdiff-demo"
VIDEO, PICTURE, LOG = "annotated.mp4", "worst.png", "events.jsonl"


@dataclass(slots=True)
class Score:
    """Boxes against truth, frame by frame; takes ticks like a sink."""

    scene: SyntheticSource
    found_ns: dict[str, int] = field(default_factory=dict)
    """When each thing was boxed first, by label, stream time."""
    hits: int = 0
    """Things in frames that a box was on."""
    truths: int = 0
    """Things in frames that could be seen."""
    false: int = 0
    """Boxes that touch no thing, neither present nor just leaving."""
    boxes: int = 0

    def write(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Count one frame."""
        if tick.frame is None or diff is None:
            return
        truth = self.scene.truth(tick.frame.index)
        for thing in truth:
            hit = any(_covers(box, thing) for box in diff.boxes)
            self.truths += 1
            self.hits += hit
            if hit:
                self.found_ns.setdefault(thing.label, tick.time_ns)
        self.boxes += len(diff.boxes)
        self.false += sum(not any(_touches(box, thing) for thing in truth) for box in diff.boxes)

    def lines(self, fps: float) -> list[str]:
        """Return the score for people: a line per planted thing, then recall and precision."""
        out = []
        for first, _, label, _ in self.scene.events:
            at = self.found_ns.get(label)
            told = (
                "not found" if at is None else f"found {max(at / 1e9 - first / fps, 0):.2f} s after it came"
            )
            out.append(f"  {label:32}{told}")
        recall = self.hits / self.truths if self.truths else 1.0
        precision = 1 - self.false / self.boxes if self.boxes else 1.0
        out.append(f"recall   {percent_text(recall)} of {self.truths} things in frames had a box on them")
        out.append(
            f"false    {self.false} of {self.boxes} boxes touched none (precision {percent_text(precision)})"
        )
        return out


def _covers(box: Box, thing: Truth) -> bool:
    """Return whether a box holds a thing's middle."""
    x, y = ((thing.xyxy[k] + thing.xyxy[k + 2]) / 2 for k in (0, 1))
    return box.xyxy[0] <= x < box.xyxy[2] and box.xyxy[1] <= y < box.xyxy[3]


def _touches(box: Box, thing: Truth) -> bool:
    a, b = box.xyxy, thing.xyxy
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])


@dataclass(slots=True)
class Worst:
    """Keeps the annotated picture of the frame with the largest change; takes ticks like a sink."""

    kept: Any = None
    changed: float = -1.0

    def write(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Keep the picture of this frame if it is the most changed so far."""
        if diff is not None and diff.changed_fraction > self.changed:
            self.changed = diff.changed_fraction
            self.kept = picture(diff, "side")


def demo(settings: DemoConfig) -> int:
    """Watch, draw, score; print what came of it and where it lies; return the exit code.

    Raises
    ------
    SettingsError, SourceError, SinkError, EngineError, MissingExtra
        As told by the message.
    """
    folder = Path(settings.output or FOLDER)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise SinkError(f"{redact(folder)}: {error.strerror}; choose another folder with -o") from error
    options: dict[str, Any] = {"engine": settings.engine, "on_delay": "0.4s", "off_delay": "1s"}
    if settings.duration is not None:
        options["duration"] = settings.duration
    watched = from_options(WatchConfig, source=settings.source or SCENE, **options)
    (folder / LOG).unlink(missing_ok=True)
    summary, worst, begin = Summary(), Worst(), time.perf_counter()
    with contextlib.ExitStack() as stack:
        rooms = stack.enter_context(open_watch(watched))
        score = Score(rooms.source) if isinstance(rooms.source, SyntheticSource) else None
        say_begin(watched, rooms)
        begin = time.perf_counter()
        sinks = _sinks(stack, rooms, folder, watched)
        extra = [worst, score] if score is not None else [worst]
        ticks = rooms.ticks(watched.at_rate(rooms.source.info.fps).duration_ns, str)
        shown = stack.enter_context(progress(rooms.source.info.frames))
        run(
            ticks,
            rooms.reference,
            rooms.engine,
            rooms.regions,
            rooms.journal.tell,
            [*sinks, *extra, shown],
            summary,
        )
    if summary.frames == 0:
        raise SourceError(f"{rooms.source.info.name}: gave not one frame; see whether it plays elsewhere")
    seconds = time.perf_counter() - begin
    files = [folder / VIDEO, folder / LOG]
    if worst.kept is not None:
        write_picture(folder / PICTURE, worst.kept)
        files.insert(1, folder / PICTURE)
    _tell(summary, score, rooms, seconds, files)
    return 0


def _sinks(stack: contextlib.ExitStack, rooms: Watch, folder: Path, settings: WatchConfig) -> list[Any]:
    def open_alarms() -> str:
        return "alarm" if rooms.alarm.open else ""

    fps = rooms.source.info.fps or settings.fps
    return [
        stack.enter_context(LogSink(folder / LOG, event_line)),
        stack.enter_context(VideoSink(folder / VIDEO, Painter(alarm=open_alarms), fps)),
    ]


def _tell(summary: Summary, score: Score | None, rooms: Watch, seconds: float, files: Sequence[Path]) -> None:
    out = sys.stdout.write
    info = rooms.source.info
    out(f"watched  {info.name}, {info.size_wh[0]}x{info.size_wh[1]}\n")
    rate = summary.frames / seconds
    frames = count_text(summary.frames, "frame")
    out(f"speed    {frames} in {seconds:.1f} s, {rate:.0f} a second, drawing and encoding included\n")
    if summary.compared == 0:
        out("nothing was compared: the source ended before its reference was learned\n")
    else:
        lowest = f"lowest {score_text(summary.score_min)} at frame {summary.worst_frame}"
        out(f"score    {score_text(summary.score)} on average, {lowest}\n")
        out(f"alarms   {summary.alarms}\n")
    if score is not None:
        out("against the scene's own truth:\n")
        out("\n".join(score.lines(float(info.fps or 25))) + "\n")
    for path in files:
        out(f"written  {path}\n")
