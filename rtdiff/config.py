"""Everything that can be set: one table, from which options, YAML keys, help and schema are made.

Values are taken as text wherever they come from and parsed by `rtdiff.values`, so that a command
line, a YAML file and Python mean the same by the same characters.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from fractions import Fraction
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from rtdiff import values
from rtdiff.errors import SettingsError
from rtdiff.values import Area, Floor, Span
from rtdiff.zones import Shape, parse_shape

METRICS = ("ssim", "psnr", "absdiff")
ENGINES = ("auto", "numpy", "numba", "cupy")
SIZE_POLICIES = ("pad", "scale", "crop", "fail")
LAYOUTS = ("overlay", "side", "stack")
LATER = (
    *("window", "align", "jobs", "update", "junit", "exec", "camera", "time-shift", "start", "every", "end"),
    *("per-frame", "fail-under-min", "save-worst", "test", "ignore", "density", "frame", "server", "palette"),
    *("events", "lost-after", "realtime", "range", "accept"),
)
"""Options of the contract that this version does not have."""


def chosen(names: tuple[str, ...], later: tuple[str, ...] = ()) -> Callable[[object], str]:
    """Return a parser that takes one of `names`."""

    def parse(value: object) -> str:
        if value in names:
            return str(value)
        hint = next((f"; did you mean {near}" for near in get_close_matches(str(value), names, 1)), "")
        hint = "; it comes in a later version" if value in later else hint
        raise ValueError(f"must be one of {', '.join(names)}, got {values.show(value)}{hint}")

    return parse


def metrics(value: object) -> tuple[str, ...]:
    """Parse ``ssim,psnr``; the first one is the score."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not parts:
        raise ValueError(f"must be one or more of {', '.join(METRICS)}, got {values.show(value)}")
    one = chosen(METRICS, ("ssim-gaussian", "ssim-ffmpeg"))
    return tuple(dict.fromkeys(one(part.strip() if isinstance(part, str) else part) for part in parts))


def flag(value: object) -> bool:
    """Parse true or false; what else YAML 1.1 calls so is refused."""
    if isinstance(value, bool) or value in ("true", "false"):
        return value in (True, "true")
    raise ValueError(f"must be true or false, got {values.show(value)}")


def between(low: float, high: float, whole: bool = False) -> Callable[[object], float]:
    """Return a parser of numbers from `low` to `high`."""
    what = f"a {'whole ' if whole else ''}number from {low:g} to {high:g}"

    def parse(value: object) -> float:
        exact = values.number(value, what)
        text = str(value).strip().lstrip("+-")
        if len(text) > 1 and text[0] == "0" and text[1].isdigit():
            raise ValueError(f"must be {what}, got {values.show(value)}; write it without the leading 0")
        if not low <= exact <= high or (whole and exact != int(exact)):
            raise ValueError(f"must be {what}, got {values.show(value)}")
        return int(exact) if whole else float(exact)

    return parse


def text(value: object) -> str:
    """Parse a name or a path: any text but none."""
    if isinstance(value, str) and value.strip() and "\0" not in value:
        return value
    raise ValueError(f"must be a text, got {values.show(value)}")


def _as(parser: Callable[[object], Any], kind: str, example: str = "") -> tuple[Any, ...]:
    schema: dict[str, Any] = {"type": kind.split("|") if "|" in kind else kind}
    return PlainValidator(parser), WithJsonSchema(schema | ({"examples": [example]} if example else {}))


_PLAIN = PlainSerializer(str, return_type=str)
Text = Annotated[str, *_as(text, "string")]
Flag = Annotated[bool, *_as(flag, "boolean")]
Duration = Annotated[Span, *_as(values.span, "string|number", "1.5s"), _PLAIN]
Share = Annotated[float, *_as(values.fraction, "string|number", "0.5%")]
Smallest = Annotated[Area, *_as(values.area, "string", "0.02%,4x4"), _PLAIN]
Rate = Annotated[Fraction, *_as(values.rate, "string|number", "30000/1001"), _PLAIN]
Size = Annotated[
    tuple[int, int],
    *_as(values.size, "string", "1920x1080"),
    PlainSerializer(lambda wh: f"{wh[0]}x{wh[1]}", return_type=str),
]
ShapeText = Annotated[Shape, *_as(parse_shape, "string", "10:10-90:60"), _PLAIN]
Threshold = Annotated[float, *_as(between(0.5, 100), "number")]
Whole = Annotated[int, *_as(between(0, 10**9, whole=True), "integer")]
Pixels = Annotated[int, *_as(between(0, 1000, whole=True), "integer")]


def _listed(value: object) -> object:
    """Take one text for a list of one, and a mapping NAME: SHAPE for a list of zones."""
    if isinstance(value, dict):
        return [
            {"name": name, **shape} if isinstance(shape, dict) else {"name": name, "shape": shape}
            for name, shape in value.items()
        ]
    return value if isinstance(value, list | tuple) else [value]


