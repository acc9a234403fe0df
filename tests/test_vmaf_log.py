"""Logs of libvmaf: what it writes today, what it wrote before, and what is no log."""

import json
import re

import numpy as np
import pytest

from rtdiff.errors import SourceError
from rtdiff.reports.vmaf_log import read_vmaf_log

SCORES = [38.570173, 39.160693, 39.074389, 26.307903]
FEATURES = {"integer_adm2": 0.841802, "VMAF_integer_feature_motion_sad_score": 3.161148, "vif_scale0": 0.2}


def as_json(frames=None, **other) -> str:
    frames = frames or [
        {"frameNum": k, "metrics": FEATURES | {"vmaf": score}} for k, score in enumerate(SCORES)
    ]
    pooled = {"vmaf": {"min": 26.307903, "max": 39.160693, "mean": 35.778290, "harmonic_mean": 35.1}}
    return json.dumps(
        {"version": "86da14d", "fps": 488.46, "frames": frames, "pooled_metrics": pooled} | other
    )


def as_xml(name: str = "vmaf") -> str:
    rows = "".join(
        f'<frame frameNum="{k}" integer_adm2="0.841802" {name}="{score}" />' for k, score in enumerate(SCORES)
    )
    return (
        '<VMAF version="86da14d">\n  <params qualityWidth="176" qualityHeight="144" />\n'
        '  <fyi fps="454.98" />'
        f'<frames>{rows}</frames><pooled_metrics><metric name="{name}" min="26.3" mean="35.7" />'
        "</pooled_metrics><aggregate_metrics /></VMAF>"
    )


def as_csv() -> str:
    heads = "Frame,integer_adm2,VMAF_integer_feature_motion_sad_score,vmaf,"
    return "\n".join([heads, *(f"{k},0.841802,3.161148,{score}," for k, score in enumerate(SCORES))]) + "\n"


def read(tmp_path, text: str | bytes, name: str = "vmaf.log"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_vmaf_log(path)


@pytest.mark.parametrize(
    "text", [as_json(), as_xml(), as_csv(), "\ufeff" + as_json(), as_csv().replace("\n", "\r\n")]
)
def test_every_format_says_the_same_whatever_the_file_is_called(tmp_path, text):
    log = read(tmp_path, text)
    assert log.metric == "vmaf"
    assert log.frames.tolist() == [0, 1, 2, 3]
    assert log.scores.tolist() == SCORES
    assert log.mean == pytest.approx(np.mean(SCORES))


def test_every_fifth_frame_and_frames_out_of_order(tmp_path):
    frames = [{"frameNum": k, "metrics": {"vmaf": 90.0 + k}} for k in (5, 0, 10)]
    log = read(tmp_path, as_json(frames))
    assert log.frames.tolist() == [0, 5, 10]
    assert log.scores.tolist() == [90.0, 95.0, 100.0]


@pytest.mark.parametrize("name", ["vmaf_4k_v0.6.1", "vmaf_neg", "VMAF_score"])
def test_scores_of_other_models_and_older_versions(tmp_path, name):
    assert read(tmp_path, as_xml(name)).metric == name


def test_plain_vmaf_before_its_bootstrap(tmp_path):
    frames = [{"frameNum": 0, "metrics": {"vmaf_bagging": 1.0, "vmaf_stddev": 2.0, "vmaf": 3.0}}]
    assert read(tmp_path, as_json(frames)).scores.tolist() == [3.0]


def test_frames_that_have_no_number_for_a_score_are_left_out(tmp_path):
    text = as_csv().replace("39.160693", "nan").replace("39.074389", "")
    assert read(tmp_path, text).frames.tolist() == [0, 3]


def test_what_a_tool_around_ffmpeg_wrote(data):
    log = read_vmaf_log(data / "ffmpeg-quality-metrics" / "tests" / "example.json")
    assert log.frames.tolist() == [0, 1, 2]
    assert log.scores.tolist() == [14.051072, 14.480823, 14.241643]


BOMB = '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + as_xml()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "names no VMAF score"),
        ("{", "is no VMAF log"),
        (as_json()[:-40], "is no VMAF log"),
        (as_xml()[:-30], "is no VMAF log"),
        ("[" * 100_000, "is no VMAF log"),
        ('{"frames":' * 100_000, "is no VMAF log"),
        ('{"frames": 3}', "no list of frames"),
        ('{"a": 1}', "no list of frames"),
        ('{"frames": [{"metrics": {"vmaf": 1}}]}', "a frame has no number"),
        ('{"frames": [{"frameNum": -1, "metrics": {"vmaf": 1}}]}', "no frame -1"),
        ('{"frames": [{"frameNum": 0, "metrics": {"psnr": 1}}]}', "holds no VMAF score"),
        ('{"frames": []}', "holds no VMAF score"),
        ('{"frames": [{"frameNum": 0, "metrics": {"vmaf": NaN}}]}', "none of its VMAF scores is a number"),
        (BOMB, "defines entities"),
        ("<html><body>404</body></html>", "holds no VMAF score"),
        ("Frame,vmaf\n0,abc\n", "is no VMAF log"),
        ("{0}{1}frame: 0|vmaf: 38.570173|\n", "is no VMAF log"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "is no VMAF log"),
    ],
)
def test_what_is_no_log_is_one_clear_line(tmp_path, text, what):
    with pytest.raises(SourceError, match=what) as caught:
        read(tmp_path, text)
    words = str(caught.value)
    assert len(words.splitlines()) == 1
    assert len(words) < 400
    assert "vmaf.log: " in words
    assert "; " in words


def test_what_cannot_be_read_is_one_clear_line(tmp_path):
    for path in (tmp_path / "none.json", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(SourceError, match=r"cannot be read .*; check the name"):
            read_vmaf_log(path)
    with pytest.raises(SourceError) as caught:
        read_vmaf_log("http://me:secret@host/vmaf.json")
    assert not re.search("secret", str(caught.value))
