"""``rtdiff compare`` and `rtdiff.compare`: verdict, exit code, JSON, text, pictures; hostile input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import jsonschema
import numpy as np
import pytest

import rtdiff
from rtdiff.cli import main
from rtdiff.commands.result import OF_VIDEOS, TOLD
from rtdiff.config import CompareConfig


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(2)
    base = cv2.resize(
        rng.integers(0, 256, (9, 12, 3), dtype=np.uint8), (240, 180), interpolation=cv2.INTER_CUBIC
    )
    other = base.copy()
    other[60:90, 100:150] = 255 - other[60:90, 100:150]
    paths = tmp_path / "a.png", tmp_path / "b.png"
    for path, picture in zip(paths, (base, other), strict=True):
        cv2.imwrite(str(path), picture)
    return paths


def run(*words: object) -> int:
    return main([str(word) for word in words])


def test_exit_codes_are_those_of_diff(pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    a, b = pair
    assert run(a, a) == 0
    assert run("compare", a, b) == 1
    assert run(a, b, "--exit-zero") == 0
    assert run(a, a.parent / "none.png") == 2
    assert "none.png" in capsys.readouterr().err


def test_json_is_one_object_that_its_schema_takes(
    pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*pair, "--json", "-", "--metric", "psnr,ssim") == 1
    captured = capsys.readouterr()
    made = json.loads(captured.out)
    folder = Path(rtdiff.__file__).parent / "reports" / "schemas"
    jsonschema.validate(made, json.loads((folder / "compare.json").read_text()))
    assert made["metric"] == "psnr"
    assert made["verdict"] == "different"
    assert made["reasons"] == ["boxes"]
    (box,) = made["boxes"]
    assert np.abs(np.subtract(box["xyxy"], [100, 60, 150, 90])).max() <= 2
    assert made["reference"] == {"path": str(pair[0]), "size_wh": [240, 180], "frames": 1}
    assert captured.err == ""


def test_fail_under_alone_decides(pair: tuple[Path, Path]) -> None:
    assert run(*pair, "--fail-under", "0.1") == 0
    assert run(*pair, "--fail-under", "0.9999") == 1
    assert run(*pair, "--fail-under", "5dB") == 0
    assert run(*pair, "--fail-under", "90dB") == 1


def test_places_that_are_not_compared(pair: tuple[Path, Path], tmp_path: Path) -> None:
    assert run(*pair, "--ignore-region", "95:55-155:95") == 0
    assert run(*pair, "--zone", "left=0:0-90:180") == 0
    mask = np.full((180, 240), 255, np.uint8)
    mask[50:100, 90:160] = 0
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    assert run(*pair, "--mask", tmp_path / "mask.png") == 0


@pytest.mark.parametrize("layout", ["overlay", "side"])
@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_the_picture_is_written(pair: tuple[Path, Path], tmp_path: Path, layout: str, ending: str) -> None:
    out = tmp_path / f"out.{ending}"
    assert run(*pair, "-o", out, "--layout", layout) == 1
    picture = cv2.imread(str(out))
    assert picture.shape[0] >= 180
    assert picture.shape[1] >= (480 if layout == "side" else 240)


def test_sizes_by_policy(pair: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = tmp_path / "small.png"
    cv2.imwrite(str(small), cv2.imread(str(pair[0]))[:170, :230])
    assert run(pair[0], small, "--json", "-") == 1
    assert "size" in json.loads(capsys.readouterr().out)["reasons"]
    assert run(pair[0], small, "--size-policy", "crop") == 0
    assert run(pair[0], small, "--size-policy", "fail") == 2


def test_two_small_files_are_not_padded_to_a_huge_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wide, tall = tmp_path / "wide.png", tmp_path / "tall.png"
    cv2.imwrite(str(wide), np.zeros((1, 65500, 3), np.uint8))
    cv2.imwrite(str(tall), np.zeros((65500, 1, 3), np.uint8))
    assert run(wide, tall) == 2
    assert "65500x1 and 1x65500 need 65500x65500, above 200 megapixels" in capsys.readouterr().err
    assert run(wide, tall, "--size-policy", "crop") == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--treshold", "3"], "threshold"),
        (["--engine", "cupi"], "cupy"),
        (["-o", "nowhere/out.png"], "nowhere"),
        (["-o", "out.xyz"], ".png"),
        (["--json", "nowhere/out.json"], "nowhere"),
        (["--zone", "a=500:500-600:600"], "zone"),
        (["third.png"], "-o"),
    ],
)
def test_trouble_is_one_line(
    pair: tuple[Path, Path], words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*pair, *words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("rtdiff: ")
    assert captured.err.count("\n") == 1
    assert told in captured.err


def test_an_input_is_never_written_over(pair: tuple[Path, Path]) -> None:
    before = pair[1].read_bytes()
    assert run(*pair, "-o", pair[1]) == 2
    assert pair[1].read_bytes() == before


def test_hostile_pictures_are_one_line_each(data: Path, tmp_path: Path) -> None:
    good = data / "pngsuite" / "basn2c08.png"
    bad = [
        *sorted((data / "pngsuite").glob("x*.png")),
        data / "scikit-image/src/_skimage2/data/truncated.jpg",
    ]
    (tmp_path / "page.png").write_text("<html>not found</html>")
    (tmp_path / "empty.png").touch()
    (tmp_path / "line\nbreak.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    bad += [tmp_path / "page.png", tmp_path / "empty.png", tmp_path / "line\nbreak.png", tmp_path]
    assert len(bad) == 19
    for path in bad:
        done = subprocess.run(
            [sys.executable, "-m", "rtdiff", good, path], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2, path
        assert done.stdout == ""
        assert done.stderr.startswith("rtdiff: "), path
        assert done.stderr.count("\n") == 1, done.stderr


def test_published_pairs(data: Path) -> None:
    same = [("blazediff/fixtures/same/1a.png", "blazediff/fixtures/same/1b.png")]
    different = [
        ("odiff/test/png/orange.png", "odiff/test/png/orange_changed.png"),
        *(
            (f"pixelmatch/test/fixtures/{n}a.png", f"pixelmatch/test/fixtures/{n}b.png")
            for n in (1, 2, 3, 4, 6)
        ),
    ]
    assert [rtdiff.compare(data / a, data / b).same for a, b in same + different] == [True] + [False] * 6
    boxes = rtdiff.compare(data / different[0][0], data / different[0][1]).boxes
    for left, top, right, bottom in ([150, 30, 310, 105], [20, 175, 105, 200]):  # truth.json, inclusive
        assert any(
            left - 2 <= b.xyxy[0]
            and b.xyxy[2] <= right + 3
            and top - 2 <= b.xyxy[1]
            and b.xyxy[3] <= bottom + 3
            for b in boxes
        )


def test_orientations_are_the_same_picture(data: Path) -> None:
    first = data / "exif-orientation/Landscape_1.jpg"
    for number in range(2, 9):
        diff = rtdiff.compare(first, data / f"exif-orientation/Landscape_{number}.jpg")
        assert diff.score > 0.93
        assert [c.kind for c in diff.corrections] == ["orientation"]


def test_arrays_and_options_of_python() -> None:
    a = np.zeros((40, 50), np.uint8)
    b = a.copy()
    b[10:20, 10:20] = 90
    diff = rtdiff.compare(a, b)
    assert diff.boxes[0].xyxy == (10, 10, 20, 20)
    assert rtdiff.compare(a, a).identical
    deep = rtdiff.compare(a.astype(np.uint16), b.astype(np.uint16) * 4, data_range=1023)
    assert deep.boxes[0].xyxy == (10, 10, 20, 20)
    assert deep.boxes[0].max_diff == pytest.approx(90, abs=0.5)
    with pytest.raises(rtdiff.SettingsError, match="threshold"):
        rtdiff.compare(a, b, treshold=3)
    with pytest.raises(rtdiff.SettingsError, match="data_range"):
        rtdiff.compare(a.astype(np.uint16), b.astype(np.uint16))


def test_a_differ_keeps_nothing_of_the_callers_arrays() -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 200, (60, 80, 3), dtype=np.uint8)
    with rtdiff.Differ(reference=base) as differ:
        buffer = base.copy()
        same = differ(buffer)
        buffer[20:30, 20:30] = 255
        changed = differ(buffer)
        buffer[:] = 0
        assert same.same
        assert (same.map == 1).all()
        assert changed.boxes[0].xyxy == (20, 20, 30, 30)
        assert np.count_nonzero(changed.mask) == 100
        assert changed.map[25, 25] < 0.9
        np.testing.assert_allclose(
            changed.test.picture(), np.where(changed.mask[..., None] > 0, 255, base), atol=3
        )


def test_two_stills_import_neither_numba_nor_av(pair: tuple[Path, Path]) -> None:
    code = (
        "import sys; from rtdiff.cli import main; code = main(sys.argv[1:]);"
        "print(sorted({'numba', 'av', 'cupy', 'rich'} & set(sys.modules)), code, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *pair], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[] 1"


def test_a_picture_from_stdin(pair: tuple[Path, Path]) -> None:
    words = [sys.executable, "-m", "rtdiff", "-", str(pair[1]), "--json", "-"]
    done = subprocess.run(words, input=pair[0].read_bytes(), capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["reference"]["path"] == "-"
    assert run("-", "-") == 2


def test_a_result_tells_every_setting_that_it_depends_on() -> None:
    inputs = {"reference", "test", "tests", "vmaf-log"}
    outputs = {"json", "output", "layout", "palette", "junit", "update", "per-frame"}
    outputs |= {"save-worst", "worst-folder"}
    others = {"debug", "engine", "exit-zero", "fps", "jobs", "server", "threads"}
    assert {*TOLD, *OF_VIDEOS} == CompareConfig.options.keys() - inputs - outputs - others


@pytest.mark.skipif(os.name == "nt", reason="closing stdin is a POSIX shell's")
def test_a_closed_stdin_is_refused_in_one_line(pair: tuple[Path, Path]) -> None:
    command = [sys.executable, "-m", "rtdiff", str(pair[0]), "-"]
    done = subprocess.run(["sh", "-c", '"$@" <&-', "sh", *command], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("rtdiff: stdin: nothing is redirected to it; ")


def test_stdin_is_one_of_the_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "both.yaml").write_text("reference: '-'\ntest: '-'\n")
    assert run("compare", "--config", tmp_path / "both.yaml") == 2
    assert "stdin cannot be both" in capsys.readouterr().err
    with pytest.raises(rtdiff.SettingsError, match="stdin cannot be both"):
        rtdiff.compare("-", "-")
