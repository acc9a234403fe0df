"""``rtdiff demo`` and ``rtdiff bench``, for real, on something short."""

import json
from dataclasses import replace
from pathlib import Path

import av
import cv2
import jsonschema
import numpy as np
import pytest

import rtdiff
from rtdiff.cli import main
from rtdiff.commands import demo as module
from rtdiff.commands.demo_score import Score, belongs, hits, overlap
from rtdiff.records import Box, Diff, Event, Tick
from rtdiff.sources.synthetic import SyntheticSource

SHORT = "synthetic://shelf?size=320x240&frames=100&seed=3&lamp=none&shake=0&objects=2&quiet=2"
MADE = {"annotated.mp4", "events.jsonl", "worst.png", "summary.txt"}


def run(*words: object) -> int:
    return main([str(word) for word in words])


def events(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


def frames_of(video: Path) -> list[np.ndarray]:
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(stream)]


def test_its_own_scene(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "SCENE", SHORT)
    folder = tmp_path / "out"
    for _ in range(2):  # again into the same folder
        assert run("demo", "-o", folder, "--engine", "numba") == 0
        told = capsys.readouterr().out
    assert {path.name for path in folder.iterdir()} == MADE
    assert (folder / "summary.txt").read_text(encoding="utf-8") == f"{module.MARK}\n\n{told}"
    scene = SyntheticSource(SHORT)
    assert len(scene.events) == 2
    for first, last, label, _ in scene.events:
        (line,) = (line for line in told.splitlines() if label in line)
        assert f"{first / 25:.2f} s" in line
        assert f" of {last - first} frames" in line
        assert "not found" not in line
    assert "found      2 of 2 things" in told
    assert "false      0.00 boxes a frame, and 0 alarms, in" in told
    assert len(frames_of(folder / "annotated.mp4")) == 100
    made = events(folder)
    schema = json.loads((Path(rtdiff.__file__).parent / "reports/schemas/event.json").read_text())
    for event in made:
        jsonschema.validate(event, schema)
    kinds = [event["kind"] for event in made]
    assert (kinds[0], kinds[-1]) == ("started", "stopped")
    assert f"alarms     {kinds.count('alarm_raised')} raised" in told
    assert kinds.count("alarm_raised") > 0
    picture = cv2.imread(str(folder / "worst.png"))
    assert picture.shape[0] == 240
    assert picture.shape[1] >= 2 * 320


def test_the_picture_is_of_the_frame_it_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("demo", SHORT, "-o", tmp_path / "out") == 0
    told = capsys.readouterr().out
    number = int(told.partition("  frame ")[2].partition(",")[0])
    scene = SyntheticSource(SHORT)
    assert scene.truth(number)
    half = cv2.imread(str(tmp_path / "out/worst.png"))[:, -320:]
    clear = slice(0, 220), slice(290, 320)  # nothing is drawn here, and noise makes every frame another
    assert np.array_equal(half[clear], scene.frame(number).picture()[clear])
    assert not np.array_equal(half[clear], scene.frame(number - 1).picture()[clear])


