"""``rtdiff demo`` and ``rtdiff bench``, for real, on something short."""

import json
from pathlib import Path

import av
import cv2
import pytest

from rtdiff.cli import main
from rtdiff.commands import demo as module
from rtdiff.commands.demo import Score
from rtdiff.records import Box, Tick
from rtdiff.sources.synthetic import SyntheticSource

SHORT = "synthetic://shelf?size=320x240&frames=120&seed=3&lamp=none&shake=0"


def run(*words: object) -> int:
    return main([str(word) for word in words])


def test_its_own_scene(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "SCENE", SHORT)
    for _ in range(2):  # again into the same folder
        assert run("demo", "-o", tmp_path / "out", "--engine", "numpy") == 0
    told = capsys.readouterr().out
    assert "against the scene's own truth" in told
    assert "s after it came" in told
    with av.open(str(tmp_path / "out/annotated.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 120
    assert cv2.imread(str(tmp_path / "out/worst.png")).shape[1] > 640
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "out/events.jsonl").read_text().splitlines()]
    assert kinds[0] == "started"
    assert kinds[-1] == "stopped"
    assert "alarm_raised" in kinds


def test_the_users_own_video(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = data / "opencv-samples/vtest.avi"
    assert run("demo", "--duration", "4s", "-o", tmp_path / "out", video) == 0
    told = capsys.readouterr().out
    assert "truth" not in told
    assert "41 frames" in told


def test_the_score_counts_what_the_truth_says() -> None:
    scene = SyntheticSource(SHORT)
    first = scene.events[0][0]
    (thing,) = scene.truth(first + 5)
    frame = scene.frame(first + 5)
    tick = Tick(frame, "live", frame.time_ns)

    def boxed(*corners: tuple[int, int, int, int]) -> Score:
        score = Score(scene)
        boxes = tuple(Box(1, xyxy, 9, 0.0, 50.0) for xyxy in corners)
        score.write(tick, type("FakeDiff", (), {"boxes": boxes})(), ())
        return score

    assert (boxed(thing.xyxy).hits, boxed(thing.xyxy).false) == (1, 0)
    assert (boxed().hits, boxed().truths) == (0, 1)
    away = (0, 0, 4, 4)
    assert (boxed(away).hits, boxed(away).false) == (0, 1)
    assert thing.label in boxed(thing.xyxy).found_ns


def test_bench_measures_every_engine_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("bench", "--size", "64x48", "--json", "-") == 0
    made = json.loads(capsys.readouterr().out)
    assert {"numpy", "numba"} <= {row["engine"] for row in made["rows"]}
    assert all(0 < row["ms_min"] <= row["ms"] <= row["ms_max"] for row in made["rows"])
