"""For Python: compare two pictures, or hold one frame after another against a reference."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rtdiff.assemble import fit_for, paint, reference_for, regions_for, steady_for
from rtdiff.errors import SettingsError, redact
from rtdiff.given import Picturelike, frame_of, with_mask
from rtdiff.records import Diff, Frame
from rtdiff.reference import PictureReference
from rtdiff.sources.arrays import frame_from_array
from rtdiff.stills import Stills

if TYPE_CHECKING:
    from rtdiff.config import CompareConfig
    from rtdiff.engines.pool import Pool


def compare(
    reference: Picturelike, test: Picturelike, *, data_range: int | None = None, **options: Any
) -> Diff:
    """Compare two pictures.

    Parameters
    ----------
    reference, test : path, bytes, array, Pillow image or Frame
        Arrays are uint8 or uint16, (H, W), (H, W, 3) BGR or (H, W, 4) BGRA; bytes are those of a file.
    data_range : int, optional
        Largest code value of uint16 arrays, which need it: 1023, 4095, 65535.
    **options
        Those of ``rtdiff compare``, in snake_case; a name that is none of them is an error.
        ``output`` and ``json`` write what the command writes; ``mask`` may be an array, (H, W) bool
        or uint8, where 0 is ignored.

    Returns
    -------
    Diff
        Score, boxes, mask, verdict and everything else. With ``fail_under`` that alone decides
        on `Diff.same`.

    Raises
    ------
    SettingsError
        An option or an array that is not accepted.
    SourceError
        A file that cannot be read.
    SinkError
        A result that cannot be written.
    """
    from rtdiff.commands.pictures import check_output
    from rtdiff.commands.result import decided, info_of, write_results
    from rtdiff.config import CompareConfig, from_options

    _refuse(options, ("config", "junit", "server", "update"), "`rtdiff compare`")
    given = (reference, test)
    names = [os.fspath(what) if isinstance(what, str | os.PathLike) else "" for what in given]
    settings = from_options(CompareConfig, reference=names[0], test=names[1], **with_mask(options))
    check_output(settings)
    with closing(Stills(settings, few=True)) as stills:
        frames = [_read(stills, what, side, data_range, settings) for side, what in enumerate(given)]
        diff = stills.compare(*frames)
    infos = [info_of(frame.source, frame) for frame in frames]
    write_results(settings, diff, *infos)
    return decided(settings, diff)


class Differ:
    """Holds frames against a reference, deciding as ``rtdiff watch`` does.

    ::

        differ = rtdiff.Differ(reference="golden.png")
        for frame in rtdiff.open_source("shop.mp4"):
            diff = differ(frame)
            print(diff.score, [box.xyxy for box in diff.boxes])

    Parameters
    ----------
    reference : path, bytes, array, Pillow image, Frame or str
        A picture, or ``first`` or ``median:TIME`` of the frames to come.
    fps : float
        Rate of plain arrays, which carry no time: each counts as 1/fps s.
    data_range : int, optional
        Largest code value of uint16 arrays.
    **options
        Those of ``rtdiff watch``, in snake_case; a name that is none of them is an error, and so is
        what would write a file. ``mask`` may be an array, (H, W) bool or uint8, where 0 is ignored.

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

        _refuse(options, ("config", "json", "json_file", "log", "output"), "`rtdiff watch`")
        learned = isinstance(reference, str) and reference.split(":")[0] in ("first", "median")
        self._given: Frame | None = None
        if not learned:
            self._given = frame_of(reference, "reference", data_range)
            if isinstance(reference, np.ndarray):
                self._given = self._given.copy()
        chosen = {"reference": reference} if learned else {}
        self._settings = from_options(WatchConfig, source="-", fps=fps, **chosen, **with_mask(options))
        self._data_range, self._step = data_range, round(1_000_000_000 / self._settings.fps)
        self._engine, self.skipped = steady_for(self._settings)
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
        frame : Frame, array, path, bytes or Pillow image
            Arrays are copied: the caller may use them again at once.

        Returns
        -------
        Diff or None
            None while the reference is being learned.
        """
        if isinstance(frame, np.ndarray):
            frame = self._from_array(frame)
        elif not isinstance(frame, Frame):
            frame = frame_of(frame, "frame", self._data_range)
            frame = replace(frame, index=self._index, time_ns=self._index * self._step, _made=[])
            self._index += 1
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


def _read(
    stills: Stills, what: Picturelike, side: int, data_range: int | None, settings: CompareConfig
) -> Frame:
    if isinstance(what, str | os.PathLike):
        if os.path.isdir(what):  # noqa: PTH112 - of any path-like
            raise SettingsError(f"{redact(what)}: is a folder; give two pictures, or use `rtdiff compare`")
        if what == "-":
            return stills.read("-", side)
    return frame_of(what, ("reference", "test")[side], data_range, settings.frame[side])


def _refuse(options: dict[str, Any], names: tuple[str, ...], command: str) -> None:
    """Refuse options that promise what a function does not do."""
    for name in names:
        if options.get(name) is not None:
            raise SettingsError(f"{name}: belongs to the command {command}; leave it out")
