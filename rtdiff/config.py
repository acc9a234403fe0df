"""What a YAML file, the command line or Python may say: the one table of settings.

A field is an option and a YAML key of the same kebab-case name; its description is its help.
"""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Any, Self

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
)
from rtdiff.model import NEEDED, Option
from rtdiff.validation import from_options, schema
from rtdiff.values import Area, Span, median_span
from rtdiff.zone_fields import zones

__all__ = [
    "BenchConfig",
    "CommonConfig",
    "CompareConfig",
    "DemoConfig",
    "DoctorConfig",
    "EvalConfig",
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

    reference = Option(INPUT.or_empty(), "", "What it should be: a picture, or a folder of them; - is stdin")
    test = Option(
        INPUT.or_empty(),
        "",
        "What it is; without it REFERENCE is a folder with pairs x-expected.png, x-actual.png",
    )
    size_policy = Option(
        SIZE_POLICY.or_none(),
        None,
        "What to do when the two differ in size; default: pad for pictures, scale for videos",
    )
    tests = Option(
        f.NAMES,
        (),
        "Further tests against REFERENCE, on the command line --test; may be repeated",
    )
    output = Option(
        OUTPUT.or_none(),
        None,
        "Write the result as a picture, an animation (blink) or an .html page; of folders as a page, "
        "or as pictures into a FOLDER/",
    )
    frame = Option(
        f.FRAMES,
        (0, 0),
        "Which frame or page of animations and documents, from 0; N,M: of REFERENCE, of TEST",
    )
    ignore = Option(
        f.choices("light", "shift", none=True),
        (),
        "Forgive a change of light (gain, offset) or a shift of the whole picture; with commas",
    )
    max_diff_pixels = Option(
        f.whole(0, 2**31, "N"), 0, "Different pixels, all together, that are still the same, 0 to 2147483648"
    )
    max_density = Option(
        f.DENSITY.or_none(),
        None,
        "This decides on boxes: at most PIXELS different in any square of SIDE, such as 6/8",
    )
    fail_under = Option(
        f.FLOOR.or_none(), None, "This alone decides: a score from 0 to 1 (0.98), or a PSNR (40dB)"
    )

    fail_under_min = Option(
        f.FLOOR.or_none(), None, "Of videos: this alone decides, on the worst pair; as --fail-under"
    )
    per_frame = Option(OUTPUT.or_none(), None, "Of videos: write a row a pair: .jsonl, .csv or .parquet")
    save_worst = Option(
        f.whole(0, 200, "N"), 0, "Of videos: pictures of the N worst pairs, into --worst-folder, 0 to 200"
    )
    worst_folder = Option(FOLDER, "rtdiff-worst", "Where --save-worst puts them")
    vmaf_log = Option(
        FILE.or_none(), None, "Of videos: draw the scores of a log of libvmaf on the page's timeline"
    )
    align = Option(
        f.choice("auto", "none").or_none(),
        None,
        "Of videos: auto finds how much later the test is, and its rate; none pairs by time alone; "
        "by default frames that were lost or doubled are found",
    )
    time_shift = Option(
        f.TIME_SHIFT.or_none(),
        None,
        "Of videos: how much later the test shows everything: 0.12s, -3f, x25/24+0.1s",
    )
    start = Option(f.SPAN, Span(), "Of videos: where to begin, in the reference's time")
    duration = Option(f.DURATION.or_none(), None, "Of videos: how long to compare")
    every = Option(f.whole(1, 10**6, "N"), 1, "Of videos: compare every Nth pair only, 1 to 1000000")
    end = Option(
        f.choice("longest", "shortest"),
        "longest",
        "Of videos: shortest forgives frames without a partner, and ends with the shorter one",
    )
    crop_ref = Option(f.RECTANGLE.or_none(), None, "Of videos: this part of REFERENCE alone, x0:y0-x1:y1")
    crop_test = Option(f.RECTANGLE.or_none(), None, "Of videos: this part of TEST alone, x0:y0-x1:y1")
    size = Option(
        f.SIZE.or_none(), None, "Width and height of bare samples (.yuv, .rgb, .nv12, .raw): 1920x1080"
    )
    pix_fmt = Option(f.NAME.or_none(), None, "FFmpeg's name of how bare samples lie; default: yuv420p")
    update = Option(
        f.UPDATE, (), "Copy what differs over the reference: all pairs, or the one named; may be repeated"
    )
    junit = Option(OUTPUT.or_none(), None, "Write the pairs of folders as JUnit XML")
    jobs = Option(
        f.whole(0, 256, "N"), 0, "Pairs of folders compared at a time, 0 to 256; 0: as many as cores"
    )
    server = Option(
        f.FLAG, False, "Compare pairs as they come on stdin, a JSON object a line, for other programs"
    )

    def missing(self) -> str:
        """Return the name of an input that is not given and not to be done without."""
        if self.server:
            return ""
        alone = os.path.isdir(self.reference)  # noqa: PTH112 - a name may be too long for a path
        return "" if self.test or self.tests or alone else ("test" if self.reference else "reference")

    def files(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names of what is read, and of what is written."""
        read, written = super().files()
        read = (*filter(None, (self.reference, self.test, *self.tests, self.vmaf_log)), *read)
        return read, (*written, *filter(None, (self.junit, self.per_frame)))

    def check(self) -> None:
        """Raise ValueError when options do not go together."""
        super().check()
        if self.reference == self.test == "-":
            raise ValueError("-: stdin cannot be both; give the name of a file for one")
        if self.align == "auto" and self.time_shift is not None:
            raise ValueError("--align auto: finds what --time-shift says; leave out one of the two")
        if self.strict and self.ignore:
            raise ValueError("--strict: counts every sample, so nothing is ignored; leave out one of the two")

    @property
    def metrics(self) -> tuple[str, ...]:
        """What must be measured: `metric`, and the PSNR that ``--fail-under 40dB`` asks for."""
        limits = self.fail_under, self.fail_under_min
        needs = any(limit is not None and limit.unit == "dB" for limit in limits)
        return (*self.metric, "psnr") if needs and "psnr" not in self.metric else self.metric


class WatchZone(Zone):
    """A named part of the picture with an alarm of its own; what is not given is as for all."""

    raise_at = Option(
        f.RAISE_AT.or_none(), None, "Changed fraction of the zone that raises its alarm, above 0 to 1"
    )
    clear_at = Option(f.FRACTION.or_none(), None, "Changed fraction below which it clears, 0 to raise-at")
    on_delay = Option(f.SPAN.or_none(), None, "How long it must be different")
    on_frames = Option(f.whole(1, 100_000, "N").or_none(), None, "And in how many frames, 1 to 100000")
    off_delay = Option(f.SPAN.or_none(), None, "How long it must be the same again")


class WatchConfig(CommonConfig):
    """``rtdiff watch SOURCE``."""

    positional = ("source",)

    source = Option(INPUT, NEEDED, "A file, a folder, synthetic://shelf, or - for stdin")
    name = Option(f.NAME.or_none(), None, "Its name in events")
    reference = Option(
        f.REFERENCE,
        "median:2s",
        "What frames are held against: a picture, first, or the median of the first TIME",
    )
    size_policy = Option(SIZE_POLICY, "scale", "What to do when reference and frames differ in size")
    zone = Option(
        zones(WatchZone),
        (),
        "Watch only here: x0:y0-x1:y1, corners 'x,y x,y x,y' or a PNG, pixels; may be repeated",
    )
    min_area = Option(
        f.AREA, Area(0.0002), "Smallest region, a fraction of the zones (0.02%) or pixels (16px)"
    )
    merge = Option(
        f.whole(0, 10_000, "PX"),
        2,
        "Regions nearer than this are one, pixels, 0 to 10000; things are whole already",
    )
    min_side = Option(f.whole(1, 65535, "PX"), 4, "Smallest width and height of a region, pixels, 1 to 65535")
    log = Option(FILE.or_none(), None, "Write events as JSON lines; - is stdout")
    exit_code = Option(f.FLAG, False, "Exit with 1 when an alarm was raised")
    max_events = Option(f.whole(1, 10**9, "N").or_none(), None, "End after so many alarms, 1 to 1000000000")
    duration = Option(f.DURATION.or_none(), None, "End after this time, or frames (47f)")
    raise_at = Option(f.RAISE_AT, 0.0002, "Changed fraction of a zone that raises an alarm, above 0 to 1")
    clear_at = Option(
        f.FRACTION.or_none(),
        None,
        "Changed fraction below which it clears, 0 to raise-at; default: half of raise-at",
    )
    on_delay = Option(f.SPAN, Span(10**9), "How long a zone must be different")
    on_frames = Option(f.whole(1, 100_000, "N"), 3, "And in how many frames, 1 to 100000")
    off_delay = Option(f.SPAN, Span(5 * 10**9), "How long it must be the same again")
    reminder = Option(f.SPAN, Span(3600 * 10**9), "How often an alarm that lasts is told again; 0: never")

    def files(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names of what is read, and of what is written."""
        read, written = super().files()
        learned = self.reference == "first" or self.reference.startswith("median:")
        read = (self.source, *read) if learned else (self.source, self.reference, *read)
        return read, (*written, self.log) if self.log else written

    def check(self) -> None:
        """Raise ValueError when options do not go together."""
        super().check()
        for zone in (None, *self.zone):
            rule = self.alarm_of(zone)
            if rule["clear_at"] > rule["raise_at"]:
                where = "" if zone is None else f" of zone {zone.name!r}"
                raise ValueError(
                    f"clear-at{where}: {rule['clear_at']} is above raise-at, {rule['raise_at']}; give less"
                )

    def at_rate(self, fps: Fraction | None) -> Self:
        """Return the same settings for a source of `fps`: times given in frames follow it."""
        return self if fps is None else self.but(fps=fps)

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

    warm = Option(f.FLAG, False, "Compile the kernels now and fill caches")
    json_file = Option(FILE.or_none(), None, "Write the result as JSON; - is stdout", key="json")


class BenchConfig(VerbConfig):
    """``rtdiff bench``."""

    engine = Option(f.ENGINE, "auto", ENGINE_HELP)
    size = Option(
        f.SIZES, ((1920, 1080),), "Width and height, pixels, 1 to 65535; several with commas, may be repeated"
    )
    json_file = Option(FILE.or_none(), None, "Write the result as JSON; - is stdout", key="json")


class DemoConfig(VerbConfig):
    """``rtdiff demo``."""

    positional = ("source",)

    source = Option(INPUT.or_none(), None, "What to watch instead of the built-in scene")
    output = Option(FOLDER.or_none(), None, "Folder for what it makes")
    engine = Option(f.ENGINE, "auto", ENGINE_HELP)
    duration = Option(f.DURATION.or_none(), None, "End after this time, or frames (47f)")

    def check(self) -> None:
        """Raise ValueError when options do not go together."""
        check_files((self.source or "",), (self.output or "",) if self.output else ())


class Passed(Option[Any]):
    """An option of `compare` or `watch` that is handed on to them if it is given."""

    def __init__(self, key: str) -> None:
        theirs = WatchConfig.options.get(key) or CompareConfig.options[key]
        super().__init__(theirs.kind.or_none(), None, theirs.description)


class EvalConfig(VerbConfig):
    """``rtdiff eval DATASET``."""

    positional = ("dataset",)

    dataset = Option(
        INPUT, NEEDED, "A folder of pairs or scenes with truth, or a file of annotations or events"
    )
    layout = Option(f.choice("auto", "deeppcb", "coco", "cdnet", "events"), "auto", "Layout of the dataset")
    iou = Option(
        f.number(0, 0.99, "IOU"), 0.33, "A box fits a true one above this intersection over union, 0 to 0.99"
    )
    against = Option(
        f.RIVALS,
        (),
        "Measure rivals too: all, or only some (absdiff, ssim-otsu, mog2, knn, cnt, gsoc), with commas",
    )
    sweep = Option(f.SWEEP, (), "Measure at several thresholds, for a curve; bare: ten from 2 to 24")
    late = Option(f.SPAN, Span(2 * 10**9), "How long after the end of an event its alarm may come")
    engine = Passed("engine")
    strict = Passed("strict")
    threshold = Passed("threshold")
    min_area = Passed("min-area")
    min_side = Passed("min-side")
    merge = Passed("merge")
    ignore = Passed("ignore")
    size_policy = Passed("size-policy")
    reference = Passed("reference")
    raise_at = Passed("raise-at")
    clear_at = Passed("clear-at")
    on_delay = Passed("on-delay")
    on_frames = Passed("on-frames")
    off_delay = Passed("off-delay")
    threads = Passed("threads")
    fps = Option(f.RATE, Fraction(25), "Rate of what carries none (folders), frames a second")
    jobs = Option(
        f.whole(0, 256, "N"), 0, "Pairs and scenes at work at a time, 0 to 256; 0: as many as cores"
    )
    fail_under = Option(f.number(0, 1, "F1").or_none(), None, "Exit with 1 when F1 in all is below, 0 to 1")
    worst = Option(f.whole(0, 200, "N"), 12, "How many of the worst mistakes are kept as pictures, 0 to 200")
    json_file = Option(FILE.or_none(), None, "Write the result as JSON; - is stdout", key="json")
    output = Option(OUTPUT.or_none(), None, "Write a page with curves, tables and the worst mistakes")
    exit_zero = Option(f.FLAG, False, "Exit with 0 where it would be 1")

    def for_ours(self, threads: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the options of ``rtdiff compare``, and those of ``rtdiff watch``, as they were given.

        Parameters
        ----------
        threads : int
            How many each may use when ``--threads`` does not say; no result depends on it.
        """
        given = {**self.told(), "threads": self.threads or threads}
        alone = {"reference"}  # of a watch; two stills have their own
        stills, watch = (
            {key.replace("-", "_"): value for key, value in given.items() if key in keys}
            for keys in (set(CompareConfig.options) - alone, set(WatchConfig.options))
        )
        return stills, watch | {"fps": self.fps}

    def told(self) -> dict[str, Any]:
        """Return what was given of the options that a result depends on."""
        passed = [key for key, option in self.options.items() if isinstance(option, Passed)]
        chosen = self.plain([key for key in passed if key != "threads"])
        return {key: value for key, value in chosen.items() if value is not None}

    def check(self) -> None:
        """Raise ValueError when options do not go together."""
        check_files((self.dataset,), tuple(filter(None, (self.json_file, self.output))))
