"""The worst of what went wrong, with pictures, while everything else is forgotten."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rtdiff.reports.eval_result import MEASURES, Counts, Mistake

APART = 25  # frames of a sequence, of which at most one is shown: its neighbours look the same


class Worst:
    """Keeps a few mistakes of every measure; for several threads.

    Parameters
    ----------
    most : int
        How many of every measure; 0: none.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[str, dict[tuple[str, str], Mistake]] = {name: {} for name in MEASURES}
        self._lock = threading.Lock()

    def offer(
        self, measure: str, counts: Counts, place: tuple[str, str], make: Callable[[], Mistake]
    ) -> None:
        """Keep a picture if it is among the worst; of one `place` only the worst one is kept.

        `make` is called only then.
        """
        if not self._wanted(measure, counts, place):
            return
        mistake = make()
        with self._lock:
            kept = self._kept[measure]
            before = kept.get(place)
            if before is None or _wrong(before.counts) < _wrong(counts):
                kept[place] = mistake
            if len(kept) > self._most:
                del kept[min(kept, key=lambda key: _wrong(kept[key].counts))]

    def _wanted(self, measure: str, counts: Counts, place: tuple[str, str]) -> bool:
        wrong = _wrong(counts)
        with self._lock:
            kept = self._kept[measure]
            if not wrong or not self._most:
                return False
            if place in kept:
                return wrong > _wrong(kept[place].counts)
            return len(kept) < self._most or wrong > min(_wrong(one.counts) for one in kept.values())

    def taken(self) -> list[Mistake]:
        """Return what was kept, of every measure the worst first."""
        with self._lock:
            return [
                one
                for kept in self._kept.values()
                for one in sorted(kept.values(), key=lambda one: (-_wrong(one.counts), one.scene, one.name))
            ]


def _wrong(counts: Counts) -> int:
    return counts.false + counts.missed
