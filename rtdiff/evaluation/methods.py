"""What is measured: rtdiff as its users have it, with the face that every rival has too."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtdiff.differ import Differ, compare
from rtdiff.evaluation.cases import Found
from rtdiff.records import Diff, Frame

if TYPE_CHECKING:
    from rtdiff.config import WatchConfig

Step = Callable[[Frame], Found]
"""Finds what is different in the next frame of a sequence."""


class Method(ABC):
    """Something that finds differences. Used by several threads at a time: it holds no state."""

    name: str
    """What the command line calls it."""
    what: str
    """How it is run, for people."""

    @abstractmethod
    def still(self, reference: Path, test: Path) -> Found:
        """Return what is different between two pictures."""

    @abstractmethod
    def sequence(
        self, reference: Frame, before: Callable[[], Iterable[Frame]]
    ) -> contextlib.AbstractContextManager[Step]:
        """Return what finds differences in one frame after another.

        Parameters
        ----------
        reference : Frame
            The pinned picture of the empty scene.
        before : callable
            Gives the frames before the evaluated ones, for what learns from them.
        """


class Ours(Method):
    """`rtdiff.compare` and `rtdiff.Differ`, called as anybody would.

    Parameters
    ----------
    stills, watch : mapping
        Options of ``rtdiff compare`` and of ``rtdiff watch`` that were given; the rest is at its default.
    """

    name = "rtdiff"

    what = "rtdiff.compare of stills, rtdiff.Differ of frames, rtdiff watch of events"

    def __init__(self, stills: Mapping[str, Any], watch: Mapping[str, Any]) -> None:
        self._stills, self._watch = dict(stills), dict(watch)

    def still(self, reference: Path, test: Path) -> Found:
        """Return what `rtdiff.compare` finds."""
        return _found(compare(reference, test, **self._stills))

    @contextlib.contextmanager
    def sequence(self, reference: Frame, before: Callable[[], Iterable[Frame]]) -> Iterator[Step]:  # noqa: ARG002
        """Yield what asks one `rtdiff.Differ` with the pinned reference."""
        options = {key: value for key, value in self._watch.items() if key != "reference"}
        with Differ(reference=reference, **options) as differ:

            def step(frame: Frame) -> Found:
                diff = differ(frame)
                if diff is None:  # never with a picture as the reference
                    raise RuntimeError("a pinned reference is not learned")
                return _found(diff)

            yield step

    def watching(self, source: str) -> WatchConfig:
        """Return the settings of ``rtdiff watch`` for a source."""
        from rtdiff.config import WatchConfig, from_options

        return from_options(WatchConfig, **{**self._watch, "source": source})


def _found(diff: Diff) -> Found:
    return Found(diff.mask, [box.xyxy for box in diff.boxes])
