"""What all settings have in common: nothing unknown, nothing guessed, nothing changed afterwards."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

from rtdiff import fields as f
from rtdiff.model import NEEDED, Model, Option, Value
from rtdiff.values import Area, Density, show
from rtdiff.zone_fields import SHAPE, SHAPES, zones

METRICS = f.choices("ssim", "ssim-gaussian", "ssim-ffmpeg", "psnr", "absdiff")
LAYOUTS = f.choice("overlay", "split", "side", "stack", "blink", "diff", "heat")
PALETTES = f.choice("vivid", "cool", "mono")
FILE = f.address("the name of a file, or -", "FILE")
OUTPUT = f.address("the name of a file", "FILE", stdout=False)
FOLDER = f.address("the name of a folder", "FOLDER", stdout=False)
SIZE_POLICY = f.choice("pad", "scale", "crop", "fail")
ENGINE_HELP = "What computes; auto takes the fastest that works here"
INPUT = f.address("a file, a folder or an address", "SOURCE")
PICTURE = f.address("the name of a PNG", "PNG")


class VerbConfig(Model):
    """What every verb takes."""

    positional: ClassVar[tuple[str, ...]] = ()
    """Keys that the command line takes by position."""

    debug = Option(f.FLAG, False, "Show where an error comes from")

    def missing(self) -> str:
        """Return the name of an input that is not given and not to be done without."""
        return ""


class Zone(Model):
    """A named part of the picture."""

    name = Option(f.NAME, NEEDED, "Its name in results")
    shape = Option(
        SHAPE, NEEDED, "x0:y0-x1:y1 (half-open), corners x,y x,y x,y, or a PNG; pixels of the reference"
    )


class CommonConfig(VerbConfig):
    """What comparing and watching share."""

    metric = Option(METRICS, ("ssim",), "What to measure; several with commas, the first one is the score")
    engine = Option(f.ENGINE, "auto", ENGINE_HELP)
    range = Option(f.choice("coded", "full"), "coded", "Luma as coded, or expanded to the full range")
    strict = Option(f.FLAG, False, "Count every sample that differs, noise or not")
    zone = Option(
        zones(Zone),
        (),
        "Compare only here: x0:y0-x1:y1, corners 'x,y x,y x,y' or a PNG, pixels; may be repeated",
    )
    mask = Option(PICTURE.or_none(), None, "A picture of the same size; black is ignored")
    ignore_region = Option(SHAPES, (), "Ignore what is here; as for --zone, may be repeated")
    threshold = Option(
        f.number(0.5, 100, "N"), 6.0, "From where a pixel is different, in units of the noise, 0.5 to 100"
    )
    min_area = Option(
        f.AREA, Area(pixels=1), "Smallest region, a fraction of the zones (0.02%) or pixels (16px)"
    )
    min_side = Option(f.whole(1, 65535, "PX"), 1, "Smallest width and height of a region, pixels, 1 to 65535")
    merge = Option(f.whole(0, 10_000, "PX"), 8, "Regions nearer than this are one, pixels, 0 to 10000")
    fps = Option(
        f.RATE, Fraction(25), "Rate of what carries none (folders), frames a second, above 0 to 1000"
    )
    threads = Option(f.whole(0, 1024, "N"), 0, "Threads that compute, 0 to 1024; 0: all cores")
    layout = Option(LAYOUTS, "overlay", "How the picture or video of --output is laid out")
    palette = Option(PALETTES, "vivid", "Colours of boxes: vivid, cool for red pictures, mono without any")
    json_file = Option(FILE.or_none(), None, "Write the result as JSON; - is stdout", key="json")
    output = Option(OUTPUT.or_none(), None, "Write the result as a picture or video")
    exit_zero = Option(f.FLAG, False, "Exit with 0 where it would be 1")

    max_diff_pixels = Value(0)
    """Different pixels that are still called the same."""
    max_density: Value[Density | None] = Value(None)
    """The most different pixels in a square that are still called the same."""
    ignore: Value[tuple[str, ...]] = Value(())
    """Kinds of change of the whole picture that are forgiven."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """What must be measured; the first one is the score."""
        return self.metric

    def files(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names of what is read, and of what is written."""
        shapes = [shape for zone in self.zone for shape in [zone.shape]] + list(self.ignore_region)
        read = [str(shape) for shape in shapes if hasattr(shape, "path")] + [self.mask or ""]
        written = [self.json_file or "", self.output or ""]
        return tuple(filter(None, read)), tuple(filter(None, written))

    def check(self) -> None:
        """Raise ValueError when options do not go together."""
        check_files(*self.files())


def check_files(read: tuple[str, ...], written: tuple[str, ...]) -> None:
    """Raise ValueError when an output is an input, or two outputs are one."""
    for index, name in enumerate(written):
        if any(_one_file(name, other) for other in read if "-" not in (name, other)):
            raise ValueError(f"{show(name)}: is an input; choose another name for the output")
        if any(_one_file(name, other) for other in written[:index]):
            what = "stdout" if name == "-" else show(name)
            raise ValueError(f"{what}: two outputs would go there; choose another name for one")


def _one_file(one: str, other: str) -> bool:
    if one == other:
        return True
    first, second = Path(one), Path(other)
    try:
        return first.samefile(second)
    except (OSError, ValueError):  # one is not there, or is no path: an address
        return os.path.abspath(one) == os.path.abspath(other)  # noqa: PTH100
