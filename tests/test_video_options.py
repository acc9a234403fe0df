"""What can be asked of two videos: where to begin, how late the test is, which part, a page."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from test_videos import lossless, told
from video_files import moving

import rtdiff
from rtdiff.cli import main
from rtdiff.tally import Tally
from rtdiff.videos import compare_videos

SCHEMAS = Path(rtdiff.__file__).parent / "reports" / "schemas"


@pytest.fixture(scope="module")
def frames():
    return moving()


@pytest.fixture(scope="module")
def video(frames, tmp_path_factory) -> Path:
    return lossless(tmp_path_factory.mktemp("options") / "a.mp4", frames)


def numbers(video: Path, other: Path, **options) -> list[tuple[int, int, bool]]:
    pairs = compare_videos(video, other, **options)
    return [(pair.reference.index, pair.test.index, pair.diff.identical) for pair in pairs]


def test_from_a_time_on_for_some_time(video, capsys):
    assert numbers(video, video, start="0.4s", duration="0.2s") == [(i, i, True) for i in range(10, 15)]
    assert numbers(video, video, start="10f", duration="5f") == [(i, i, True) for i in range(10, 15)]
    code, made = told(capsys, video, video, "--start", "0.41", "--duration", "5f")
    assert (code, made["pairs"], made["verdict"]) == (0, 5, "same")


def test_the_part_asked_for_decides_alone(video, frames, tmp_path, capsys):
    spoilt = [*frames[:3], frames[30], *frames[4:]]
    other = lossless(tmp_path / "b.mp4", spoilt)
    assert told(capsys, video, other)[0] == 1
    assert told(capsys, video, other, "--start", "10f")[0] == 0
    assert told(capsys, video, other, "--duration", "3f")[0] == 0


def test_a_shift_in_time_that_is_given(video, frames, tmp_path, capsys):
    late = lossless(tmp_path / "b.mp4", frames[8:])
    found = numbers(video, late, time_shift="-8f")
    assert found == [(i + 8, i, True) for i in range(32)]
    code, made = told(capsys, video, late, "--time-shift", "-8f", "--end", "shortest")
    assert (code, made["offset_s"], made["pairs"]) == (0, -0.32, 32)
    assert [one["kind"] for one in made["corrections"]] == ["offset"]
    part = numbers(video, late, time_shift="-0.32s", start="0.8s", duration="0.2s")
    assert part == [(i, i - 8, True) for i in range(20, 25)]


def test_the_shift_in_time_is_found(data, tmp_path, capsys):
    import itertools

    import av
    from video_files import write

    with av.open(str(data / "opencv-samples" / "vtest.avi")) as source:
        frames = list(itertools.islice(source.decode(video=0), 160))
    one = write(tmp_path / "a.mp4", frames[:120], crf="20", preset="ultrafast")
    other = write(tmp_path / "b.mp4", frames[30:150], crf="30", preset="ultrafast")
    _, made = told(capsys, one, other, "--align", "auto", "--end", "shortest")
    assert made["offset_s"] == pytest.approx(-3.0, abs=0.001)
    assert made["offset_confidence"] >= 0.5
    assert (made["pairs"], made["unpaired"]["reference"]["count"]) == (90, 30)
    assert made["score"] > 0.8


def test_where_nothing_tells_the_shift_it_is_refused(tmp_path, capsys):
    import av

    still = [av.VideoFrame.from_ndarray(np.full((120, 160), 90, np.uint8), "gray")] * 40
    path = lossless(tmp_path / "a.mp4", still)
    assert main(["compare", str(path), str(path), "--align", "auto"]) == 2
    assert "--align auto: no answer is sure enough" in capsys.readouterr().err
    assert main(["compare", str(path), str(path), "--align", "auto", "--time-shift", "1"]) == 2
    assert "leave out one of the two" in capsys.readouterr().err


def test_parts_of_both_pictures(video, frames, tmp_path, capsys):
    import av

    moved = []
    for frame in frames:
        picture = np.full((140, 170), 16, np.uint8)
        picture[20:, 10:] = frame.to_ndarray(format="gray")
        moved.append(av.VideoFrame.from_ndarray(picture, "gray"))
    other = lossless(tmp_path / "b.mp4", moved)
    code, made = told(capsys, video, other, "--crop-test", "10:20-170:140")
    assert (code, made["verdict"]) == (0, "same")
    assert made["corrections"][0]["kind"] == "crop"
    assert told(capsys, video, other, "--crop-test", "10:20-100:100", "--crop-ref", "0:0-90:80")[0] == 0
    assert main(["compare", str(video), str(other), "--crop-test", "0:0-500:500"]) == 2
    assert "lies outside of the picture, which is 170x140" in capsys.readouterr().err
    assert main(["compare", str(video), str(other), "--crop-test", "1:0-100:100"]) == 2
    assert "parts a sample of chroma" in capsys.readouterr().err


def test_bare_samples_against_their_video(data, capsys):
    folder = data / "vmaf" / "python" / "test" / "resource" / "yuv"
    one, other = (folder / f"src01_hrc0{k}_576x324.yuv420p10le.yuv" for k in (0, 1))
    options = "--size", "576x324", "--pix-fmt", "yuv420p10le", "--metric", "psnr,ssim-gaussian"
    _, made = told(capsys, one, other, *options)
    assert made["pairs"] == 3
    assert made["metrics"]["psnr_db"] == pytest.approx(32.571452, abs=1e-5)
    assert made["planes"]["psnr_db"]["u"] == pytest.approx(39.038596, abs=1e-5)
    assert made["planes"]["psnr_db"]["v"] == pytest.approx(41.280600, abs=1e-5)
    assert made["metrics"]["ssim-gaussian"] == pytest.approx(0.897863, abs=1e-4)
    assert main(["compare", str(one), str(other)]) == 2
    assert "--size" in capsys.readouterr().err


def test_several_tests_one_table_one_object_one_page(video, frames, tmp_path, capsys):
    other = lossless(tmp_path / "b.mp4", [*frames[:5], frames[20], *frames[6:]])
    page, result = tmp_path / "page.html", tmp_path / "result.json"
    words = ["compare", str(video), str(video), "--test", str(other), "-o", str(page), "--json", str(result)]
    assert main(words) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["SAME", "DIFFERENT"]
    made = json.loads(result.read_text())
    jsonschema.validate(made, json.loads((SCHEMAS / "many.json").read_text()))
    assert [one["verdict"] for one in made["tests"]] == ["same", "different"]
    for one in made["tests"]:
        jsonschema.validate(one, json.loads((SCHEMAS / "compare.json").read_text()))
    assert "2 tests" in page.read_text()
    assert main(["compare", str(video), "--test", str(video), "--per-frame", "x.csv"]) == 2
    assert "--per-frame: is for one test" in capsys.readouterr().err
    assert main(["compare", str(video), "--test", str(video), "--junit", "x.xml"]) == 2
    assert "--junit: is for one test" in capsys.readouterr().err


def test_a_page_with_the_worst_pairs_and_files_of_them(video, frames, tmp_path, capsys):
    other = lossless(tmp_path / "b.mp4", [*frames[:5], frames[20], *frames[6:]])
    page, folder = tmp_path / "page.html", tmp_path / "worst"
    words = ["compare", str(video), str(other), "-o", str(page), "--save-worst", "2"]
    assert main([*words, "--worst-folder", str(folder)]) == 1
    text = page.read_text()
    assert "DIFFERENT" in text
    assert "data:image/jpeg;base64," in text
    assert {path.name for path in folder.iterdir()} == {
        f"worst-01-frame-000005-{kind}.png" for kind in ("ref", "test", "map", "boxes")
    }
    capsys.readouterr()


def test_a_log_of_libvmaf_is_drawn(video, tmp_path, capsys):
    log = tmp_path / "vmaf.json"
    rows = [{"frameNum": i, "metrics": {"vmaf": 90 + i / 10}} for i in range(40)]
    log.write_text(json.dumps({"frames": rows}))
    page = tmp_path / "page.html"
    assert main(["compare", str(video), str(video), "-o", str(page), "--vmaf-log", str(log)]) == 0
    assert "vmaf" in page.read_text().lower()
    assert main(["compare", str(video), str(video), "--vmaf-log", str(log)]) == 2
    assert "--vmaf-log: is drawn on a page" in capsys.readouterr().err


def test_a_wrong_log_is_told_before_anything_is_compared(video, tmp_path, capsys):
    log, rows = tmp_path / "vmaf.json", tmp_path / "rows.csv"
    log.write_text("no log")
    words = ["compare", str(video), str(video), "-o", str(tmp_path / "page.html"), "--per-frame", str(rows)]
    assert main([*words, "--vmaf-log", str(log)]) == 2
    assert "vmaf.json" in capsys.readouterr().err
    assert not rows.exists()


def test_a_pipe_is_read_from_a_time_on(video, tmp_path):
    import subprocess
    import sys

    from test_videos import remuxed

    piped = remuxed(video, tmp_path / "a.ts")
    words = [sys.executable, "-m", "rtdiff", "-", str(video), "--start", "0.4", "--json", "-"]
    done = subprocess.run(words, input=piped.read_bytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert (made["pairs"], made["identical"]) == (30, True)


def test_parts_come_to_the_same_as_the_whole(video, frames, tmp_path):
    other = lossless(tmp_path / "b.mp4", [*frames[:15], *frames[30:35], *frames[20:]])
    with compare_videos(video, other, metric="ssim,psnr") as videos:
        pairs = [replace(pair, diff=pair.diff) for pair in videos]
    whole, parts = Tally(40_000_000), [Tally(40_000_000) for _ in range(3)]
    for pair in pairs:
        whole.take(pair)
    for pair in pairs:
        at = min(pair.index // 17, 2)
        parts[at].take(replace(pair, index=pair.index - sum(part.pairs for part in parts[:at])))
    for part in parts[1:]:
        parts[0].extend(part)
    one, same = whole.figures(), parts[0].figures()
    for name in type(one).__dataclass_fields__:
        a, b = getattr(one, name), getattr(same, name)
        assert np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b, name
