"""What comparing two folders came to: what the reports are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SAME, DIFFERENT, MISSING, EXTRA, ERROR = "same", "different", "missing", "extra", "error"
KINDS = (ERROR, DIFFERENT, MISSING, EXTRA, SAME)
"""What a pair may come to, the most serious first."""


@dataclass(frozen=True, slots=True)
class PairResult:
    """One pair of files, as it was decided; holds no picture but small or encoded ones."""

    name: str
    """As in `FilePair`; may hold anything that a file's name may."""
    kind: str
    """One of `KINDS`."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """Keys of ``rtdiff.compare/1`` that are this pair's own; empty unless it was compared."""
    regions: int = 0
    """Different regions; `told` holds the largest of them."""
    noise_levels: float = 0.0
    """Levels of 0..255."""
    engine: str = ""
    """Who compared."""
    note: str = ""
    """What is unusual about it, one line."""
    error: str = ""
    """Why it could not be compared, one line."""
    seconds: float = 0.0
    """Reading and comparing, seconds."""
    thumbs: tuple[str, ...] = ()
    """``data:`` URIs of the reference and the test, or of the one that is there."""
    marks: str = ""
    """SVG of the regions, to lie over the thumbnail of the test."""
    view: str = ""
    """HTML of the viewer; empty when the pair is the same, or there was no room."""

    @property
    def word(self) -> str:
        """What a table calls it: ``size`` where that is a reason, else its kind."""
        return "size" if "size" in self.told.get("reasons", ()) else self.kind


@dataclass(frozen=True, slots=True)
class FolderResult:
    """All pairs."""

    reference: str
    """Folder, as it was given."""
    test: str
    """Folder, as it was given; empty for a tree with both."""
    layout: str
    """folders or playwright."""
    pairs: Sequence[PairResult]
    """In natural order of names."""
    pictures: tuple[int, int]
    """Pictures of the reference and of the test."""
    notes: Sequence[str]
    """What was passed over or is unusual, a line each."""
    engine: str
    """Who compared; empty when nothing was."""
    settings: Mapping[str, Any]
    """What the result depends on."""
    metric: str
    """What the scores are of."""
    seconds: float
    """In all."""
    unseen: int = 0
    """Pairs that were not come to."""
    error: str = ""
    """Why it ended before its end, one line."""
    accepted: Sequence[str] = ()
    """Names whose test is the reference now."""

    @property
    def complete(self) -> bool:
        """Whether all pairs were come to."""
        return not self.unseen and not self.error

    def of(self, kind: str) -> list[PairResult]:
        """Return the pairs that came to `kind`."""
        return [pair for pair in self.pairs if pair.kind == kind]

    @property
    def counts(self) -> dict[str, int]:
        """How many came to what, the serious first."""
        return {kind: sum(pair.kind == kind for pair in self.pairs) for kind in KINDS}

    @property
    def same(self) -> bool:
        """Whether every pair is the same, none is missing, and all were compared."""
        return self.complete and all(pair.kind == SAME for pair in self.pairs)

    @property
    def reasons(self) -> list[str]:
        """Why they are different: those of all pairs, and missing, extra, error."""
        found = {reason: None for pair in self.pairs for reason in pair.told.get("reasons", ())}
        found |= {kind: None for kind in (MISSING, EXTRA, ERROR) if any(p.kind == kind for p in self.pairs)}
        return list(found) if self.complete else [*found, "incomplete"]
