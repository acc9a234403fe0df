"""What a YAML file, the command line or Python may say: the one table of settings.

A field is an option and a YAML key of the same kebab-case name; its description is its help.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from rtdiff import fields as f
from rtdiff.config_base import (
    ENGINE_HELP,
    FILE,
    FOLDER,
    INPUT,
    OUTPUT,
    SIZE_POLICY,
    CommonConfig,
    VerbConfig,
    Zone,
    check_files,
    option,
)
from rtdiff.validation import from_options, schema
from rtdiff.values import Area, Density, Floor, Span, median_span
from rtdiff.zone_fields import ZONES

__all__ = [
    "BenchConfig",
    "CommonConfig",
    "CompareConfig",
    "DemoConfig",
    "DoctorConfig",
    "VerbConfig",
    "WatchConfig",
    "WatchZone",
    "Zone",
    "from_options",
    "schema",
]

RULE = ("raise_at", "clear_at", "on_delay", "on_frames", "off_delay")


class CompareConfig(CommonConfig):
    """``rtdiff compare REF TEST``."""

    positional = ("reference", "test")

    reference: Annotated[str, INPUT.or_empty()] = option(
        "", "What it should be: a picture, or a folder of them; - is stdin"
    )
    test: Annotated[str, INPUT.or_empty()] = option(
        "", "What it is; without it REFERENCE is a folder with pairs x-expected.png, x-actual.png"
    )
    frame: Annotated[tuple[int, int], f.FRAMES] = option(
        (0, 0), "Which frame or page of animations and documents, from 0; N,M: of REFERENCE, of TEST"
    )
    ignore: Annotated[tuple[str, ...], f.choices("light", "shift", none=True)] = option(
        (), "Forgive a change of light (gain, offset) or a shift of the whole picture; with commas"
    )
    max_diff_pixels: Annotated[int, f.whole(0, 2**31, "N")] = option(
        0, "Different pixels, all together, that are still the same, 0 to 2147483648"
    )
    max_density: Annotated[Density | None, f.DENSITY.or_none()] = option(
        None, "This decides on boxes: at most PIXELS different in any square of SIDE, such as 6/8"
    )
    fail_under: Annotated[Floor | None, f.FLOOR.or_none()] = option(
        None, "This alone decides: a score from 0 to 1 (0.98), or a PSNR (40dB)"
    )

    update: Annotated[tuple[str, ...], f.UPDATE] = option(
        (), "Copy what differs over the reference: all pairs, or the one named; may be repeated"
    )
    junit: Annotated[str | None, OUTPUT.or_none()] = option(None, "Write the pairs of folders as JUnit XML")
    jobs: Annotated[int, f.whole(0, 256, "N")] = option(
        0, "Pairs of folders compared at a time, 0 to 256; 0: as many as cores"
    )
    server: Annotated[bool, f.FLAG] = option(
        False, "Compare pairs as they come on stdin, a JSON object a line, for other programs"
    )

    def missing(self) -> str:
        """Return the name of an input that is not given and not to be done without."""
        if self.server:
            return ""
        alone = bool(self.reference) and Path(self.reference).is_dir()
        return "" if self.test or alone else ("test" if self.reference else "reference")

    def files(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names of what is read, and of what is written."""
        read, written = super().files()
        read = (*filter(None, (self.reference, self.test)), *read)
        return read, (*written, self.junit) if self.junit else written

    @property
    def metrics(self) -> tuple[str, ...]:
        """What must be measured: `metric`, and the PSNR that ``--fail-under 40dB`` asks for."""
        needs = self.fail_under is not None and self.fail_under.unit == "dB" and "psnr" not in self.metric
        return (*self.metric, "psnr") if needs else self.metric


class WatchZone(Zone):
    """A named part of the picture with an alarm of its own; what is not given is as for all."""

    raise_at: Annotated[float | None, f.RAISE_AT.or_none()] = option(
        None, "Changed fraction of the zone that raises its alarm, above 0 to 1"
    )
    clear_at: Annotated[float | None, f.FRACTION.or_none()] = option(
        None, "Changed fraction below which it clears, 0 to raise-at"
    )
    on_delay: Annotated[Span | None, f.SPAN.or_none()] = option(None, "How long it must be different")
    on_frames: Annotated[int | None, f.whole(1, 100_000, "N").or_none()] = option(
        None, "And in how many frames, 1 to 100000"
    )
    off_delay: Annotated[Span | None, f.SPAN.or_none()] = option(None, "How long it must be the same again")


