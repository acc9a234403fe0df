"""``rtdiff eval``: detection held against truth, on datasets of every layout and on the published ones."""

import json
import math
import re
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rtdiff
from rtdiff.cli import main
from rtdiff.evaluation.alarms import Alarm, judge_alarms
from rtdiff.evaluation.curves import average_precision
from rtdiff.evaluation.datasets import open_dataset
from rtdiff.evaluation.matching import TrueBox, match, overlaps
from rtdiff.evaluation.rivals import MAKERS
from rtdiff.reports.eval_result import Counts
from rtdiff.sources.picture import read_picture
from tests import eval_sets as sets

SCHEMA = Path(rtdiff.__file__).parent / "reports/schemas/eval.json"
QUICK = ("--engine", "numpy")  # nothing is compiled for a few small pictures


def run(*words: object) -> int:
    return main(["eval", *map(str, words)])


def measured(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert run(*words, *QUICK, "--json", "-") == code
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(made, json.loads(SCHEMA.read_text()))
    return made


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    capsys.readouterr()
    assert run(*words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "internal" not in said.err
    return said.err


def test_a_sequence_is_counted_as_anybody_would(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = sets.cdnet(tmp_path / "road")
    made = measured(capsys, folder)
    numbers = range(sets.FIRST, sets.LAST)
    before = np.stack([sets.frame(n) for n in range(1, sets.FIRST)])
    pinned = np.sort(before, axis=0)[(len(before) - 1) // 2]
    right = false = missed = 0
    with rtdiff.Differ(reference=pinned, fps=25, engine="numpy") as differ:
        for number in numbers:
            diff = differ(sets.frame(number))
            assert diff is not None
            truth, found = sets.levels(number), diff.mask > 0
            truth[:, sets.REGION :] = 85
            static = (truth == 0) | (truth == 50)
            right += np.count_nonzero(found & (truth == 255))
            false += np.count_nonzero(found & static)
            missed += np.count_nonzero(~found & (truth == 255))
    (method,) = made["methods"]
    (scene,) = method["scenes"]
    told = scene["pixels"]
    assert (told["right"], told["false"], told["missed"]) == (right, false, missed)
    assert (scene["name"], scene["frames"]) == ("road", len(numbers))
    f1 = 2 * right / (2 * right + false + missed)
    assert made["f1"] == told["f1"] == pytest.approx(f1)
    assert f1 > 0.9
    assert (made["measure"], made["average"], made["dataset"]["layout"]) == ("pixels", "mean", "cdnet")
    assert scene["boxes"] == {
        "right": len(numbers),
        "false": 0,
        "missed": 0,
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
    }


def test_a_video_serves_as_well_as_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = sets.cdnet(tmp_path / "road")
    codec = cv2.VideoWriter.fourcc(*"FFV1")  # lossless
    writer = cv2.VideoWriter(str(folder / "input.avi"), codec, 25, (sets.WIDE, sets.HIGH))
    for path in sorted((folder / "input").iterdir()):
        writer.write(cv2.imread(str(path)))
        path.unlink()
    writer.release()
    (folder / "input").rmdir()
    made = measured(capsys, folder)
    assert made["methods"][0]["frames"] == sets.LAST - sets.FIRST
    assert made["f1"] > 0.9


def test_a_folder_of_scenes_is_told_by_scene_and_in_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sets.cdnet(tmp_path / "set/day/a", seed=1)
    sets.cdnet(tmp_path / "set/day/b", seed=2)
    made = measured(capsys, tmp_path / "set")
    (method,) = made["methods"]
    assert [scene["name"] for scene in method["scenes"]] == ["day/a", "day/b"]
    ones = [scene["pixels"] for scene in method["scenes"]]
    both = method["all"]["pixels"]
    for key in ("right", "false", "missed"):
        assert both["pooled"][key] == sum(one[key] for one in ones)
    assert both["mean"]["f1"] == pytest.approx(sum(one["f1"] for one in ones) / 2)
    assert made["f1"] == both["mean"]["f1"]
    assert run(tmp_path / "set", *QUICK) == 0
    told = capsys.readouterr().out
    assert "day/a" in told
    assert "all together" in told
    assert "mean of scenes" in told
    assert "\x1b" not in told


def test_stills_with_boxes_ask_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = sets.deeppcb(tmp_path / "boards")
    made = measured(capsys, folder, "--jobs", 2)
    assert (made["dataset"]["layout"], made["measure"], made["average"]) == ("deeppcb", "boxes", "pooled")
    assert made["methods"][0]["all"]["boxes"]["pooled"]["right"] == 4
    assert made["f1"] == 1.0
    assert measured(capsys, folder / "group1")["methods"][0]["frames"] == 2
    assert "pixels" not in made["methods"][0]["all"]
    beside = measured(capsys, folder, "--min-area", "2000px")  # no block is that large
    assert beside["f1"] == 0
    assert beside["settings"]["min-area"] == "2000px"
    assert beside["settings"]["hash"] != made["settings"]["hash"]
    assert len(beside["worst"]) == 4
    assert run(folder, *QUICK, "--min-area", "2000px", "--fail-under", 0.5) == 1
    assert run(folder, *QUICK, "--min-area", "2000px", "--fail-under", 0.5, "--exit-zero") == 0
    assert run(folder, *QUICK, "--fail-under", 0.5) == 0


def test_annotations_with_masks_count_pixels_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sets.coco(tmp_path / "pages")
    made = measured(capsys, path)
    counted = made["methods"][0]["all"]
    assert counted["boxes"]["pooled"]["right"] == 3
    pixels = counted["pixels"]["pooled"]
    assert pixels["right"] + pixels["missed"] == 3 * 26 * 22
    assert pixels["recall"] == 1.0  # polygon, RLE and compressed RLE are all where the block is
    assert measured(capsys, path.parent)["f1"] == made["f1"]
    plain = measured(capsys, sets.coco(tmp_path / "boxes", ("polygon", "")))
    assert "pixels" not in plain["methods"][0]["all"]


def test_a_crowd_counts_neither_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = sets.coco(tmp_path, ("rle",))
    data = json.loads(path.read_text())
    data["annotations"][0]["iscrowd"] = 1
    path.write_text(json.dumps(data))
    counted = measured(capsys, path)["methods"][0]["all"]
    assert {key: counted["boxes"]["pooled"][key] for key in ("right", "false", "missed")} == {
        "right": 0,
        "false": 0,
        "missed": 0,
    }
    assert counted["pixels"]["pooled"]["missed"] == 0


SCENE = "synthetic://static?size=64x48&frames=80&noise=0"


def test_alarms_are_held_against_true_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shelf = "synthetic://shelf?size=160x120&frames=300&seed=3&shake=0&light=0&lamp=none&noise=1"
    raised, end = [], 0.0
    for event in rtdiff.watch(shelf, engine="numpy"):
        end = event.stream_ns / 1e9
        if event.kind == "alarm_raised":
            raised.append(end)
    assert raised
    events = [{"start": raised[0] - 1, "end": raised[0] + 1}, {"start": 0, "end": 0.1}]
    listed = tmp_path / "events.json"
    listed.write_text(json.dumps({"videos": [{"video": shelf, "events": events}]}))
    told = measured(capsys, listed, "--late", "0")["methods"][0]["all"]
    pooled = told["events"]["pooled"]
    assert (pooled["right"], pooled["missed"], pooled["false"]) == (1, 1, len(raised) - 1)
    assert told["alarms"]["hours"] == pytest.approx(end / 3600)
    assert told["alarms"]["false_per_hour"] == pytest.approx((len(raised) - 1) * 3600 / end)
    assert told["alarms"]["delay_s"]["median"] == pytest.approx(1.0)


def test_a_quiet_video_of_a_csv_has_no_alarm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = tmp_path / "events.csv"
    listed.write_text(f"Video, start, end\n{SCENE}, , \n", encoding="utf-8-sig")
    made = measured(capsys, listed)
    told = made["methods"][0]["all"]
    assert told["events"]["pooled"] == {"right": 0, "false": 0, "missed": 0}
    assert "f1" not in made  # nothing was to be found
    assert told["alarms"]["hours"] > 0
    assert "false alarms an hour" in (run(listed, *QUICK), capsys.readouterr().out)[1]


def test_a_sweep_is_a_run_at_every_threshold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = sets.cdnet(tmp_path / "road")
    made = measured(capsys, folder, "--sweep=3,12,100")
    curve = next(curve for curve in made["curves"] if curve["measure"] == "pixels")
    assert [point["threshold"] for point in curve["points"]] == [3, 12, 100]
    alone = measured(capsys, folder, "--threshold", 12)
    assert alone["methods"][0]["scenes"][0]["pixels"]["f1"] == curve["points"][1]["f1"]
    counts = [Counts(point["right"], point["false"], point["missed"]) for point in curve["points"]]
    assert curve["auc"] == pytest.approx(average_precision(counts))
    assert "AUC" in (run(folder, "--sweep=6", *QUICK), capsys.readouterr().out)[1]


@pytest.mark.parametrize("kind", ["stills", "sequence"])
def test_rivals_are_run_on_the_same_pictures(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = sets.deeppcb(tmp_path, 1, 1) if kind == "stills" else sets.cdnet(tmp_path / "road")
    made = measured(capsys, folder, "--against")
    names = [method["name"] for method in made["methods"]]
    assert names == ["rtdiff", *MAKERS]
    frames = {method["frames"] for method in made["methods"]}
    assert frames == {1 if kind == "stills" else sets.LAST - sets.FIRST}
    by_name = {method["name"]: method for method in made["methods"]}
    for name in ("absdiff", "mog2", "knn"):  # a bright block is found by anything
        measure = "boxes" if kind == "stills" else "pixels"
        assert by_name[name]["all"][measure]["pooled"]["recall"] > 0.3, name  # subtractors learn it soon
        assert "default" in by_name["mog2"]["what"]
    some = measured(capsys, folder, "--against=knn,absdiff")
    assert [method["name"] for method in some["methods"]] == ["rtdiff", "absdiff", "knn"]


def test_a_fixed_threshold_is_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = sets.cdnet(tmp_path / "road")
    before = np.stack([sets.frame(n) for n in range(1, sets.FIRST)])
    pinned = np.sort(before, axis=0)[(len(before) - 1) // 2].astype(int)
    right = 0
    for number in range(sets.FIRST, sets.LAST):
        truth = sets.levels(number)
        truth[:, sets.REGION :] = 85
        right += np.count_nonzero((abs(sets.frame(number) - pinned) > 30) & (truth == 255))
    made = measured(capsys, folder, "--against=absdiff")
    assert made["methods"][1]["all"]["pixels"]["pooled"]["right"] == right


def test_a_missing_package_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = sets.deeppcb(tmp_path, 1, 1)
    monkeypatch.setitem(sys.modules, "skimage", None)
    monkeypatch.setitem(sys.modules, "skimage.metrics", None)
    assert "pip install scikit-image" in refused(capsys, folder, "--against=ssim-otsu")
    made = measured(capsys, folder, "--against")
    assert "ssim-otsu" not in [method["name"] for method in made["methods"]]
    assert any("scikit-image" in note for note in made["notes"])


def test_the_page_holds_everything_and_loads_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "<script>alert(1)</script>&\"'"
    folder = sets.coco(tmp_path / "set", ("rle", "rle"))
    data = json.loads(folder.read_text())
    data["images"][0]["scene"] = evil
    data["annotations"][0]["bbox"] = [0, 0, 4, 4]  # so that something is wrong
    folder.write_text(json.dumps(data))
    page = tmp_path / "report.html"
    assert run(folder, *QUICK, "--sweep=3,6,50", "--against=absdiff,knn", "-o", page) == 0
    text = page.read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    assert " style=" not in text  # the page's policy would not apply it
    for what in ("AUC of pixels", "absdiff", "knn", "The worst mistakes", "missed: striped", "F1 by scene"):
        assert what in text, what
    assert text.count('class="rt-pair') == 1
    assert "internal" not in capsys.readouterr().err


def test_a_mistake_is_drawn_where_it_is() -> None:
    from rtdiff.reports.eval_pictures import FALSE, MISSED, RIGHT, mark_boxes, mark_mask

    picture = np.full((60, 80, 3), 90, np.uint8)
    masks = [np.zeros((60, 80), bool) for _ in range(4)]
    places = [(slice(5, 25), slice(5, 25)), (slice(5, 25), slice(45, 65)), (slice(35, 55), slice(5, 25))]
    for mask, place in zip(masks, places, strict=False):
        mask[place] = True
    drawn = mark_mask(picture, *masks)
    times = len(drawn) // 60
    for place, colour in zip(places, (RIGHT, MISSED, FALSE), strict=True):
        y, x = place[0].start * times, place[1].start * times
        assert np.array_equal(drawn[y, x], colour)  # its outline
    assert drawn[-1, -1].std() == 0  # gray elsewhere
    patterns = [
        drawn[p[0].start * times + 12 : p[0].stop * times - 12, p[1].start * times + 12] for p in places
    ]
    assert len(np.unique(patterns[0], axis=0)) == 1  # plain
    assert len(np.unique(patterns[1], axis=0)) > 1  # striped
    assert len(np.unique(patterns[2], axis=0)) > 1  # dotted
    boxes = mark_boxes(picture, [(5, 5, 25, 25)], [(45, 5, 65, 25)], [(5, 35, 25, 55)])
    assert np.abs(boxes[5 * times, 15 * times].astype(int) - RIGHT).max() < 60
    inside = [boxes[y * times, x * times] for y, x in ((15, 15), (45, 15))]
    assert inside[0].std() == 0  # nothing in a right one
    assert inside[1].std() > 0  # the cross in a false one


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda root: (root / "temporalROI.txt").write_text("x"), "must hold two numbers"),
        (
            lambda root: (root / "temporalROI.txt").write_text("1 14"),
            "no frame before the first evaluated one",
        ),
        (lambda root: (root / "temporalROI.txt").write_text("100 200"), "none has a mask"),
        (lambda root: (root / "input/in000010.png").write_text("text"), "in000010.png"),
        (
            lambda root: sets.write(root / "groundtruth/gt000010.png", np.zeros((9, 9), np.uint8)),
            "size of its",
        ),
        (lambda root: sets.write(root / "ROI.bmp", np.zeros((9, 9), np.uint8)), "the ROI is 9x9"),
        (lambda root: sets.write(root / "input/b1.png", sets.frame(1)), "has the same number"),
        (
            lambda root: [path.unlink() for path in (root / "groundtruth").iterdir()],
            "no masks in groundtruth/",
        ),
    ],
)
def test_a_bad_sequence_is_one_line(
    spoil: Any, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = sets.cdnet(tmp_path / "road")
    spoil(root)
    assert told in refused(capsys, root, *QUICK)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is no JSON"),
        ('{"images": [], "annotations": []}', "holds no images"),
        ('{"images": [{"id": 1}], "annotations": []}', "has no file_name"),
        ('{"images": [{"id": 1, "file_name": "a.png"}], "annotations": []}', "is missing"),
        ('{"images": [], "annotations": [{"image_id": 7}]}', "image_id 7 is no image's"),
        ('{"images": [3], "annotations": []}', "images.0: must be an object"),
        ('{"images": [], "annotations": 4}', "annotations: must be a list"),
        ('{"videos": [{"video": "no.mp4", "events": []}]}', "no.mp4: is missing"),
        ('{"videos": [{"events": []}]}', "names no video"),
        (
            '{"videos": [{"video": "synthetic://shelf", "events": [{"start": "9f", "end": 3}]}]}',
            "time such as",
        ),
        (
            '{"videos": [{"video": "synthetic://shelf", "events": [{"start": 5, "end": 3}]}]}',
            "before it starts",
        ),
        ("[1, 2]", "is no dataset"),
        ('{"a": 1}', "is no dataset"),
    ],
)
def test_a_bad_list_is_one_line(
    text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.json"
    path.write_text(text)
    assert told in refused(capsys, path)


def test_what_has_no_place_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    boards, road = sets.deeppcb(tmp_path / "boards"), sets.cdnet(tmp_path / "road")
    events = tmp_path / "events.csv"
    events.write_text(f"video,start,end\n{SCENE},1,2\n")
    assert "is not there" in refused(capsys, tmp_path / "none")
    assert "is no dataset of the layout cdnet" in refused(capsys, boards, "--layout", "cdnet")
    assert "is no dataset of a known layout" in refused(capsys, tmp_path / "boards/group0/0_not")
    assert "ignore: is for still pairs" in refused(capsys, road, "--ignore", "light")
    assert "raise-at: is for lists of events" in refused(capsys, boards, "--raise-at", "0.1")
    assert "the rivals make masks" in refused(capsys, events, "--against")
    assert "must be a page" in refused(capsys, boards, "-o", "report.png")
    assert "does not exist" in refused(capsys, boards, "--json", tmp_path / "no/r.json")
    assert "DATASET is missing" in refused(capsys)
    assert "--against: must be all, absdiff" in refused(capsys, boards, "--against=mog3")
    assert "--sweep: must be a number" in refused(capsys, boards, "--sweep=0")
    truth = next((boards / "group0/0_not").iterdir())
    truth.write_text("1 2 3\n")
    assert f"{truth.name}:1: must be x1 y1 x2 y2 type" in refused(capsys, boards)
    truth.unlink()
    assert "is missing beside" in refused(capsys, boards)


def test_what_was_measured_is_written_when_it_is_interrupted(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        while not any(thread.name.startswith("eval_") for thread in threading.enumerate()):
            time.sleep(0.05)
        time.sleep(1)  # some frames, of minutes
        signal.raise_signal(signal.SIGINT)

    out = tmp_path / "r.json"
    threading.Thread(target=interrupt, daemon=True).start()
    code = run(data / "cdnet-highway", *QUICK, "--against", "--sweep", "--json", out)
    assert code == 130
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    made = json.loads(out.read_text())
    jsonschema.validate(made, json.loads(SCHEMA.read_text()))
    assert made["complete"] is False
    assert "interrupted" in made["error"]
    assert "incomplete" in said.out


def test_the_best_fit_comes_first_and_nothing_counts_twice() -> None:
    true = [TrueBox((0, 0, 10, 10)), TrueBox((20, 0, 30, 10)), TrueBox((50, 0, 60, 10), counts=False)]
    found = [(0, 0, 10, 6), (0, 0, 10, 9), (21, 0, 31, 10), (50, 0, 54, 4), (80, 0, 90, 10)]
    matched = match(true, found, 0.33)
    assert matched.right == ((0, 1), (1, 2))
    assert matched.false == (0, 4)  # the second on one thing is false; on a crowd nothing is
    assert matched.missed == ()
    half = [TrueBox((0, 0, 10, 10))]
    assert match(half, [(0, 0, 10, 5)], 0.5).right == ()  # above, not at
    assert match(half, [(0, 0, 10, 5)], 0.49).right == ((0, 0),)
    assert match([], [], 0.5) == ((), (), ())
    assert match(half, [], 0.5).missed == (0,)


BOX = st.tuples(*[st.integers(0, 30)] * 2, *[st.integers(1, 20)] * 2).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(BOX, max_size=6), st.lists(BOX, max_size=6), st.sampled_from([0.0, 0.33, 0.7]))
def test_every_box_is_accounted_for_once(true: list[Any], found: list[Any], iou: float) -> None:
    matched = match([TrueBox(box) for box in true], found, iou)
    assert sorted([t for t, _ in matched.right] + list(matched.missed)) == list(range(len(true)))
    assert sorted([f for _, f in matched.right] + list(matched.false)) == list(range(len(found)))
    fits = overlaps(true, found)
    assert all(fits[pair] > iou for pair in matched.right)
    left = [(t, f) for t in matched.missed for f in matched.false]
    assert all(fits[pair] <= iou for pair in left)  # greedy leaves no pair that would fit


def test_average_precision_is_the_area_that_it_says() -> None:
    assert average_precision([Counts(10, 0, 0)]) == 1.0
    assert average_precision([Counts(5, 0, 5)]) == 0.5  # what is never reached counts as 0
    ladder = [Counts(2, 0, 8), Counts(6, 6, 4), Counts(8, 2, 2)]
    assert average_precision(ladder) == pytest.approx(0.2 * 1.0 + 0.6 * 0.8)  # 0.5 is below the hull
    assert math.isnan(average_precision([Counts()]))
    assert average_precision([Counts(0, 0, 9)]) == 0.0


def test_alarms_find_repeat_and_fail() -> None:
    events = [(10.0, 20.0), (30.0, 40.0), (35.0, 60.0), (90.0, 91.0)]
    alarms = [Alarm(5, 6), Alarm(11, 12), Alarm(15, 16), Alarm(31, 50), Alarm(92.5, 99), Alarm(80, 85)]
    counts, repeated, delays = judge_alarms(events, alarms, 2.0)
    assert counts == Counts(right=4, false=2, missed=0)  # the third was there while an alarm was open
    assert repeated == 1
    assert sorted(delays) == [0.0, 1.0, 1.0, 2.5]
    late, _, _ = judge_alarms(events, alarms, 0.0)
    assert late == Counts(right=3, false=3, missed=1)
    always, _, _ = judge_alarms(events, [Alarm(0, math.inf)], 2.0)
    assert always == Counts(right=0, false=1, missed=4)  # open for ever finds nothing


def test_the_published_road(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = open_dataset(str(data / "cdnet-highway"))
    (scene,) = dataset.scenes
    assert (len(scene.truth), scene.first) == (300, 470)  # type: ignore[union-attr]
    assert min(scene.truth) == 1070  # type: ignore[union-attr]
    capsys.readouterr()
    assert run(data / "cdnet-highway", "--json", "-", "--fail-under", 0.85) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["methods"][0]["frames"] == 300
    assert made["f1"] > 0.85


def test_the_published_boards(data: Path) -> None:
    dataset = open_dataset(str(data / "deeppcb"))
    pairs = [pair for scene in dataset.scenes for pair in scene.pairs]  # type: ignore[union-attr]
    assert (dataset.layout, len(dataset.scenes), len(pairs)) == ("deeppcb", 3, 49)
    assert sum(len(pair.boxes) for pair in pairs) == 349
    rival = MAKERS["absdiff"]()
    counts = Counts()
    for pair in pairs:
        matched = match(pair.boxes, rival.still(pair.reference, pair.test).boxes, 0.33)
        counts += Counts(len(matched.right), len(matched.false), len(matched.missed))
    assert counts.f1 == pytest.approx(0.743, abs=0.005)  # the upper end of what is known as naive
    assert read_picture(pairs[0].reference).size_wh == (640, 640)
