"""Keeps pictures of the worst pairs of two videos while their frames pass by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np

from rtdiff.atomic import cannot_write, write_whole
from rtdiff.classes import dataclass
from rtdiff.errors import SinkError, redact
from rtdiff.records import Picture
from rtdiff.reports.worst_picture import WorstPicture
from rtdiff.video_records import VideoPair

SECOND = 1_000_000_000
EVENT_NS = 5 * SECOND  # of what differs without an end there is a picture from every five seconds
SHORTEST_NS = SECOND // 10  # an event of a short video
SHARE = 3  # a video has at least so many times as many events as pictures are kept
APART = 5  # part of an event's length: pictures that are nearer to each other show the same
OURS = re.compile(r"worst-\d{2,}-frame-\d{6,}-(ref|test|map|boxes)\.png")

Rank = tuple[bool, float]
"""Whether a pair is called the same, and its score: lower is worse."""


@dataclass(slots=True, eq=False)
class _Event:
    """Pairs in a row that one picture stands for."""

    start_ns: int
    same: bool
    rank: Rank
    held: _Held | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """The worst pair of an event so far, not encoded yet: most are replaced within a second."""

    picture: WorstPicture
    reference: Picture
    test: Picture


class WorstKeeper:
    """Keeps the worst pairs, one of every event; give it every pair in order.

    Pairs that are called different come before all others, whatever their score is; where too few are,
    the lowest scores of the others follow. Equal pairs are never kept. An event ends with the first pair
    that is called the same, and after five seconds (less in a short video); its picture is at least a
    fifth of that from any other.

    Parameters
    ----------
    most : int
        Pictures at most.
    files : bool
        They are to be written: pictures are PNG, just as compared, with a map of the differences.
        Otherwise they are for a page: JPEG, without a map, in a tenth of the time.
    palette : str
        Colours of map and boxes.
    duration_ns : int, optional
        Length of the video, nanoseconds.
    """

    def __init__(
        self,
        most: int,
        *,
        files: bool = True,
        palette: str = "vivid",
        duration_ns: int | None = None,
    ) -> None:
        self._most, self._files, self._palette = most, files, palette
        share = EVENT_NS if duration_ns is None else duration_ns // (SHARE * max(1, most))
        self._event_ns = min(EVENT_NS, max(SHORTEST_NS, share))
        self._event: _Event | None = None
        self._kept: list[WorstPicture] = []
        self._engine = ""

    def add(self, pair: VideoPair) -> None:
        """Look at a pair; its pictures are copied only if it is the worst of an event worth a picture."""
        if pair.diff.identical:
            self._close()
            return
        time_ns, rank = _later(pair.reference.time_ns, pair.test.time_ns), (pair.same, pair.score)
        event = self._event
        if event is None or event.same != pair.same or time_ns - event.start_ns >= self._event_ns:
            self._close()
            event = self._event = _Event(time_ns, pair.same, (True, np.inf))
        if rank < event.rank and self._wanted(rank):
            event.rank, event.held = rank, _held(pair)
            self._engine = pair.diff.engine

    def pictures(self) -> tuple[WorstPicture, ...]:
        """Return what was kept, the worst first."""
        self._close()
        if self._files:
            self._kept = [one if one.map else self._mapped(one) for one in self._kept]
        return tuple(self._kept)

    def write(self, folder: Path | str) -> tuple[Path, ...]:
        """Write the pictures into a folder, and remove those that an earlier run has left there.

        Of every pair there are ``worst-01-frame-000123-ref.png``, ``-test.png``, ``-map.png`` and
        ``-boxes.png``; the number is that of the reference's frame.

        Returns
        -------
        tuple of Path
            What was written.

        Raises
        ------
        SinkError
            The folder cannot be made (its own folder must be there), or a file not be written.
        """
        folder = Path(folder)
        try:
            folder.mkdir(exist_ok=True)
            before = [path for path in folder.iterdir() if OURS.fullmatch(path.name)]
        except (OSError, ValueError) as error:  # a null character
            why = getattr(error, "strerror", None) or error
            raise SinkError(
                f"{redact(folder)}: cannot be used as a folder ({redact(why)}); choose another place"
            ) from error
        written = []
        for number, one in enumerate(self.pictures(), 1):
            for what, data in _files_of(one, self._palette):
                path = folder / f"worst-{number:02d}-frame-{one.frame_ref:06d}-{what}.png"
                write_whole(path, data)
                written.append(path)
        for path in set(before) - set(written):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise cannot_write(path, error) from error
        return tuple(written)

    def _wanted(self, rank: Rank) -> bool:
        return len(self._kept) < self._most or (self._most > 0 and rank < _rank(self._kept[-1]))

    def _close(self) -> None:
        """End the event; its picture stays if it is one of the worst and no near one is worse."""
        event, self._event = self._event, None
        if event is None or event.held is None:
            return
        made = event.held.picture
        apart = self._event_ns // APART
        near = [one for one in self._kept if abs(_when(one) - _when(made)) < apart]
        if any(_rank(one) <= event.rank for one in near):
            return
        kept = [one for one in self._kept if one not in near]
        self._kept = sorted([*kept, self._encoded(event.held)], key=_rank)[: self._most]

    def _encoded(self, held: _Held) -> WorstPicture:
        ending = ".png" if self._files else ".jpg"
        reference, test = (_encode(ending, picture) for picture in (held.reference, held.test))
        return replace(held.picture, reference=reference, test=test)

    def _mapped(self, one: WorstPicture) -> WorstPicture:
        """Add the map: at the end, of few pairs, not of all that were the worst for a while."""
        from rtdiff.engines import make_engine
        from rtdiff.noise import pair_noise
        from rtdiff.sources.arrays import frame_from_array
        from rtdiff.views.fills import Workshop
        from rtdiff.views.palette import palette_of

        pictures = _decoded(one.reference), _decoded(one.test)
        engine = make_engine(self._engine, noise=pair_noise)
        reference, test = (engine.prepare(frame_from_array(picture)) for picture in pictures)
        alike = pictures[0].shape == pictures[1].shape
        ssim = engine.compare(reference, test).map() if alike else None
        made = np.empty_like(pictures[0])
        Workshop(made.shape[1]).heat(made, *pictures, ssim, palette_of(self._palette).heat)
        engine.close()
        return replace(one, map=_encode(".png", made))


def _later(time_ref_ns: int, time_test_ns: int) -> int:
    """Return the time that goes on, where one of the two is a still."""
    return max(time_ref_ns, time_test_ns)


def _when(one: WorstPicture) -> int:
    return _later(one.time_ref_ns, one.time_test_ns)


def _rank(one: WorstPicture) -> Rank:
    return one.same, one.score


def _held(pair: VideoPair) -> _Held:
    diff = pair.diff
    picture = WorstPicture(
        index=pair.index,
        frame_ref=pair.reference.index,
        frame_test=pair.test.index,
        time_ref_ns=pair.reference.time_ns,
        time_test_ns=pair.test.time_ns,
        score=diff.score,
        changed_fraction=diff.changed_fraction,
        boxes=diff.boxes,
        same=diff.same,
        size_wh=diff.reference.size_wh,
        reference=b"",
        test=b"",
        map=b"",
    )
    return _Held(picture, diff.reference.picture().copy(), diff.test.picture().copy())


def _files_of(one: WorstPicture, palette: str) -> Iterator[tuple[str, bytes]]:
    from rtdiff.views.overlay import draw
    from rtdiff.views.palette import palette_of

    yield "ref", one.reference
    yield "test", one.test
    yield "map", one.map
    pictures = _decoded(one.reference), _decoded(one.test)
    yield "boxes", _encode(".png", draw(*pictures, one.boxes, palette=palette_of(palette), enlarge=False))


def _encode(ending: str, bgr: Picture) -> bytes:
    import cv2

    from rtdiff.sinks.still import options_for

    options = options_for(ending)
    if ending == ".jpg":  # red regions lose their edges where colour is halved
        options = [*options, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    data: bytes = cv2.imencode(ending, bgr, options)[1].tobytes()
    return data


def _decoded(data: bytes) -> Picture:
    import cv2

    return cast(Picture, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))