def _zone_text(value: object) -> object:
    if not isinstance(value, str):
        return value
    name, equals, shape = value.partition("=")
    if not equals:
        raise ValueError(f"must be NAME=SHAPE such as door=10:10-90:60, got {values.show(value)}")
    return {"name": name, "shape": shape}


_KEYS = {"json_file": "json"}  # `json` is a method of every model


class Settings(BaseModel):
    """What all models share: kebab-case keys, nothing unknown, nothing changed afterwards."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        validate_by_name=True,
        validate_by_alias=True,
        alias_generator=AliasGenerator(alias=lambda name: _KEYS.get(name, name.replace("_", "-"))),
    )


class Zone(Settings):
    """A named part of the picture with limits of its own."""

    name: Text = Field(description="name of the zone")
    shape: ShapeText = Field(description="x0:y0-x1:y1, a polygon x,y x,y x,y, or a PNG")
    raise_at: Share | None = Field(None, description="changed part of the zone that raises its alarm")
    clear_at: Share | None = Field(None, description="changed part below which it is cleared")
    on_delay: Duration | None = Field(None, description="how long it must differ")
    off_delay: Duration | None = Field(None, description="how long it must be the same again")


Zones = Annotated[list[Annotated[Zone, BeforeValidator(_zone_text)]], BeforeValidator(_listed)]
Shapes = Annotated[list[ShapeText], BeforeValidator(_listed)]


class CommonConfig(Settings):
    """What comparing and watching share."""

    metric: Annotated[
        tuple[str, ...], *_as(metrics, "string|array", "ssim,psnr"), PlainSerializer(list, return_type=list)
    ] = Field(("ssim",), description="ssim, psnr, absdiff; several with commas, the first is the score")
    engine: Annotated[str, *_as(chosen(ENGINES), "string")] = Field(
        "auto", description="auto, numpy, numba or cupy; a name is a demand"
    )
    threshold: Threshold = Field(6.0, description="how different is different, in units of the noise")
    strict: Flag = Field(False, description="every sample counts, whatever the noise")
    size_policy: Annotated[str, *_as(chosen(SIZE_POLICIES), "string")] = Field(
        "pad", description="pictures of two sizes: pad, scale, crop or fail"
    )
    zone: Zones = Field([], description="NAME=SHAPE, a part with a score of its own; repeatable")
    ignore_region: Shapes = Field([], description="SHAPE that is not compared; repeatable")
    mask: Text | None = Field(None, description="PNG of the picture's size; black is not compared")
    min_area: Smallest = Field(Area(pixels=1), description="smallest region: 0.02%, 16px, 4x4")
    merge: Pixels = Field(8, description="regions nearer than this many pixels are one")
    max_diff_pixels: Whole = Field(0, description="different pixels that still count as the same")
    fps: Rate = Field(Fraction(25), description="frames a second of folders")
    threads: Annotated[int, *_as(between(0, 1024, whole=True), "integer")] = Field(
        0, description="how many threads; 0: as many as there are cores"
    )
    layout: Annotated[str, *_as(chosen(LAYOUTS, ("split", "blink", "diff", "heat")), "string")] = Field(
        "overlay", description="how -o shows it: overlay, side or stack"
    )
    json_file: Text | None = Field(None, description="write the result as JSON; - is stdout")
    output: Text | None = Field(None, description="write the annotated picture or video")
    exit_zero: Flag = Field(False, description="exit with 0 where it would be 1")

    @model_validator(mode="after")
    def _names(self) -> Self:
        names = [zone.name for zone in self.zone]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"zone {name!r} is named twice; give every zone a name of its own")
        return self


class CompareConfig(CommonConfig):
    """``rtdiff compare REF TEST``."""

    reference: Text = Field(description="the picture as it should be")
    test: Text = Field(description="the picture as it is")
    fail_under: Annotated[Floor | None, *_as(values.floor, "string|number", "40dB"), _PLAIN] = Field(
        None, description="lowest score that is the same (0.98), or PSNR (40dB); then it alone decides"
    )


class WatchConfig(CommonConfig):
    """``rtdiff watch SOURCE``."""

    source: Text = Field(description="a video, a folder, a sequence, - or synthetic://")
    reference: Annotated[str, *_as(values.reference, "string", "median:2s")] = Field(
        "median:2s", description="a picture, first, or median:TIME"
    )
    min_area: Smallest = Field(Area(0.0002, 0, 4), description="smallest region: 0.02%, 16px, 4x4")
    log: Text | None = Field(None, description="write events, one JSON object a line; - is stdout")
    exit_code: Flag = Field(False, description="exit with 1 when an alarm was raised")
    max_events: Whole | None = Field(None, description="end after so many alarms")
    duration: Duration | None = Field(None, description="end after this time of the source")
    raise_at: Share = Field(0.0002, description="changed part of the zone that raises an alarm")
    clear_at: Share | None = Field(None, description="changed part that clears it; half of --raise-at")
    on_delay: Duration = Field(values.span("1s"), description="how long it must differ")
    on_frames: Whole = Field(3, description="and in how many frames")
    off_delay: Duration = Field(values.span("5s"), description="how long it must be the same again")
    reminder: Duration = Field(values.span("1h"), description="how often a lasting alarm is told; 0: once")

    @model_validator(mode="after")
    def _order(self) -> Self:
        for zone in self.zone or (None,):
            limits = self.alarm_of(zone)
            if limits["clear_at"] > limits["raise_at"]:
                where = f"zone {zone.name!r}, " if zone else ""
                raise ValueError(f"{where}clear-at: must not be above raise-at; leave it out for half of it")
        return self

    @property
    def duration_ns(self) -> int | None:
        """How long to watch, nanoseconds of stream time."""
        return None if self.duration is None else self.duration.at(self.fps)

    @property
    def median_ns(self) -> int:
        """How long the median is learned, nanoseconds."""
        return values.median_span(self.reference).at(self.fps)

    def alarm_of(self, zone: Zone | None) -> dict[str, Any]:
        """Return the fields of a zone's `rtdiff.alarm.AlarmRule`, its own settings over the common ones."""

        def pick(name: str) -> Any:
            own = getattr(zone, name, None)
            return getattr(self, name) if own is None else own

        raise_at, clear_at = pick("raise_at"), pick("clear_at")
        if zone is not None and zone.raise_at is not None and zone.clear_at is None:
            clear_at = None
        return {
            "raise_at": raise_at,
            "clear_at": raise_at / 2 if clear_at is None else clear_at,
            "on_delay_ns": pick("on_delay").at(self.fps),
            "on_frames": self.on_frames,
            "off_delay_ns": pick("off_delay").at(self.fps),
            "reminder_ns": self.reminder.at(self.fps),
        }


