"""What is written for scripts holds the schemas; what is written for people says the same."""

import json
import math
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtdiff.errors import SinkError
from rtdiff.figures import clock_text, percent_text, score_text
from rtdiff.records import Box, Correction, Diff, Event, Frame, ZoneResult
from rtdiff.reports.compare_json import compare_json, settings_hash, write_json
from rtdiff.reports.compare_text import compare_text, correction_text
from rtdiff.reports.events import event_json, event_line
from rtdiff.reports.ids import IdMaker, time_ms_of
from rtdiff.reports.schemas import NAMES, schema
from rtdiff.reports.strict import dumps

REFERENCE = {"path": "a.png", "size_wh": (516, 334), "frames": 1}
TEST = {"path": "b.png", "size_wh": (516, 334), "frames": 1}


def make_frame(width: int = 516, height: int = 334) -> Frame:
    luma = np.zeros((height, width), np.uint8)
    picture = np.zeros((height, width, 3), np.uint8)
    return Frame((luma,), 255, "full", "bt601", 0, 0, "a.png", lambda: picture)


def make_diff(**other) -> Diff:
    frame = make_frame()
    mask = np.zeros((334, 516), np.uint8)
    fields = {
        "score": 0.96215,
        "mssim": 0.96215,
        "min_ssim": 0.03,
        "min_xy": (228, 181),
        "metrics": {"ssim": 0.96215, "psnr_db": 24.1},
        "boxes": (Box(1, (214, 166, 246, 197), 866, 0.03, 88.0),),
        "changed_fraction": 0.0331,
        "zones": {},
        "corrections": (Correction("alpha", "test", "RGBA", "RGB", "over white and over black"),),
        "reasons": ("boxes",),
        "identical": False,
        "engine": "numpy",
        "noise_levels": 1.0,
        "reference": frame,
        "test": frame,
        "_mask": lambda: mask,
        "_map": lambda: mask.astype(np.float32),
    }
    return Diff(**(fields | other))


def same_diff() -> Diff:
    return make_diff(
        score=1.0,
        mssim=1.0,
        min_ssim=1.0,
        min_xy=(0, 0),
        metrics={"ssim": 1.0, "psnr_db": math.inf},
        boxes=(),
        changed_fraction=0.0,
        corrections=(),
        reasons=(),
        identical=True,
    )


def make_event(**other) -> Event:
    fields = {
        "id": IdMaker().make(1_795_515_302_123),
        "seq": 17,
        "kind": "alarm_raised",
        "source": "door",
        "time": "2026-11-23T10:15:02.123Z",
        "stream_ns": 15_123_000_000,
    }
    return Event(**(fields | other))


def report(diff: Diff, **other) -> dict:
    options = {"reference_info": REFERENCE, "test_info": TEST, "settings": {"threshold": 6.0}}
    return compare_json(diff, **(options | other))


