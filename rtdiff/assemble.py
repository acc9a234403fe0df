"""Builds the rooms from settings: the only place that knows both."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtdiff.engines import engine_class
from rtdiff.noise import pair_noise
from rtdiff.reconcile import fit_same_size, fit_still
from rtdiff.records import Frame, Picture
from rtdiff.regions import Regions
from rtdiff.zones import label_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtdiff.config import CommonConfig, WatchConfig
    from rtdiff.engines.engine import Engine, NoiseOf
    from rtdiff.reference import Fit, Reference
    from rtdiff.steady import Steady


def engine_for(
    settings: CommonConfig, *, few: bool = False, noise: NoiseOf = pair_noise
) -> tuple[Engine, tuple[str, ...]]:
    """Return an engine, and what ``auto`` passed over, a line each.

    Parameters
    ----------
    settings : CommonConfig
        Engine, threshold, zones and so on.
    few : bool
        Only a pair or so will be compared: ``auto`` then takes NumPy, since importing and
        compiling anything else takes longer than comparing.
    noise : callable
        Block sums -> noise of a pair.
    """
    name = "numpy" if few and settings.engine == "auto" else settings.engine
    kind, skipped = engine_class(name)
    engine = kind(
        noise=noise,
        labels=partial(zone_labels, settings),
        threshold=settings.threshold,
        strict=settings.strict,
        metrics=(*settings.metrics, "psnr") if few else settings.metrics,
        threads=settings.threads or usable_cores(),
    )
    return engine, skipped


def steady_for(settings: WatchConfig) -> tuple[Engine | Steady, tuple[str, ...]]:
    """Return what compares watched frames, and what ``auto`` passed over, a line each."""
    engine, skipped = engine_for(settings)
    if settings.strict:
        return engine, skipped
    from rtdiff.steady import Steady

    return Steady(engine, settings.threshold), skipped


def zone_labels(settings: CommonConfig, shape: tuple[int, int]) -> NDArray[Any] | None:
    """Return the zone map for pictures of `shape`, or None when everything is one zone."""
    named = [(zone.name, zone.shape) for zone in settings.zone]
    return label_map(shape, named, settings.ignore_region, settings.mask)


def regions_for(settings: CommonConfig, *, tracking: bool) -> Regions:
    """Return the room that finds regions."""
    return Regions(
        metrics=settings.metrics,
        merge=settings.merge,
        min_area_px=settings.min_area.pixels,
        min_area=settings.min_area.fraction,
        min_side_px=settings.min_side,
        max_diff_pixels=settings.max_diff_pixels,
        max_density=settings.max_density,
        forgiven=settings.ignore,
        zone_names=tuple(zone.name for zone in settings.zone),
        tracking=tracking,
    )


def reference_for(settings: WatchConfig, engine: Engine | Steady) -> Reference:
    """Return what frames are held against, as ``--reference`` says."""
    from rtdiff.reference import FirstReference, MedianReference, PictureReference

    wanted, fit = settings.reference, fit_for(settings)
    if wanted == "first":
        return FirstReference(fit, engine.prepare)
    if wanted.startswith("median:"):
        return MedianReference(fit, engine.prepare, paint, settings.median_ns)
    from rtdiff.sources.picture import read_picture

    return PictureReference(fit, engine.prepare, read_picture(Path(wanted)))


def fit_for(settings: WatchConfig) -> Fit:
    """Return what brings a reference into a stream's format, as ``--size-policy`` says."""
    return fit_same_size if settings.size_policy == "fail" else fit_still


def paint(frame: Frame) -> Picture:
    """Return the picture that a frame's planes show."""
    from rtdiff.sources.colour import planes_to_bgr

    return planes_to_bgr(frame.planes, frame.data_range, frame.color_range, frame.matrix)


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
