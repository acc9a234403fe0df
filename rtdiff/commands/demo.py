"""``rtdiff demo``: the main job on a drawn scene that knows its own truth, or on the user's source."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rtdiff.atomic import cannot_write, write_whole
from rtdiff.commands.demo_score import Score
from rtdiff.commands.demo_text import run_lines, scene_line, score_lines
from rtdiff.commands.pictures import picture
from rtdiff.commands.progress import progress
from rtdiff.commands.watch import say_begin
from rtdiff.config import WatchConfig, from_options
from rtdiff.errors import SettingsError, SinkError, SourceError, redact
from rtdiff.figures import printable
from rtdiff.pipeline import Summary, run
from rtdiff.records import Diff, Event, Tick
from rtdiff.reports.events import event_line
from rtdiff.sinks.log import LogSink
from rtdiff.sinks.still import write_picture
from rtdiff.sinks.video import VideoSink
from rtdiff.sources.synthetic import SyntheticSource
from rtdiff.views.painter import Painter
from rtdiff.watching import Watch, open_watch

if TYPE_CHECKING:
    from rtdiff.config import DemoConfig
    from rtdiff.sinks.sink import Sink
    from rtdiff.sources.source import SourceInfo

# A camera on a wall sways by a fraction of a pixel. Shift is not compensated yet: with shake=0.4 no box is
# false but the key is missed in half of its frames; with 0.5 edges are boxed in 17 frames. A switched
# lamp is a difference everywhere, so there is none.
SCENE = "synthetic://shelf?size=1280x720&frames=500&seed=3&shake=0.4&lamp=none"
FOLDER = "rtdiff-demo"
VIDEO, PICTURE, LOG, TEXT = "annotated.mp4", "worst.png", "events.jsonl", "summary.txt"
MARK = "Made by rtdiff demo, which replaces these files when it runs again."
DELAYS = {"on_delay": "0.3s", "off_delay": "0.3s"}  # the scene's shortest pause is 12 frames, 0.48 s
LEARN_S = 2  # seconds of median; of what is not twice as long, the first frame serves


@dataclass(slots=True)
class Worst:
    """Keeps the frame with the largest change; takes ticks like a sink."""

    diff: Diff | None = None

    def write(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Keep this comparison if it is the most changed so far."""
        if diff is not None and (self.diff is None or diff.changed_fraction > self.diff.changed_fraction):
            self.diff = diff


def demo(settings: DemoConfig) -> int:
    """Watch, draw, score; print what came of it and where it lies; return the exit code.

    Raises
    ------
    SettingsError, SourceError, SinkError, EngineError, MissingExtra
        As told by the message. Files of an earlier run are replaced, those of others never.
    """
    folder = Path(settings.output or FOLDER)
    summary, worst = Summary(), Worst()
    with contextlib.ExitStack() as stack:
        watched, rooms = _open(settings)
        stack.enter_context(rooms)
        _refuse_input(folder, watched.source)
        claim(folder)
        info = rooms.source.info
        score = Score(rooms.source.truth) if isinstance(rooms.source, SyntheticSource) else None
        say_begin(watched, rooms)
        begin = time.perf_counter()
        sinks = [stack.enter_context(sink) for sink in _sinks(rooms, folder, watched)]
        counting = [worst] if score is None else [worst, score]
        length = watched.at_rate(info.fps).duration_ns
        shown = stack.enter_context(progress(_expected(info, length)))
        run(
            rooms.ticks(length, str),
            rooms.reference,
            rooms.engine,
            rooms.regions,
            rooms.journal.tell,
            [*sinks, *counting, shown],
            summary,
        )
        if summary.frames == 0:
            raise SourceError(f"{info.name}: gave not one frame; see whether it plays elsewhere")
        if worst.diff is not None:
            write_picture(folder / PICTURE, picture(worst.diff, "side"))
    seconds = time.perf_counter() - begin
    lines = run_lines(info, _against(watched.reference), rooms.engine.name, summary, seconds)
    if isinstance(rooms.source, SyntheticSource) and score is not None:
        lines = [*lines, scene_line(rooms.source.options), *score_lines(score)]
    _finish(folder, [*lines, "", *_files(folder, worst)])
    return 0


