"""For Python: compare two pictures, or hold one frame after another against a reference."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.assemble import engine_for, fit_for, paint, reference_for, regions_for
from rtdiff.records import Diff, Frame
from rtdiff.reference import PictureReference
from rtdiff.sources.arrays import frame_from_array
from rtdiff.stills import Stills

if TYPE_CHECKING:
    from rtdiff.engines.pool import Pool

Picturelike = str | Path | NDArray[Any] | Frame
"""A path, a frame, or an array: uint8 or uint16, (H, W) or (H, W, 3) BGR."""


def compare(
    reference: Picturelike, test: Picturelike, *, data_range: int | None = None, **options: Any
) -> Diff:
    """Compare two pictures.

    Parameters
    ----------
    reference, test : path, array or Frame
        Arrays are uint8 or uint16, (H, W) or (H, W, 3) BGR.
    data_range : int, optional
        Largest code value of uint16 arrays, which need it: 1023, 4095, 65535.
    **options
        Those of ``rtdiff compare``, in snake_case; a name that is none of them is an error.

    Returns
    -------
    Diff
        Score, boxes, mask, verdict and everything else.

    Raises
    ------
    SettingsError
        An option or an array that is not accepted.
    SourceError
        A file that cannot be read.
    """
    from rtdiff.config import CompareConfig, from_options

    settings = from_options(CompareConfig, reference="-", test="-", **options)
    stills = Stills(settings, few=True)
    frames = (
        stills.read(what, side)
        if isinstance(what, str | Path)
        else _frame(what, ("reference", "test")[side], data_range)
        for side, what in enumerate((reference, test))
    )
    return stills.compare(*frames)


class Differ:
    """Holds frames against a reference, deciding as ``rtdiff watch`` does.

    ::

        differ = rtdiff.Differ(reference="golden.png")
        for frame in rtdiff.open_source("shop.mp4"):
            diff = differ(frame)
            print(diff.score, [box.xyxy for box in diff.boxes])

    Parameters
    ----------
    reference : path, array, Frame or str
        A picture, or ``first`` or ``median:TIME`` of the frames to come.
    fps : float
        Rate of plain arrays, which carry no time: each counts as 1/fps s.
    data_range : int, optional
        Largest code value of uint16 arrays.
    **options
        Those of ``rtdiff watch``, in snake_case; a name that is none of them is an error.

    Raises
    ------
    SettingsError, SourceError
        An option, an array or a file that is not accepted.
    EngineError, MissingExtra
        An engine that was named and cannot run here.
    """

    def __init__(
        self,
        reference: Picturelike = "median:2s",
        *,
        fps: float = 30.0,
        data_range: int | None = None,
        **options: Any,
    ) -> None:
        from rtdiff.config import WatchConfig, from_options
        from rtdiff.engines.pool import Pool

        learned = isinstance(reference, str) and reference.split(":")[0] in ("first", "median")
        self._given: Frame | None = None
        if not learned:
            self._given = _frame(reference, "reference", data_range)
            if isinstance(reference, np.ndarray):
                self._given = self._given.copy()
        chosen = {"reference": reference} if learned else {}
        self._settings = from_options(WatchConfig, source="-", **chosen, **options)
        self._data_range, self._step = data_range, round(1_000_000_000 / fps)
        self._engine, self.skipped = engine_for(self._settings)
        self._pool: Pool = Pool()
        self._index = 0
        self.reset()

    @property
    def engine(self) -> str:
        """Name of the engine that compares."""
        return self._engine.name

    def __call__(self, frame: Picturelike) -> Diff | None:
        """Compare one frame with the reference.

        Parameters
        ----------
        frame : Frame, array or path
            Arrays are copied: the caller may use them again at once.

        Returns
        -------
        Diff or None
            None while the reference is being learned.
        """
        if isinstance(frame, np.ndarray):
            frame = self._from_array(frame)
        elif not isinstance(frame, Frame):
            frame = _frame(frame, "frame", self._data_range)
        current = self._engine.prepare(frame)
        against = self._reference.against(current)
        if against is None:
            return None
        return self._regions.find(self._engine.compare(against, current))

    def reset(self) -> None:
        """Forget the boxes seen so far, and a reference that was learned."""
        self._regions = regions_for(self._settings, tracking=True)
        if self._given is None:
            self._reference = reference_for(self._settings, self._engine)
        else:
            self._reference = PictureReference(fit_for(self._settings), self._engine.prepare, self._given)

    def close(self) -> None:
        """Let go of buffers, threads and the device; idempotent."""
        self._engine.close()

    def __enter__(self) -> Differ:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _from_array(self, array: NDArray[Any]) -> Frame:
        """Return a frame that shares nothing with `array`, in memory that is used again."""
        take = self._pool.take
        frame = frame_from_array(
            array,
            data_range=self._data_range,
            index=self._index,
            time_ns=self._index * self._step,
            source="array",
            take=take,
            split=self._engine.split if self._engine.splits else None,
        )
        self._index += 1
        planes = frame.planes
        if len(planes) == 1:
            planes = (take(planes[0].shape, planes[0].dtype),)
            np.copyto(planes[0], frame.luma)
        kept = replace(frame, planes=planes, _made=[])
        return replace(kept, bgr=partial(paint, kept), _made=[])


def _frame(what: Picturelike, side: str, data_range: int | None) -> Frame:
    if isinstance(what, Frame):
        return what
    if isinstance(what, str | Path):
        from rtdiff.sources.picture import read_picture

        return read_picture(what)
    return frame_from_array(what, data_range=data_range, source=side)