def test_the_users_own_video(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "out"
    assert run("demo", "--duration", "5s", "-o", folder, data / "opencv-samples/vtest.avi") == 0
    told = capsys.readouterr().out
    assert "truth" not in told
    assert "768x576, 50 frames" in told
    assert "the median of its first 2 s" in told
    frames = frames_of(folder / "annotated.mp4")
    assert len(frames) == 50
    assert frames[0].shape == (576, 768, 3)
    assert {path.name for path in folder.iterdir()} == MADE


def test_a_short_folder_is_held_against_its_first_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, picture = tmp_path / "shots", np.full((120, 160, 3), 90, np.uint8)
    source.mkdir()
    for number in range(20):
        if number == 12:
            picture[40:80, 50:90] = 200
        cv2.imwrite(str(source / f"{number:03}.png"), picture)
    assert run("demo", source, "-o", tmp_path / "out") == 0
    told = capsys.readouterr().out
    assert "against    its first frame" in told
    assert "different  8 of 20 compared frames" in told


def test_one_picture_is_nothing_to_watch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite(str(tmp_path / "one.png"), np.zeros((48, 64, 3), np.uint8))
    assert run("demo", tmp_path / "one.png", "-o", tmp_path / "out") == 0
    told = capsys.readouterr().out
    assert "compared   nothing" in told
    assert "worst.png" not in told


def test_files_of_others_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "annotated.mp4"
    mine.write_bytes(b"my holiday")
    assert run("demo", SHORT, "-o", tmp_path) == 2
    assert "not from a demo" in capsys.readouterr().err
    assert mine.read_bytes() == b"my holiday"
    assert [path.name for path in tmp_path.iterdir()] == ["annotated.mp4"]


def test_a_place_that_cannot_be_a_folder_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run("demo", SHORT, "-o", tmp_path / "file") == 2
    assert "is a file; give a folder with -o" in capsys.readouterr().err
    assert run("demo", SHORT, "-o", tmp_path / "none/out") == 2
    assert "does not exist; create it first" in capsys.readouterr().err


def test_what_cannot_be_read_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("demo", tmp_path / "none.mp4", "-o", tmp_path / "out") == 2
    assert "none.mp4" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_its_own_video_is_not_written_over_while_it_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert run("demo", SHORT, "--duration", "20f", "-o", folder) == 0
    video = (folder / "annotated.mp4").read_bytes()
    assert run("demo", folder / "annotated.mp4", "-o", folder) == 2
    assert "would be written over" in capsys.readouterr().err
    assert (folder / "annotated.mp4").read_bytes() == video


def scored(scene: SyntheticSource, index: int, *corners: tuple[int, int, int, int]) -> Score:
    """Return the score of one frame in which something drew boxes at `corners`."""
    frame = scene.frame(index)
    with rtdiff.Differ(reference=scene.frame(0).picture(), engine="numpy") as differ:
        real = differ(frame.picture())
    diff: Diff = replace(real, boxes=tuple(Box(n, xyxy, 9, 0.0, 50.0) for n, xyxy in enumerate(corners)))
    score = Score(scene.truth)
    raised = Event("1", 1, "alarm_raised", "s", "t", frame.time_ns)
    score.write(Tick(frame, "live", frame.time_ns), diff, [raised])
    return score


def test_the_score_counts_what_the_truth_says() -> None:
    scene = SyntheticSource(SHORT)
    index = scene.events[0][0] + 5
    (thing,) = scene.truth(index)
    on, off, idle = scored(scene, index, thing.xyxy), scored(scene, index), scored(scene, 3, thing.xyxy)
    assert (on.planted[0].label, on.planted[0].hits, on.right, on.idle_alarms) == (thing.label, 1, 1, 0)
    assert on.planted[0].fit == 1.0
    assert (off.planted[0].frames, off.planted[0].hits, off.planted[0].found_ns) == (1, 0, None)
    away = scored(scene, index, (0, 0, 4, 4))
    assert (away.planted[0].hits, away.boxes, away.right) == (0, 1, 0)
    assert (idle.planted, idle.quiet_frames, idle.quiet_boxes, idle.idle_alarms) == ([], 1, 1, 1)


def test_a_broken_truth_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = SyntheticSource.truth

    def elsewhere(scene: SyntheticSource, index: int) -> tuple:
        return tuple(replace(thing, xyxy=(0, 0, 6, 6)) for thing in whole(scene, index))

    monkeypatch.setattr(SyntheticSource, "truth", elsewhere)
    assert run("demo", SHORT, "-o", tmp_path / "out") == 0
    told = capsys.readouterr().out
    assert "found      0 of 2 things" in told
    assert "precision  0.00 %" in told
    assert told.count("not found") == 2


def test_boxes_and_things() -> None:
    thing = (10, 10, 30, 50)
    assert overlap(thing, thing) == 1.0
    assert overlap(thing, (30, 10, 50, 50)) == 0.0
    assert overlap((0, 0, 4, 4), (0, 0, 4, 8)) == 0.5
    assert hits((0, 0, 60, 60), thing)  # covers its middle, by 0.22
    assert not hits((0, 0, 320, 240), thing)  # so does a box around everything
    assert hits((10, 10, 30, 28), thing)  # fits by 0.45, beside its middle
    assert not hits((10, 10, 30, 22), thing)
    assert belongs((10, 10, 30, 22), thing)  # a part of it
    assert not belongs((26, 46, 60, 80), thing)


def test_bench_measures_every_engine_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("bench", "--size", "64x48", "--json", "-") == 0
    made = json.loads(capsys.readouterr().out)
    assert {"numpy", "numba"} <= {row["engine"] for row in made["rows"]}
    assert all(0 < row["ms_min"] <= row["ms"] <= row["ms_max"] for row in made["rows"])
