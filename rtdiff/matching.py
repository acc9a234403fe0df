"""Makes two frames of two videos comparable: size, depth, range, matrix, chroma, each only where it differs.

Luma stays as it is coded. Where a file does not say its matrix or range, the other's is taken.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rtdiff.reconcile import convert, same_depth, same_planes
from rtdiff.records import Correction, Frame
from rtdiff.sizes import Resize, SizePolicy, same_size, scaled

Unsaid = tuple[tuple[str, ...], tuple[str, ...]]
"""What reference and test do not say: matrix, range."""


def match_videos(
    reference: Frame,
    test: Frame,
    policy: SizePolicy,
    resize: Resize,
    unsaid: tuple[tuple[str, ...], tuple[str, ...]],
) -> tuple[Frame, Frame]:
    """Return two frames of one size, depth, range, matrix and number of planes.

    Parameters
    ----------
    reference, test : Frame
        As read.
    policy : {'pad', 'scale', 'crop', 'fail'}
        As for `reconcile.match_pair`.
    resize : callable
        Makes planes of another size, for ``scale`` and where chroma is subsampled otherwise.
    unsaid : tuple of tuples
        As in `SourceInfo`.

    Raises
    ------
    SettingsError
        The sizes differ and `policy` is ``fail``.
    """
    if _formats(reference) != _formats(test):
        reference, test = _one_format(reference, test, unsaid)
    if reference.size_wh != test.size_wh and policy != "scale":
        reference, test = same_size(reference, test, policy)
    shapes = [p.shape for p in reference.planes]
    if shapes != [p.shape for p in test.planes]:
        chroma_hw = shapes[-1] if len(shapes) > 1 else None
        test = scaled(test, reference.size_wh, chroma_hw=chroma_hw, resize=resize)
    return reference, test


def format_of(frame: Frame) -> tuple[Any, ...]:
    """Return what two frames must have in common, but for the shapes of chroma."""
    return frame.size_wh, *_formats(frame)


def _formats(frame: Frame) -> tuple[Any, ...]:
    return frame.data_range, frame.color_range, frame.matrix, len(frame.planes)


def _one_format(reference: Frame, test: Frame, unsaid: Unsaid) -> tuple[Frame, Frame]:
    test = _taken(test, reference, unsaid[1])
    reference = _taken(reference, test, unsaid[0])
    if (reference.color_range, reference.matrix) != (test.color_range, test.matrix) and len(test.planes) > 1:
        test = convert(test, reference)
    reference, test = same_depth(reference, test)
    return same_planes(reference, test)


def _taken(frame: Frame, like: Frame, unsaid: tuple[str, ...]) -> Frame:
    """Return a frame with the matrix and range of the other, as far as it does not say its own."""
    for kind, name in (("matrix", "matrix"), ("range", "color_range")):
        other: Any = getattr(like, name)
        if kind in unsaid and getattr(frame, name) != other:
            told = Correction(kind, "both", "not said", other, "taken for the other's")
            frame = replace(frame, corrections=(*frame.corrections, told), **{name: other})
    return frame
