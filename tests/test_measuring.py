"""The scripts that measure on made material: they run, repeat themselves, and agree with `rtdiff eval`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from rtdiff.cli import main

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return two pictures with soft detail."""
    folder = tmp_path_factory.mktemp("places")
    rng = np.random.default_rng(3)
    paths = [folder / "wall.png", folder / "floor.png"]
    for path in paths:
        coarse = rng.uniform(70, 170, (12, 16, 3)).astype(np.float32)
        picture = cv2.resize(coarse, (480, 360), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(path), np.clip(picture, 0, 255).astype(np.uint8))
    return paths


def run(name: str, tmp_path: Path, *words: object) -> tuple[str, dict[str, Any]]:
    """Return what a script prints and writes."""
    out = tmp_path / "figures.json"
    command = [sys.executable, str(SCRIPTS / name), *map(str, words), "--json", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    figures: dict[str, Any] = json.loads(out.read_text())
    return done.stdout, figures


def test_hours_count_alarms_and_what_was_planted(pictures: list[Path], tmp_path: Path) -> None:
    short = (*pictures, "--hours", 0.004, "--plant", 1, "--size", "160x120")
    told, figures = run("measure_hours", tmp_path, *short)
    assert "false alarms" in told
    assert sum(one["frames"] for one in figures["scenes"]) == 14
    planted = [one["planted"] for one in figures["scenes"]]
    assert sum(sum(one.values()) for one in planted) == 30
    assert sum(one["found"].get("2 % 80 lighter", 0) for one in figures["scenes"]) == 1
    again = run("measure_hours", tmp_path, *short)[1]
    for one in (*figures["scenes"], *again["scenes"]):
        del one["differ_s"]
    assert again == figures


def test_scenes_are_what_eval_measures_too(
    pictures: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, drawn = tmp_path / "set", tmp_path / "worst"
    words = ("--only", "office-things,lamp-alone", "--frames", 50, "--write", folder, "--pictures", drawn)
    told, figures = run("measure_scenes", tmp_path, *pictures, *words, "--no-stills")
    assert "office-things" in told
    things, alone = figures["scenes"]
    assert things["recall"] > 0.5
    assert (alone["recall"], alone["f1"]) == (None, None)
    assert list(drawn.glob("office-things-*.png"))
    assert main(["eval", str(folder / "office-things"), "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["f1"] == pytest.approx(things["f1"])
    truth = cv2.imread(str(folder / "office-things/groundtruth/gt000090.png"), cv2.IMREAD_GRAYSCALE)
    assert set(np.unique(truth)) == {0, 50, 170, 255}
    still = cv2.imread(str(folder / "lamp-alone/groundtruth/gt000090.png"), cv2.IMREAD_GRAYSCALE)
    assert not still.any()