def holds(name: str, made: dict) -> None:
    """Check `made` as a reader of another language would: after a trip through text."""
    strict = json.loads(dumps(made), parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    checker = jsonschema.Draft202012Validator(schema(name))
    checker.validate(strict)
    assert strict == json.loads(json.dumps(made)), "the object is not strict JSON as it stands"


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_a_schema(name):
    jsonschema.Draft202012Validator.check_schema(schema(name))


def test_unknown_schema_is_refused():
    with pytest.raises(KeyError, match="there are compare, event"):
        schema("../secrets")


def test_compare_json_is_the_contracts_example():
    made = report(make_diff())
    holds("compare", made)
    assert list(made)[:3] == ["schema", "rtdiff", "complete"]
    assert made["reference"] == {"path": "a.png", "size_wh": [516, 334], "frames": 1}
    assert made["verdict"] == "different"
    assert made["metric"] == "ssim"
    assert made["min_ssim"] == {"value": 0.03, "xy": [228, 181]}
    assert made["boxes"] == [
        {"id": 1, "xyxy": [214, 166, 246, 197], "area_px": 866, "min_ssim": 0.03, "max_diff": 88.0}
    ]
    assert made["corrections"] == [
        {"kind": "alpha", "side": "test", "from": "RGBA", "to": "RGB", "detail": "over white and over black"}
    ]
    assert made["settings"]["noise_levels"] == 1.0
    assert "error" not in made
    assert "zones" not in made


def test_same_pictures_have_an_infinite_psnr_as_text():
    made = report(same_diff())
    holds("compare", made)
    assert made["verdict"] == "same"
    assert made["reasons"] == []
    assert made["metrics"]["psnr_db"] == "inf"
    assert '"inf"' in dumps(made)


def test_what_was_not_computed_is_absent():
    made = report(
        make_diff(min_ssim=math.nan, mssim=math.nan, metrics={"absdiff": 0.5, "ssim": np.float32(np.nan)})
    )
    holds("compare", made)
    assert "min_ssim" not in made
    assert "mssim" not in made
    assert made["metrics"] == {"absdiff": 0.5}


def test_numpy_scalars_zones_and_an_error():
    diff = make_diff(
        score=np.float32(0.5),
        boxes=(
            Box(
                np.int64(1),
                tuple(np.array([1, 2, 3, 4])),
                np.int32(4),
                np.float32(0.5),
                np.float64(8),
                "door",
            ),
        ),
        zones={"door": ZoneResult(0.5, 0.25, 1, 16)},
    )
    made = report(diff, complete=False, error="rtsp://me:secret@cam/1: gone\nand more")
    holds("compare", made)
    assert made["boxes"][0]["zone"] == "door"
    assert made["zones"]["door"] == {"score": 0.5, "changed_fraction": 0.25, "boxes": 1, "pixels": 16}
    assert made["error"] == "rtsp://***@cam/1: gone and more"


def test_a_scaled_test_has_boxes_in_its_own_pixels():
    scaled = Correction("scale", "test", [258, 167], [516, 334])
    made = report(make_diff(corrections=(scaled,)), test_info=TEST | {"size_wh": (258, 167)})
    holds("compare", made)
    assert made["boxes"][0]["test_xyxy"] == [107, 83, 123, 99]


def test_hash_knows_the_settings_and_not_their_order():
    assert settings_hash({"a": 1, "b": 2.0}) == settings_hash({"b": 2.0, "a": 1})
    assert settings_hash({"a": 1}) != settings_hash({"a": 2})
    measured = [report(make_diff(noise_levels=noise))["settings"]["hash"] for noise in (1.0, 2.0)]
    assert measured[0] == measured[1]


def test_an_object_is_not_written_by_its_address():
    with pytest.raises(TypeError, match="object cannot be written"):
        dumps({"a": object()})


def test_name_with_an_undecodable_byte_is_still_utf8():
    made = report(make_diff(), test_info=TEST | {"path": b"\xff.png".decode("utf-8", "surrogateescape")})
    holds("compare", made)
    assert json.loads(dumps(made).encode("utf-8"))["test"]["path"] == "?.png"


def test_write_json_whole_and_strict(tmp_path):
    path = tmp_path / "ergebnis ü.json"
    for score in (0.5, 0.75):
        write_json(path, report(make_diff(score=score)))
        assert json.loads(path.read_text(encoding="utf-8"))["score"] == score
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_write_json_to_stdout_and_nothing_else(capfdbinary):
    write_json("-", {"score": math.inf})
    assert capfdbinary.readouterr().out == b'{\n  "score": "inf"\n}\n'


@pytest.mark.parametrize(("name", "why"), [("no/such.json", "does not exist"), (".", "is a folder")])
def test_write_json_refuses(tmp_path, name, why):
    with pytest.raises(SinkError, match=why) as caught:
        write_json(tmp_path / name, {})
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_write_json_on_a_full_disk():
    with pytest.raises(SinkError, match="cannot be written"):
        write_json("/dev/full", {"a": 1})


def test_text_says_what_the_object_says():
    text = compare_text(make_diff(), reference_info=REFERENCE, test_info=TEST)
    assert text == (
        "DIFFERENT: 1 region, 3.31 % changed, worst at 228,181\n"
        "  reference  a.png  516x334\n"
        "  test       b.png  516x334\n"
        "  regions    1\n"
        "  changed    3.31 % (866 px)\n"
        "  worst      local SSIM 0.0300 at 228,181\n"
        "  SSIM       0.96215\n"
        "  PSNR       24.10 dB\n"
        "  corrected  alpha of test: RGBA -> RGB (over white and over black)\n"
        "\n"
        "     #  region              pixels  min SSIM  max diff\n"
        "     1  214:166-246:197        866    0.0300      88.0\n"
    )


def test_a_shift_is_told_as_two_numbers_and_a_size_as_one() -> None:
    moved = correction_text(Correction("shift", "test", [0.36, -1.2], [0, 0], "moved back"))
    assert moved == "shift of test: 0.36, -1.2 -> 0, 0 (moved back)"
    scaled = correction_text(Correction("scale", "test", (640, 360), (1280, 720)))
    assert scaled == "scale of test: 640x360 -> 1280x720"


def test_text_of_the_same():
    text = compare_text(same_diff(), reference_info=REFERENCE, test_info=TEST)
    assert text.startswith("SAME: every sample is equal\n")
    assert "inf dB" in text
    assert "\n\n" not in text
    assert "no visible difference" in compare_text(
        make_diff(reasons=(), boxes=()), reference_info=REFERENCE, test_info=TEST
    )
    allowed = compare_text(make_diff(reasons=()), reference_info=REFERENCE, test_info=TEST)
    assert allowed.startswith("SAME: 1 region, 3.31 % changed: as much as is allowed\n")


def test_text_shows_ten_boxes_and_counts_the_rest():
    boxes = tuple(Box(i + 1, (i, i, i + 2, i + 2), 4, 0.5, 9.0) for i in range(1234))
    text = compare_text(make_diff(boxes=boxes), reference_info=REFERENCE, test_info=TEST)
    assert text.endswith("  and 1,224 more\n")
    assert text.startswith("DIFFERENT: 1,234 regions, 3.31 % changed, worst at 228,181\n")
    assert len(text.splitlines()) < 25


def test_text_has_escape_sequences_only_when_asked():
    evil = REFERENCE | {"path": "a\x1b[2J\n\udcff.png"}
    text = compare_text(make_diff(), reference_info=evil, test_info=TEST)
    assert "\x1b" not in text
    assert "a?[2J ?.png" in text
    text.encode("utf-8")
    assert "\x1b[1;31mDIFFERENT\x1b[0m" in compare_text(
        make_diff(), reference_info=REFERENCE, test_info=TEST, colour=True
    )


def test_event_json_is_the_contracts_line():
    event = make_event(
        zone="shelf",
        alarm=IdMaker().make(5),
        frame=454,
        extra={
            "score": 0.81,
            "boxes": [Box(1, (0, 0, 2, 2), 4, 0.1, 90.0)],
            "reference": {"kind": "median", "age_s": 310.0},
            "files": {"after": "01JD/after.jpg"},
        },
    )
    made = event_json(event)
    holds("event", made)
    assert made["stream_s"] == 15.123
    assert made["boxes"] == [{"id": 1, "xyxy": [0, 0, 2, 2], "area_px": 4, "min_ssim": 0.1, "max_diff": 90.0}]
    line = event_line(event)
    assert line.count("\n") == 1
    assert json.loads(line) == made


def test_event_without_frame_zone_alarm_has_no_such_keys():
    made = event_json(make_event(kind="heartbeat", extra={"score": math.nan, "psnr_db": -math.inf}))
    holds("event", made)
    assert not {"frame", "zone", "alarm", "score"} & made.keys()
    assert made["psnr_db"] == "-inf"


def test_event_extra_cannot_overwrite():
    with pytest.raises(ValueError, match=r"\['id'\]"):
        event_json(make_event(extra={"id": "x"}))


def test_schema_refuses_a_close_without_its_opening():
    with pytest.raises(jsonschema.ValidationError, match="required property"):
        holds("event", event_json(make_event(kind="found")))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 2**48 - 2), min_size=2, max_size=30))
