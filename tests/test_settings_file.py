"""Settings files as people write them: what is meant is read, what is wrong has its place."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtdiff import values
from rtdiff.config import CompareConfig, WatchConfig
from rtdiff.errors import SettingsError
from rtdiff.settings_file import MOST_BYTES, dump, load
from rtdiff.validation import validated

CAMERA = "cameras:\n  - name: door\n    source: a.mp4\n"


def watch(folder: Path, text: str | bytes, **typed: Any) -> WatchConfig:
    path = folder / "cfg.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    given = {} if b"source:" in path.read_bytes() else {"source": "a.mp4"}
    return validated(WatchConfig, {**given, **typed}, load(str(path), cameras=True), named=str)


def refused(folder: Path, text: str | bytes) -> str:
    with pytest.raises(SettingsError) as caught:
        watch(folder, text)
    told = str(caught.value)
    assert "\n" not in told
    assert told.startswith(str(folder / "cfg.yaml"))
    return told.removeprefix(str(folder / "cfg.yaml"))


@pytest.mark.parametrize(
    ("text", "attribute", "value"),
    [
        ("", "threshold", 6.0),
        ("# nothing but a comment\n", "threshold", 6.0),
        ("---\n...\n", "threshold", 6.0),
        ("~", "threshold", 6.0),
        ("{}", "threshold", 6.0),
        (b"\xef\xbb\xbfthreshold: 7\n", "threshold", 7.0),
        (b"threshold: 7\r\nmerge: 3\r\n", "merge", 3),
        ("threshold: 1e1", "threshold", 10.0),  # a text to YAML 1.1
        ("merge: 010", "merge", 10),  # 8 to YAML 1.1
        ("duration: 12:30:00", "duration", values.Span(45_000 * 10**9)),  # 45045 to YAML 1.1
        ("duration: '00:00:02.5'", "duration", values.Span(2_500_000_000)),
        ("name: on", "name", "on"),  # true to YAML 1.1
        ("name: no", "name", "no"),
        ("name: 2026-01-01", "name", "2026-01-01"),
        ("name: 0x10", "name", "0x10"),
        ("min-area: 50%", "min_area", values.Area(0.5)),
        ("strict: yes", "strict", True),
        ("strict: False", "strict", False),
        ("metric: [psnr, ssim]", "metric", ("psnr", "ssim")),
        ("mask:", "mask", None),
        ("threshold: 7\ncameras: [{source: b.mp4, threshold: 9}]", "threshold", 9.0),
        (CAMERA + "threshold: 7\n", "threshold", 7.0),
        (CAMERA, "name", "door"),
    ],
)
def test_what_people_write_is_what_they_get(
    tmp_path: Path, text: str | bytes, attribute: str, value: object
) -> None:
    assert getattr(watch(tmp_path, text), attribute) == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            CAMERA + "    threshold: abc\n",
            ":4:5: cameras.0.threshold: must be a number from 0.5 to 100, got 'abc'",
        ),
        ("merge: 1\nthreshold: .nan", ":2:1: threshold: must be a number from 0.5 to 100, got '.nan'"),
        ("threshold: -.inf", ":1:1: threshold: must be a number from 0.5 to 100, got '-.inf'"),
        ("threshold: 1000", ":1:1: threshold: must be a number from 0.5 to 100, got '1000'"),
        ("threshold: 1_0", ":1:1: threshold: must be a number"),
        ("threshold: 6,5", "got '6,5'; write a point: 6.5"),
        ("threshold: 50%", "got '50%'; it is no fraction, write it without %"),
        ("threshold:", ":1:1: threshold: must be a number from 0.5 to 100, got nothing"),
        ("threshold: [6]", ":1:1: threshold: must be a number from 0.5 to 100, got ['6']"),
        ("min-area: 0,5", "got '0,5'; write a point: 0.5"),
        ("raise-at: 5", "got '5'; for per cent write 5%"),
        ("duration: 2026-01-01", "must be a time such as"),
        ("duration: 12:30", "with hours: 00:12:30"),
        ("strict: 1", ":1:1: strict: must be true or false, got '1'"),
        ("merge: 1\n\ntreshold: 6", ":3:1: treshold: unknown option; did you mean 'threshold'?"),
        ("min_area: 1px", ":1:1: min_area: unknown option; did you mean 'min-area'?"),
        ("window: true", ":1:1: window: comes in a later version; leave it out"),
        ("on: 1", ":1:1: on: unknown option"),
        ("<<: {merge: 1}", ":1:1: <<: unknown option"),
        (CAMERA + "    treshold: 6", ":4:5: cameras.0.treshold: unknown option; did you mean 'threshold'?"),
        ("merge: 1\nthreshold: 6\nmerge: 2", ":3:1: merge: stands here and in line 1; leave one out"),
        ("zone:\n  a: 0:0-9:9\n  a: 0:0-8:8", ":3:3: a: stands here and in line 2"),
        ("zone:\n  a: 0:0-9:9\n  b: 5", ":3:3: zone.1.shape: must be a region"),
        ("zone:\n- name: a\n  shape: 0,0 9,9 9,0 0,5", ":3:3: zone.0.shape: crosses itself"),
        ("zone:\n- name: a\n  shape: 5:0-5:9", ":3:3: zone.0.shape: is empty"),
        (
            "zone:\n- {name: a, shape: 0:0-9:9, raise: 1}",
            "zone.0.raise: unknown option; did you mean 'raise-at'?",
        ),
        ("zone:\n- name: a", ":2:3: zone.0.shape: is missing"),
        ("- threshold: 6", ":1:1: must be a mapping of options"),
        ("threshold", ":1:1: must be a mapping of options"),
        ("merge: 1\n---\nmerge: 2", ":2:1: begins a second document"),
        ("zone:\n\ta: 0:0-9:9", ":2:1: has a tab; indent with spaces"),
        ("merge: &x 1\nthreshold: *x", ":1:8: has an anchor; "),
        ("merge: *x", ":1:8: has an alias; write the value out"),
        ("merge: !!python/name:os.system 1", ":1:8: has a tag; "),
        ("merge: !!int 1", ":1:8: has a tag; "),
        ("%YAML 1.2\n---\nmerge: 1", ":1:1: has a directive; "),
        ("[a]: 1", ":1:1: a key must be a name"),
        ("? {a: b}\n: 1", "a key must be a name"),
        ("merge: [1", "is not YAML (expected ',' or ']'"),
        ("merge: 'x", "is not YAML (found unexpected end of stream)"),
        ("merge: 1\nx: \x07", ":2:1: holds a control character"),
        (b"merge: 1\nname: \xff", ":2:1: is not UTF-8; save it as UTF-8"),
        ("a: " + "[" * 2000 + "]" * 2000, "is nested more than 16 deep"),
        ("cameras: 5", ":1:1: cameras: must be a list of mappings"),
        ("cameras: []", ":1:1: cameras: must be a list of mappings"),
        ("cameras: [a.mp4]", ":1:1: cameras: must be a list of mappings"),
        (CAMERA + "  - name: door\n    source: b.mp4", ":4:5: cameras.1.name: two are called 'door'"),
        (
            CAMERA + "  - name: gate\n    source: b.mp4",
            ":4:5: cameras: 2 of them, and this version watches",
        ),
        (
            "source: rtsp://me:hun@ter2@host/x",
            ":1:1: source: has two '@' in rtsp://...; write the one in",
        ),
        ("log: ${RTDIFF_TEST_NONE}", ":1:6: the environment has no RTDIFF_TEST_NONE; set it"),
    ],
)
def test_what_is_wrong_has_its_place_and_a_way_out(tmp_path: Path, text: str | bytes, told: str) -> None:
    answer = refused(tmp_path, text)
    assert told in answer
    assert "ter2" not in answer


def test_a_file_that_is_none(tmp_path: Path) -> None:
    for name, why in (("none.yaml", "cannot be read (No such file"), (".", "is no file"), ("a\0b", "cannot")):
        with pytest.raises(SettingsError, match=why.replace("(", r"\(")):
            load(str(tmp_path / name))
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(SettingsError, match="larger than 1 MiB"):
        load(str(large))


def test_the_command_line_goes_over_the_file_and_its_errors_name_no_line(tmp_path: Path) -> None:
    text = "threshold: 7\nmerge: 3\n" + CAMERA + "    threshold: abc\n"
    chosen = watch(tmp_path, text, threshold="9")
    assert (chosen.threshold, chosen.merge) == (9.0, 3)
    with pytest.raises(SettingsError, match=r"^\('threshold',\): must be a number"):
        watch(tmp_path, "threshold: 7", threshold="x")


def test_cameras_are_for_watch_only(tmp_path: Path) -> None:
    path = tmp_path / "cfg.yaml"
    path.write_text(CAMERA)
    with pytest.raises(SettingsError, match=r":1:1: cameras: unknown option"):
        validated(CompareConfig, {"reference": "a", "test": "b"}, load(str(path)), named=str)


def test_secrets_come_from_the_environment_and_are_neither_printed_nor_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTDIFF_TEST_SECRET", "hunter2")
    text = "source: rtsp://me:${RTDIFF_TEST_SECRET}@host/x\nname: ${RTDIFF_TEST_SECRET}\nmerge: 3\n"
    chosen = watch(tmp_path, text)
    assert chosen.source == "rtsp://me:hunter2@host/x"
    file = load(str(tmp_path / "cfg.yaml"), cameras=True)
    printed = dump(chosen.plain(), file, set())
    assert "hunter2" not in printed
    assert watch(tmp_path, printed) == chosen
    typed = dump(chosen.plain(), file, {"source", "name"})
    assert "RTDIFF" not in typed
    for wrong in ("threshold", "zone", "engine", "ignore-region", "duration"):
        told = refused(tmp_path, f"{wrong}: ${{RTDIFF_TEST_SECRET}}")
        assert "hunter2" not in told
        assert "${RTDIFF_TEST_SECRET}" in told
    assert "hunter2" not in refused(tmp_path, "zone:\n- {name: a, shape: '${RTDIFF_TEST_SECRET}'}")


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text("ab:-[]{}&*!%#'\"\n \t,1.@`|>?~<=", max_size=30), st.binary(max_size=20)))
def test_any_file_is_read_or_refused_in_one_line(tmp_path_factory: Any, text: str | bytes) -> None:
    try:
        watch(tmp_path_factory.getbasetemp(), text)
    except SettingsError as error:
        told = str(error)
        if "\n" in told or "cfg.yaml" not in told:
            raise
