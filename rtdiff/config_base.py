"""What all settings have in common: nothing unknown, nothing guessed, nothing changed afterwards."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rtdiff import fields as f
from rtdiff.values import Area, Density, show
from rtdiff.zone_fields import SHAPE, SHAPES, ZONES
from rtdiff.zones import Shape

ALIASES = {"json_file": "json"}  # BaseModel has a `json` already
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


def option(default: Any, description: str, **more: Any) -> Any:
    """Return a field with a default."""
    return Field(default=default, description=description, **more)


class Model(BaseModel):
    """Base of all settings."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=lambda name: ALIASES.get(name, name.replace("_", "-")),
        arbitrary_types_allowed=True,
        defer_build=True,  # a run needs one of them
    )


class VerbConfig(Model):
    """What every verb takes."""

    positional: ClassVar[tuple[str, ...]] = ()
    """Keys that the command line takes by position."""

    debug: Annotated[bool, f.FLAG] = option(False, "Show where an error comes from")

    def missing(self) -> str:
        """Return the name of an input that is not given and not to be done without."""
        return ""


class Zone(Model):
    """A named part of the picture."""

    name: Annotated[str, f.NAME] = Field(description="Its name in results")
    shape: Annotated[Shape, SHAPE] = Field(
        description="x0:y0-x1:y1 (half-open), corners x,y x,y x,y, or a PNG; pixels of the reference"
    )


class CommonConfig(VerbConfig):
    """What comparing and watching share."""

    metric: Annotated[tuple[str, ...], METRICS] = option(
        ("ssim",), "What to measure; several with commas, the first one is the score"
    )
    engine: Annotated[str, f.ENGINE] = option("auto", ENGINE_HELP)
    range: Annotated[str, f.choice("coded", "full")] = option(
        "coded", "Luma as coded, or expanded to the full range"
    )
    size_policy: Annotated[str, SIZE_POLICY] = option("pad", "What to do when the two differ in size")
    strict: Annotated[bool, f.FLAG] = option(False, "Count every sample that differs, noise or not")
    zone: Annotated[tuple[Zone, ...], ZONES] = option(
        (), "Compare only here: x0:y0-x1:y1, corners 'x,y x,y x,y' or a PNG, pixels; may be repeated"
    )
    mask: Annotated[str | None, PICTURE.or_none()] = option(
        None, "A picture of the same size; black is ignored"
    )
    ignore_region: Annotated[tuple[Shape, ...], SHAPES] = option(
        (), "Ignore what is here; as for --zone, may be repeated"
    )
    threshold: Annotated[float, f.number(0.5, 100, "N")] = option(
        6.0, "From where a pixel is different, in units of the noise, 0.5 to 100"
    )
    min_area: Annotated[Area, f.AREA] = option(
        Area(pixels=1), "Smallest region, a fraction of the zones (0.02%) or pixels (16px)"
    )
    min_side: Annotated[int, f.whole(1, 65535, "PX")] = option(
        1, "Smallest width and height of a region, pixels, 1 to 65535"
    )
    merge: Annotated[int, f.whole(0, 10_000, "PX")] = option(
        8, "Regions nearer than this are one, pixels, 0 to 10000"
    )
    fps: Annotated[Fraction, f.RATE] = option(
        Fraction(25), "Rate of what carries none (folders), frames a second, above 0 to 1000"
    )
    threads: Annotated[int, f.whole(0, 1024, "N")] = option(
        0, "Threads that compute, 0 to 1024; 0: all cores"
    )
    layout: Annotated[str, LAYOUTS] = option("overlay", "How the picture or video of --output is laid out")
    palette: Annotated[str, PALETTES] = option(
        "vivid", "Colours of boxes: vivid, cool for red pictures, mono without any"
    )
    json_file: Annotated[str | None, FILE.or_none()] = option(None, "Write the result as JSON; - is stdout")
    output: Annotated[str | None, OUTPUT.or_none()] = option(None, "Write the result as a picture or video")
    exit_zero: Annotated[bool, f.FLAG] = option(False, "Exit with 0 where it would be 1")

    if TYPE_CHECKING:

        @property
        def max_diff_pixels(self) -> int:
            """Different pixels that are still called the same."""

        @property
        def max_density(self) -> Density | None:
            """The most different pixels in a square that are still called the same."""

        @property
        def ignore(self) -> tuple[str, ...]:
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

    @model_validator(mode="after")
    def _outputs_are_no_inputs(self) -> Self:
        check_files(*self.files())
        return self


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
