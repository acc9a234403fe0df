"""The loop: a frame walks through the rooms, and what it was found to be goes to the sinks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rtdiff.records import Diff, DiffMap, Event, Frame, Prepared, Tick


class Engine(Protocol):
    """What the loop needs of an engine."""

    def prepare(self, frame: Frame) -> Prepared:
        """Put a frame on the device."""

    def compare(self, reference: Prepared, test: Prepared) -> DiffMap:
        """Compare two prepared frames."""


class Reference(Protocol):
    """What the loop needs of a reference."""

    def against(self, current: Prepared) -> Prepared | None:
        """Return what a frame is held against; None while learning."""


class Regions(Protocol):
    """What the loop needs of regions."""

    def find(self, diffmap: DiffMap) -> Diff:
        """Return the result of one comparison."""


class Sink(Protocol):
    """What the loop needs of a sink."""

    def write(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:
        """Take one step."""


Tell = Callable[[Tick, "Diff | None"], "list[Event]"]
"""What happened at this tick: the alarm's and the camera's events, with ids and wall time."""


@dataclass(slots=True)
class Summary:
    """What a run came to."""

    frames: int = 0
    """Frames taken."""
    compared: int = 0
    """Frames compared, once there was a reference."""
    corrupt: int = 0
    """Frames that the decoder marked as damaged; they are not compared."""
    dropped: int = 0
    """Frames skipped because newer ones had arrived."""
    different: int = 0
    """Frames with at least one region."""
    alarms: int = 0
    """Alarms raised."""
    score_sum: float = 0.0
    score_min: float = math.inf
    """Lowest score, infinite before the first."""
    worst_frame: int | None = None
    """Its frame number."""
    last: Diff | None = field(default=None, repr=False)
    """The last comparison."""

    @property
    def score(self) -> float:
        """Mean score; NaN when nothing was compared."""
        return self.score_sum / self.compared if self.compared else math.nan

    def add(self, tick: Tick, diff: Diff | None, events: Sequence[Event]) -> None:
        """Count one tick."""
        self.dropped = tick.dropped
        self.alarms += sum(event.kind == "alarm_raised" for event in events)
        if tick.frame is not None:
            self.frames += 1
            self.corrupt += tick.frame.corrupt
        if diff is None:
            return
        self.compared += 1
        self.different += bool(diff.boxes)
        self.score_sum += diff.score
        self.last = diff
        if diff.score < self.score_min:
            self.score_min, self.worst_frame = diff.score, diff.test.index


def steps(
    capture: Iterable[Tick], reference: Reference, engine: Engine, regions: Regions, tell: Tell
) -> Iterator[tuple[Tick, Diff | None, list[Event]]]:
    """Walk every tick through the rooms; yield it with what was found and what happened.

    Parameters
    ----------
    capture : iterable of Tick
        At least one every 250 ms when live, with or without a frame.
    reference, engine, regions, tell
        The rooms, in the order in which a frame walks through them; lists and stand-ins with the
        same face will do.
    """
    for tick in capture:
        diff = None
        if tick.frame is not None and not tick.frame.corrupt:
            current = engine.prepare(tick.frame)
            against = reference.against(current)  # None while learning
            if against is not None:
                diff = regions.find(engine.compare(against, current))
        yield tick, diff, tell(tick, diff)


def run(
    capture: Iterable[Tick],
    reference: Reference,
    engine: Engine,
    regions: Regions,
    tell: Tell,
    sinks: Sequence[Sink],
    summary: Summary | None = None,
) -> Summary:
    """Take ticks until there are no more, hand what was found to the sinks; return what it came to.

    `summary` is filled while running, for whoever shows progress; a new one by default.
    """
    summary = Summary() if summary is None else summary
    for tick, diff, events in steps(capture, reference, engine, regions, tell):
        summary.add(tick, diff, events)
        for sink in sinks:
            sink.write(tick, diff, events)
    return summary
