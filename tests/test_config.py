"""The one table of settings: what it takes, refuses, fills in, and that it writes itself out."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rtdiff import config, values
from rtdiff.arguments import LATER
from rtdiff.config import (
    BenchConfig,
    CompareConfig,
    DemoConfig,
    DoctorConfig,
    EvalConfig,
    WatchConfig,
    from_options,
)
from rtdiff.errors import SettingsError
from rtdiff.settings_file import dump, load
from rtdiff.validation import keys_of, validated

MODELS = {
    "compare": CompareConfig,
    "watch": WatchConfig,
    "bench": BenchConfig,
    "doctor": DoctorConfig,
    "demo": DemoConfig,
    "eval": EvalConfig,
}
CONFIGS = Path(__file__).parents[1] / "configs"
SECOND = 1_000_000_000


def compare(**options: Any) -> CompareConfig:
    return from_options(CompareConfig, **{"reference": "a.png", "test": "b.png", **options})


def watch(**options: Any) -> WatchConfig:
    return from_options(WatchConfig, **{"source": "a.mp4", **options})


def test_defaults() -> None:
    pair, live = compare(), watch()
    assert (pair.metric, pair.engine, pair.size_policy, pair.threshold) == (("ssim",), "auto", None, 6.0)
    assert (pair.min_area, pair.min_side, pair.merge, pair.fps) == (values.Area(pixels=1), 1, 8, Fraction(25))
    assert (live.size_policy, live.min_area, live.min_side) == ("scale", values.Area(0.0002), 4)
    assert (live.reference, live.median_ns, live.duration_ns) == ("median:2s", 2 * SECOND, None)
    assert live.alarm_of(None) == {
        "raise_at": 0.0002,
        "clear_at": 0.0001,
        "on_delay_ns": SECOND,
        "on_frames": 3,
        "off_delay_ns": 5 * SECOND,
        "reminder_ns": 3600 * SECOND,
    }


@pytest.mark.parametrize("model", MODELS.values())
def test_every_field_says_what_it_is_and_its_default_is_one_of_its_values(model: Any) -> None:
    for key, option in model.options.items():
        kind = option.kind
        assert option.description, key
        assert key == key.lower().replace("_", "-")
        assert key not in LATER, key
        if not option.needed:
            assert kind.parse(kind.dump(option.default)) == option.default, key
            jsonschema.validate(option.schema()["default"], option.schema())


def test_options_of_python_are_checked_like_those_of_the_command_line() -> None:
    chosen = compare(metric=["psnr", "ssim"], min_area="0.5%", ignore_region="0:0-4:4", zone={"a": "0:0-9:9"})
    assert chosen.metric == ("psnr", "ssim")
    assert chosen.min_area.fraction == 0.005
    assert [zone.name for zone in chosen.zone] == ["a"]
    assert watch(json="x.json").json_file == watch(json_file="x.json").json_file == "x.json"
    assert compare(mask=None).mask is None
    assert compare(mask=Path("m.png")).mask == "m.png"
    assert compare(threshold=None).threshold == 6.0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"treshold": 3}, "treshold: unknown option; did you mean 'threshold'?"),
        ({"min-area": "1px"}, "min-area: unknown option; did you mean 'min_area'?"),
        ({"window": True}, "window: comes in a later version; leave it out"),
        ({"xyzzy": 1}, "xyzzy: unknown option; "),
        ({"threshold": "abc"}, "threshold: must be a number from 0.5 to 100, got 'abc'"),
        ({"threshold": float("nan")}, "threshold: must be a number from 0.5 to 100, got nan"),
        ({"threshold": float("inf")}, "threshold: must be a number from 0.5 to 100, got inf"),
        ({"threshold": 0.4}, "threshold: must be a number from 0.5 to 100, got 0.4"),
        ({"threshold": 101}, "threshold: must be a number from 0.5 to 100, got 101"),
        ({"threshold": True}, "threshold: must be a number from 0.5 to 100, got True"),
        ({"merge": 1.5}, "merge: must be a whole number from 0 to 10000, got 1.5"),
        ({"strict": 1}, "strict: must be true or false, got 1"),
        ({"engine": "nunpy"}, "did you mean 'numpy'?"),
        ({"engine": ["numpy"]}, "engine: must be auto, numpy, numba or cupy, got ['numpy']"),
        ({"metric": "ssim,ssim"}, "metric: names one twice"),
        ({"metric": "ssim-gauss"}, "did you mean 'ssim-gaussian'?"),
        ({"metric": []}, "metric: must be ssim, ssim-gaussian, ssim-ffmpeg, psnr or absdiff"),
        ({"layout": "blnk"}, "did you mean 'blink'?"),
        ({"zone": "shelf"}, "zone: must be NAME=SHAPE"),
        ({"zone": ["a=0:0-9:9", "a=0:0-5:5"]}, "zone: names 'a' twice"),
        ({"zone": [{"name": "a"}]}, "zone.0.shape: is missing"),
        ({"zone": [{"name": "a", "shap": "0:0-9:9"}]}, "zone.0.shap: unknown option; did you mean 'shape'?"),
        ({"zone": [{"name": "", "shape": "0:0-9:9"}]}, "zone.0.name: must be a name, got nothing"),
        ({"zone": [{"name": "a\nb", "shape": "0:0-9:9"}]}, "printable characters"),
        ({"zone": {"a": {"name": "b", "shape": "0:0-9:9"}}}, "zone: gives 'a' a second name"),
        ({"zone": [f"{i}=0:0-9:9" for i in range(255)]}, "zone: names 255 zones; at most 254"),
        ({"zone": [5]}, "zone: must be NAME=SHAPE"),
        ({"ignore_region": "9:9-0:0"}, "ignore_region: is empty"),
        ({"output": "-"}, "output: must be the name of a file, got '-'"),
        ({"output": ""}, "output: must be the name of a file, got nothing"),
    ],
)
def test_what_is_refused_names_the_option_and_what_is_allowed(options: dict[str, Any], told: str) -> None:
    for make in (compare, watch):
        with pytest.raises(SettingsError) as caught:
            make(**options)
        assert told in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_zone_of_compare_has_no_alarm_and_watch_counts_no_pixels() -> None:
    with pytest.raises(SettingsError, match=r"zone\.0\.raise_at: unknown option"):
        compare(zone=[{"name": "a", "shape": "0:0-9:9", "raise_at": 0.5}])
    with pytest.raises(SettingsError, match="max_diff_pixels: unknown option"):
        watch(max_diff_pixels=3)
    assert watch().max_diff_pixels == 0


def test_a_zone_overrides_what_is_said_for_all() -> None:
    zone = {"name": "a", "shape": "0:0-9:9", "raise_at": "1%", "on_delay": "500ms", "on_frames": 1}
    chosen = watch(raise_at=0.1, clear_at=0.09, off_delay="25f", fps=50, zone=[zone])
    assert chosen.alarm_of(chosen.zone[0]) == {
        "raise_at": 0.01,
        "clear_at": 0.005,  # half of its own: 0.09 belongs to another raise-at
        "on_delay_ns": SECOND // 2,
        "on_frames": 1,
        "off_delay_ns": SECOND // 2,
        "reminder_ns": 3600 * SECOND,
    }


def test_clear_at_is_not_above_raise_at() -> None:
    with pytest.raises(SettingsError, match=r"^clear-at: 0.5 is above raise-at, 0.0002; give less$"):
        watch(clear_at=0.5)
    with pytest.raises(SettingsError, match="clear-at of zone 'a'"):
        watch(zone=[{"name": "a", "shape": "0:0-9:9", "clear_at": 0.5}])
    for wrong in ({"raise_at": 0}, {"duration": 0}, {"max_events": 0}, {"reference": "median:0"}):
        with pytest.raises(SettingsError, match="must be"):
            watch(**wrong)


def test_times_in_frames_follow_the_rate_of_the_source() -> None:
    chosen = watch(duration="50f", reference="median:100f", on_delay="5f").at_rate(Fraction(50))
    assert (chosen.duration_ns, chosen.median_ns) == (SECOND, 2 * SECOND)
    assert chosen.alarm_of(None)["on_delay_ns"] == SECOND // 10
    assert chosen.at_rate(None) is chosen


def test_a_lowest_psnr_has_the_psnr_measured() -> None:
    assert compare(fail_under="40dB").metrics == ("ssim", "psnr")
    assert compare(fail_under="40dB", metric="psnr").metrics == ("psnr",)
    assert compare(fail_under=0.98).metrics == ("ssim",)


def test_an_output_is_no_input_and_no_other_output(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    picture.write_bytes(b"x")
    (tmp_path / "link.png").hardlink_to(picture)
    name = str(picture)
    for make, options in (
        (compare, {"test": name, "output": name}),
        (compare, {"reference": name, "json": str(tmp_path / "." / "a.png")}),
        (compare, {"test": name, "output": str(tmp_path / "link.png")}),
        (compare, {"mask": name, "output": name}),
        (compare, {"zone": f"a={name}", "output": name}),
        (watch, {"source": "new.mp4", "output": "./new.mp4"}),
        (watch, {"reference": name, "log": name}),
    ):
        with pytest.raises(SettingsError, match="is an input; choose another name"):
            make(**options)
    with pytest.raises(SettingsError, match="is an input"):
        from_options(DemoConfig, source=str(tmp_path), output=str(tmp_path))
    with pytest.raises(SettingsError, match="stdout: two outputs would go there"):
        watch(log="-", json="-")
    assert watch(source="-", log="-").log == "-"


def test_a_second_at_sign_in_an_address_is_explained_and_nothing_of_it_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        watch(source="rtsp://me:hun@ter2@host/x")
    assert str(caught.value) == "source: has two '@' in rtsp://...; write the one in the password as %40"
    assert watch(source="http://me:pw@host/a@b").source == "http://me:pw@host/a@b"


@pytest.mark.parametrize("verb", MODELS)
def test_the_example_is_complete_loads_fits_its_schema_and_prints_itself(verb: str, tmp_path: Path) -> None:
    model, path = MODELS[verb], CONFIGS / f"{verb}.yaml"
    text = path.read_text(encoding="utf-8")
    for key in keys_of(model):
        assert re.search(rf"^(# )?{key}:", text, re.MULTILINE), f"{key} is not in {path.name}"
    given = {"reference": "a.png", "test": "b.png"} if verb == "compare" else {}
    file = load(str(path), cameras=verb == "watch")
    chosen = validated(model, given, file, named=str)
    jsonschema.validate(yaml.safe_load(text), config.schema(model))
    assert reread(chosen, tmp_path) == chosen


def test_the_schema_names_what_is_wrong() -> None:
    schema = config.schema(WatchConfig)
    jsonschema.Draft202012Validator.check_schema(schema)
    good: dict[str, Any] = {"threshold": 6, "cameras": [{"source": "a.mp4", "zone": {"a": "0:0-9:9"}}]}
    jsonschema.validate(good, schema)
    for wrong in (
        {"treshold": 6},
        {"threshold": 0},
        {"engine": "x"},
        {"strict": 1},
        {"zone": [{"name": "a"}]},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


def reread(chosen: Any, folder: Path) -> Any:
    written = folder / "dumped.yaml"
    written.write_text(dump(chosen.plain(), None, set()), encoding="utf-8")
    return validated(type(chosen), {}, load(str(written)), named=str)


SPANS = st.one_of(
    st.integers(1, values.LONGEST_NS).map(lambda ns: values.Span(ns=ns)),
    st.integers(1, 10**9).map(lambda frames: values.Span(frames=frames)),
)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
NAMES = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=9)
ZONES = st.dictionaries(
    NAMES,
    st.fixed_dictionaries(
        {"shape": st.sampled_from(["0:0-9:9", "0,0 9,0 0,9", "mask.png"])},
        optional={"on-delay": SPANS, "on-frames": st.integers(1, 9), "raise-at": st.floats(0.0002, 1)},
    ),
    max_size=3,
)


@settings(max_examples=80, deadline=None)
@example({"source": "0\x85\u2028"})
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "zone": ZONES,
            "source": TEXT.filter(lambda text: text.strip() and "://" not in text),
            "threshold": st.floats(0.5, 100),
            "duration": SPANS,
            "reminder": SPANS,
            "strict": st.booleans(),
            "metric": st.lists(st.sampled_from(["ssim", "psnr", "absdiff"]), min_size=1, unique=True),
            "fps": st.fractions(1, 1000, max_denominator=1001),
            "name": st.sampled_from(
                ["on", "no", "12:30:00", "2026-01-01", "010", "~", "null", "1e3", "=", "?"]
            ),
        },
    )
)
def test_what_is_printed_as_yaml_reads_back_the_same(tmp_path_factory: Any, options: dict[str, Any]) -> None:
    chosen = watch(**options)
    assert reread(chosen, tmp_path_factory.getbasetemp()) == chosen


def test_names_in_the_settings_are_those_of_the_rooms() -> None:
    from rtdiff.config_base import LAYOUTS, METRICS, PALETTES
    from rtdiff.engines.engine import DIFFERENCES, MEASURES
    from rtdiff.views import layouts, palette

    assert set(LAYOUTS.schema["enum"]) == set(layouts.LAYOUTS)
    assert set(PALETTES.schema["enum"]) == set(palette.PALETTES)
    assert set(METRICS.metavar.removesuffix("[,...]").split("|")) == {"ssim", *MEASURES, *DIFFERENCES}