class DoctorConfig(Settings):
    """``rtdiff doctor``."""

    warm: Flag = Field(False, description="compile the Numba kernels now, so that nothing waits later")
    json_file: Text | None = Field(None, description="write the result as JSON; - is stdout")


class BenchConfig(Settings):
    """``rtdiff bench``."""

    engine: Annotated[str, *_as(chosen(("all", *ENGINES[1:])), "string")] = Field(
        "all", description="all, numpy, numba or cupy"
    )
    size: Annotated[list[Size], BeforeValidator(_listed)] = Field(
        [(640, 480), (1280, 720), (1920, 1080)], description="WIDTHxHEIGHT; repeatable"
    )
    json_file: Text | None = Field(None, description="write the result as JSON; - is stdout")


class DemoConfig(Settings):
    """``rtdiff demo``."""

    source: Text | None = Field(None, description="your own file or folder instead of the drawn scene")
    output: Text = Field("rtdiff-demo", description="folder for the video, the picture and the log")
    engine: Annotated[str, *_as(chosen(ENGINES), "string")] = Field("auto", description="as for watch")
    duration: Duration | None = Field(None, description="end after this time of the source")


Model = TypeVar("Model", bound=Settings)


def from_options(model: type[Model], **options: Any) -> Model:
    """Return a model made from Python keyword options.

    Raises
    ------
    SettingsError
        A name that is no option, or a value it does not take.
    """
    try:
        return model.model_validate(options)
    except ValidationError as error:
        where, problem = first_problem(error, model)
        raise SettingsError(
            f"{'.'.join(str(part).replace('-', '_') for part in where)}: {problem}"
        ) from error


def first_problem(error: ValidationError, model: type[Settings]) -> tuple[tuple[str | int, ...], str]:
    """Return where the first error is, as keys and indices, and what is wrong with what to do."""
    first = min(error.errors(include_url=False), key=lambda one: one["type"] == "missing")
    where = tuple(first["loc"])
    kind, told = first["type"], str(first["msg"]).removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return where, unknown(str(where[-1]), model if len(where) == 1 else Zone)
    if kind == "missing":
        return where, "is needed; see --help"
    if kind == "value_error":
        return where or ("settings",), told if ";" in told else f"{told}; see --help"
    return where, f"{told[:1].lower()}{told[1:]}, got {values.show(first.get('input'))}; see --help"


def unknown(key: str, model: type[Settings]) -> str:
    """Return what is wrong with a key that `model` does not have."""
    kebab = key.replace("_", "-")
    known = [str(f.alias or name) for name, f in model.model_fields.items()]
    near = get_close_matches(kebab, known, 1)
    if kebab in LATER:
        return "comes in a later version; leave it out"
    return (
        f"is not an option; did you mean {near[0]}"
        if near
        else f"is not an option; known: {', '.join(known)}"
    )