def test_ids_rise_whatever_the_clock_does(times):
    maker = IdMaker()
    ids = [maker.make(time) for time in times]
    assert ids == sorted(set(ids))
    assert time_ms_of(ids[0]) == times[0]
    assert all(len(made) == 26 for made in ids)


def test_ids_of_two_processes_sort_by_time():
    first, second = IdMaker(), IdMaker()
    assert first.make(1000) < second.make(1001) < first.make(1002)
    assert IdMaker().make(7) != IdMaker().make(7)


@pytest.mark.parametrize("time_ms", [-1, 2**48])
def test_ids_refuse_a_time_that_does_not_fit(time_ms):
    with pytest.raises(ValueError, match="time_ms"):
        IdMaker().make(time_ms)


@pytest.mark.parametrize("text", ["", "8" + "0" * 25, "I" * 26, "0" * 27])
def test_time_of_what_is_no_id(text):
    with pytest.raises(ValueError, match="not an id"):
        time_ms_of(text)


def test_figures():
    assert score_text(1.0) == "1.0000"
    assert score_text(0.96215) == "0.9621"
    assert score_text(0.999964) == "0.99996"
    assert score_text(1 - 1e-12) == "0.999999999+"
    assert percent_text(0.0) == "0.00 %"
    assert percent_text(0.0331) == "3.31 %"
    assert percent_text(0.00002) == "0.002 %"
    assert percent_text(1e-9) == "<0.0001 %"
    assert clock_text(15_123_999_999) == "00:00:15.123"
    assert clock_text(3_600_000_000_000 * 30) == "30:00:00.000"


def test_reports_need_no_picture_library():
    """Reading a report must not wait for OpenCV; numpy comes with the records."""
    code = "import sys, rtdiff.reports.compare_text; print([m for m in ('cv2', 'av') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