class WatchConfig(CommonConfig):
    """``rtdiff watch SOURCE``."""

    positional = ("source",)

    source: Annotated[str, INPUT] = Field(description="A file, a folder, synthetic://shelf, or - for stdin")
    name: Annotated[str | None, f.NAME.or_none()] = option(None, "Its name in events")
    reference: Annotated[str, f.REFERENCE] = option(
        "median:2s", "What frames are held against: a picture, first, or the median of the first TIME"
    )
    size_policy: Annotated[str, SIZE_POLICY] = option(
        "scale", "What to do when reference and frames differ in size"
    )
    zone: Annotated[tuple[WatchZone, ...], ZONES] = option(
        (), "Watch only here: x0:y0-x1:y1, corners 'x,y x,y x,y' or a PNG, pixels; may be repeated"
    )
    min_area: Annotated[Area, f.AREA] = option(
        Area(0.0002), "Smallest region, a fraction of the zones (0.02%) or pixels (16px)"
    )
    min_side: Annotated[int, f.whole(1, 65535, "PX")] = option(
        4, "Smallest width and height of a region, pixels, 1 to 65535"
    )
    log: Annotated[str | None, FILE.or_none()] = option(None, "Write events as JSON lines; - is stdout")
    exit_code: Annotated[bool, f.FLAG] = option(False, "Exit with 1 when an alarm was raised")
    max_events: Annotated[int | None, f.whole(1, 10**9, "N").or_none()] = option(
        None, "End after so many alarms, 1 to 1000000000"
    )
    duration: Annotated[Span | None, f.DURATION.or_none()] = option(
        None, "End after this time, or frames (47f)"
    )
    raise_at: Annotated[float, f.RAISE_AT] = option(
        0.0002, "Changed fraction of a zone that raises an alarm, above 0 to 1"
    )
    clear_at: Annotated[float | None, f.FRACTION.or_none()] = option(
        None, "Changed fraction below which it clears, 0 to raise-at; default: half of raise-at"
    )
    on_delay: Annotated[Span, f.SPAN] = option(Span(10**9), "How long a zone must be different")
    on_frames: Annotated[int, f.whole(1, 100_000, "N")] = option(3, "And in how many frames, 1 to 100000")
    off_delay: Annotated[Span, f.SPAN] = option(Span(5 * 10**9), "How long it must be the same again")
    reminder: Annotated[Span, f.SPAN] = option(
        Span(3600 * 10**9), "How often an alarm that lasts is told again; 0: never"
    )

    max_diff_pixels: ClassVar[int] = 0
    max_density: ClassVar[None] = None
    ignore: ClassVar[tuple[str, ...]] = ()

    def files(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names of what is read, and of what is written."""
        read, written = super().files()
        learned = self.reference == "first" or self.reference.startswith("median:")
        read = (self.source, *read) if learned else (self.source, self.reference, *read)
        return read, (*written, self.log) if self.log else written

    @model_validator(mode="after")
    def _clears_below_where_it_raises(self) -> Self:
        for zone in (None, *self.zone):
            rule = self.alarm_of(zone)
            if rule["clear_at"] > rule["raise_at"]:
                where = "" if zone is None else f" of zone {zone.name!r}"
                raise ValueError(
                    f"clear-at{where}: {rule['clear_at']} is above raise-at, {rule['raise_at']}; give less"
                )
        return self

    def at_rate(self, fps: Fraction | None) -> Self:
        """Return the same settings for a source of `fps`: times given in frames follow it."""
        return self if fps is None else self.model_copy(update={"fps": fps})

    @property
    def duration_ns(self) -> int | None:
        """When to end, nanoseconds; None: at the end of the source."""
        return None if self.duration is None else self.duration.at(self.fps)

    @property
    def median_ns(self) -> int:
        """How long a median reference is learned, nanoseconds; 0 for any other."""
        return median_span(self.reference).at(self.fps)

    def alarm_of(self, zone: WatchZone | None) -> dict[str, Any]:
        """Return the alarm rule of a zone, its own settings over the common ones: times in ns."""
        own = {key: getattr(zone, key) for key in RULE if getattr(zone, key, None) is not None}
        raise_at = own.get("raise_at", self.raise_at)
        common = None if "raise_at" in own else self.clear_at  # half of its own, not of another's
        clear_at = own.get("clear_at", raise_at / 2 if common is None else common)
        return {
            "raise_at": raise_at,
            "clear_at": clear_at,
            "on_delay_ns": own.get("on_delay", self.on_delay).at(self.fps),
            "on_frames": own.get("on_frames", self.on_frames),
            "off_delay_ns": own.get("off_delay", self.off_delay).at(self.fps),
            "reminder_ns": self.reminder.at(self.fps),
        }


class DoctorConfig(VerbConfig):
    """``rtdiff doctor``."""

    warm: Annotated[bool, f.FLAG] = option(False, "Compile the kernels now and fill caches")
    json_file: Annotated[str | None, FILE.or_none()] = option(None, "Write the result as JSON; - is stdout")


class BenchConfig(VerbConfig):
    """``rtdiff bench``."""

    engine: Annotated[str, f.ENGINE] = option("auto", ENGINE_HELP)
    size: Annotated[tuple[tuple[int, int], ...], f.SIZES] = option(
        ((1920, 1080),), "Width and height, pixels, 1 to 65535; several with commas, may be repeated"
    )
    json_file: Annotated[str | None, FILE.or_none()] = option(None, "Write the result as JSON; - is stdout")


class DemoConfig(VerbConfig):
    """``rtdiff demo``."""

    positional = ("source",)

    source: Annotated[str | None, INPUT.or_none()] = option(
        None, "What to watch instead of the built-in scene"
    )
    output: Annotated[str | None, FOLDER.or_none()] = option(None, "Folder for what it makes")
    engine: Annotated[str, f.ENGINE] = option("auto", ENGINE_HELP)
    duration: Annotated[Span | None, f.DURATION.or_none()] = option(
        None, "End after this time, or frames (47f)"
    )

    @model_validator(mode="after")
    def _output_is_no_input(self) -> Self:
        check_files((self.source or "",), (self.output or "",) if self.output else ())
        return self