def _open(settings: DemoConfig) -> tuple[WatchConfig, Watch]:
    """Return what to watch and its rooms; a source too short for a median has its first frame."""
    wanted = {
        "source": settings.source or SCENE,
        "reference": f"median:{LEARN_S}s",
        "engine": settings.engine,
        "duration": settings.duration,
    }
    watched = from_options(WatchConfig, **wanted, **DELAYS)
    rooms = open_watch(watched)
    info = rooms.source.info
    known = [n for n in (info.duration_ns, watched.at_rate(info.fps).duration_ns) if n is not None]
    if known and min(known) < 2 * LEARN_S * 10**9:
        rooms.close()
        watched = from_options(WatchConfig, **{**wanted, "reference": "first"}, **DELAYS)
        rooms = open_watch(watched)
    return watched, rooms


def _refuse_input(folder: Path, source: str) -> None:
    for made in (folder, *(folder / name for name in (VIDEO, PICTURE, LOG, TEXT))):
        if _same(Path(source), made):
            raise SettingsError(f"{redact(source)}: would be written over; choose another folder with -o")


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # an address is no path, or nothing is there
        return False


def claim(folder: Path) -> None:
    """Make the folder, or empty it of what an earlier run made.

    Raises
    ------
    SinkError
        When it cannot be made, or holds files of these names that no earlier run made.
    """
    if folder.exists() and not folder.is_dir():
        raise SinkError(f"{redact(folder)}: is a file; give a folder with -o")
    if not folder.resolve().parent.is_dir():
        raise SinkError(
            f"{redact(folder)}: the folder {redact(folder.parent)} does not exist; create it first"
        )
    try:
        folder.mkdir(exist_ok=True)
        outputs = [folder / name for name in (VIDEO, PICTURE, LOG)]
        text = folder / TEXT
        there = next((path for path in (*outputs, text) if path.exists()), None)
        if there is not None and not _is_ours(text):
            raise SinkError(
                f"{redact(there)}: is there already and not from a demo; choose another folder with -o"
            )
        for path in outputs:
            path.unlink(missing_ok=True)
    except SinkError:
        raise
    except OSError as error:
        raise cannot_write(folder, error) from error
    write_whole(text, f"{MARK}\nThis run has not finished.\n".encode())


def _is_ours(text: Path) -> bool:
    if not text.is_file():
        return False
    with text.open("rb") as file:
        return file.read(len(MARK)) == MARK.encode()


def _sinks(rooms: Watch, folder: Path, settings: WatchConfig) -> list[Sink]:
    def open_alarms() -> str:
        return "alarm" if rooms.alarm.open else ""

    fps = rooms.source.info.fps or settings.fps
    return [
        LogSink(folder / LOG, event_line),
        VideoSink(folder / VIDEO, Painter(alarm=open_alarms), fps),
    ]


def _expected(info: SourceInfo, length_ns: int | None) -> int | None:
    """Return how many frames there will be, for a bar; None when nobody knows."""
    if length_ns is None or info.fps is None:
        return info.frames
    limit = int(length_ns * info.fps / 10**9) + 1
    return limit if info.frames is None else min(limit, info.frames)


def _against(reference: str) -> str:
    return "its first frame" if reference == "first" else f"the median of its first {LEARN_S} s"


def _files(folder: Path, worst: Worst) -> list[str]:
    notes = {VIDEO: "every frame, with what differs", LOG: "what happened, a JSON object a line"}
    if worst.diff is not None:
        which = "the most changed one" if worst.diff.boxes else "since none differs"
        notes[PICTURE] = f"frame {worst.diff.test.index}, {which}, beside the reference"
    notes[TEXT] = "this text"
    wide = max(len(str(folder / name)) for name in notes)
    return [f"written    {printable(folder / name):{wide}}  {note}" for name, note in notes.items()]


def _finish(folder: Path, lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    write_whole(folder / TEXT, f"{MARK}\n\n{text}".encode(errors="replace"))
    sys.stdout.write(text)
