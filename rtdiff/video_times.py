"""When two videos are compared: from where, how long, and how the times of one follow the other's."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from rtdiff.classes import dataclass
from rtdiff.records import Correction

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig
    from rtdiff.sources import SourceInfo

NS = 1_000_000_000
FOREVER_NS = 1 << 62


@dataclass(frozen=True, slots=True, eq=False)
class When:
    """Times of the reference, and of the test by ``test = rate * reference + offset``."""

    start_ns: int
    """Where to begin, nanoseconds of the reference."""
    length_ns: int
    """How long to compare."""
    offset_ns: int
    """How much later the test shows everything."""
    rate: Fraction
    """Test time over reference time."""
    confidence: float | None
    """Of offset and rate, 0..1; None: they were given."""
    slack_ns: int
    """How far beyond the ends the test is read: half a frame, nanoseconds."""
    told: tuple[Correction, ...]

    @property
    def trimmed(self) -> bool:
        """Whether the beginning is left out."""
        return self.start_ns > 0

    def test_ns(self, reference_ns: int) -> int:
        """Return the time at which the test shows what the reference shows at a time."""
        return round(reference_ns * self.rate) + self.offset_ns

    @property
    def inside(self) -> tuple[Callable[[int], int], Callable[[int], int]]:
        """Say of a time of reference, of test: -1 before what is asked for, 1 behind it, 0 in it."""
        end_ns = self.start_ns + self.length_ns
        edges = (
            (self.start_ns, end_ns),
            (
                self.test_ns(self.start_ns) - self.slack_ns if self.trimmed else -FOREVER_NS,
                self.test_ns(end_ns) + self.slack_ns,
            ),
        )

        def of(low: int, high: int) -> Callable[[int], int]:
            return lambda time_ns: -1 if time_ns < low else int(time_ns >= high)

        return of(*edges[0]), of(*edges[1])

    def counts(self, test_ns: int) -> bool:
        """Return whether a frame of the test without a partner is one of those asked for."""
        late = (
            test_ns >= self.test_ns(self.start_ns + self.length_ns) if self.length_ns < FOREVER_NS else False
        )
        early = self.trimmed and test_ns < self.test_ns(self.start_ns)
        return not (early or late)


def when(settings: CompareConfig, fps: Fraction, reference: SourceInfo, test: SourceInfo) -> When:
    """Return when to compare; with ``--align auto`` that is looked for.

    Raises
    ------
    SettingsError
        It is looked for and not found.
    """
    start_ns = settings.start.at(fps)
    length_ns = FOREVER_NS if settings.duration is None else settings.duration.at(fps)
    offset_ns, rate, confidence = 0, Fraction(1), None
    told: list[Correction] = []
    if settings.time_shift is not None:
        offset_ns, rate = settings.time_shift.at(fps), settings.time_shift.rate
        detail = "as asked"
    elif settings.align == "auto" and "picture" not in (reference.kind, test.kind):
        from rtdiff.aligning import find_alignment

        found = find_alignment(settings, (reference.duration_ns, test.duration_ns))
        offset_ns, rate, confidence = found.offset_ns, found.rate, found.confidence
        detail = found.detail
    if offset_ns:
        told.append(Correction("offset", "test", 0, offset_ns / NS, detail))
    if rate != 1:
        told.append(Correction("rate", "test", "1", str(rate), detail))
    slack_ns = round(NS / fps) // 2
    return When(start_ns, length_ns, offset_ns, rate, confidence, slack_ns, tuple(told))
