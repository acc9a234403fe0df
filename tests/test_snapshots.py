"""The fixture ``rtdiff_snapshot``: golden pictures made, found, refused and accepted by pytest's own runs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtdiff.config import CompareConfig
from rtdiff.pytest_plugin import OPTIONS
from rtdiff.snapshots import PLATFORM, name_of, safe

pytest_plugins = "pytester"

SHOT = """
    import cv2, numpy as np, pytest
    def shot(x=20):
        page = np.full((90, 140, 3), 230, np.uint8)
        cv2.putText(page, "Sign in", (10, 50), cv2.FONT_HERSHEY_SIMPLEX, 1, (60, 40, 20), 2, cv2.LINE_AA)
        page[60:80, x:x + 50] = (180, 90, 20)
        return page
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    def write_and_run(test: str, *words: str) -> pytest.RunResult:
        pytester.makepyfile(test_page=SHOT + test)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *words)

    return write_and_run


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_missing_accepted_passed_and_differing(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    test = """
    def test_one(rtdiff_snapshot):
        rtdiff_snapshot(shot(), "page.png")
"""
    golden, results = pytester.path / "__snapshots__", pytester.path / "test-results"
    found = run(test)
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["*page: there is no golden picture yet", "*--rtdiff-update"])
    assert names(results) == ["test_page/test_one/page-actual.png"]
    assert not golden.exists()

    found = run(test, "--rtdiff-update")
    found.assert_outcomes(passed=1)
    found.stdout.fnmatch_lines(["*golden pictures written*", "*page.png"])
    assert names(golden) == ["test_page/test_one/page.png"]
    assert names(results) == []

    found = run(test)
    found.assert_outcomes(passed=1)
    assert "golden" not in found.stdout.str()
    written = (golden / "test_page/test_one/page.png").stat().st_mtime_ns

    found = run(test.replace("shot()", "shot(30)"))
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(
        [
            "*rtdiff_snapshot(shot(30)*",
            "*page: DIFFERENT: * region*",
            "*reference*__snapshots__*page.png*140x90",
            "*test*test-results*page-actual.png*140x90",
            "*:60-*:80*",
            "*see*page-diff.png",
            '*accept     pytest "test_page.py::test_one" --rtdiff-update',
        ]
    )
    assert "INTERNALERROR" not in found.stdout.str()
    roles = ["actual", "diff", "expected"]
    assert names(results) == [f"test_page/test_one/page-{role}.png" for role in roles]
    side = cv2.imread(str(results / "test_page/test_one/page-diff.png"))
    assert side.shape[1] >= 280
    assert (golden / "test_page/test_one/page.png").stat().st_mtime_ns == written

    run(test.replace("shot()", "shot(30)"), "--rtdiff-update").assert_outcomes(passed=1)
    run(test.replace("shot()", "shot(30)")).assert_outcomes(passed=1)
    run(test).assert_outcomes(failed=1)


def test_every_way_to_give_a_picture_is_the_same_picture(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    test = """
    from pathlib import Path
    from PIL import Image
    WAYS = {
        "array": lambda folder: shot(),
        "bytes": lambda folder: cv2.imencode(".png", shot())[1].tobytes(),
        "path": lambda folder: folder / "page.png",
        "text": lambda folder: str(folder / "page.png"),
        "image": lambda folder: Image.open(folder / "page.png"),
        "callable": lambda folder: shot,
    }
    @pytest.mark.parametrize("way", WAYS)
    def test_way(rtdiff_snapshot, tmp_path, way):
        cv2.imwrite(str(tmp_path / "page.png"), shot())
        rtdiff_snapshot(WAYS[way](tmp_path), interval=0)
"""
    run(test, "--rtdiff-update").assert_outcomes(passed=6)
    golden = pytester.path / "__snapshots__" / "test_page"
    for path in names(golden):
        assert path.endswith(
            "/page.png" if path.split("/")[0] in ("test_way-path", "test_way-text") else "/picture.png"
        )
        pixels = cv2.imread(str(golden / path))
        assert pixels[70, 40].tolist() == [180, 90, 20]
    run(test).assert_outcomes(passed=6)


def test_many_pictures_classes_and_parameters(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    test = """
    class TestForm:
        class TestInner:
            @pytest.mark.parametrize("kind", ["a/b", "A/b", "a:b", "x" * 300, ""])
            def test_it(self, rtdiff_snapshot, kind):
                rtdiff_snapshot(shot(), "first")
                rtdiff_snapshot(shot(40), "v1.2")
"""
    run(test, "--rtdiff-update").assert_outcomes(passed=5)
    found = names(pytester.path / "__snapshots__")
    assert len(found) == len({name.lower() for name in found}) == 10
    assert all(name.startswith("test_page/TestForm.TestInner.test_it") for name in found)
    assert all(len(part) < 100 for name in found for part in name.split("/"))
    run(test).assert_outcomes(passed=5)
    run(test.replace('"v1.2"', '"first"')).assert_outcomes(failed=5)


def test_a_platform_has_its_own(run: Callable[..., pytest.RunResult], pytester: pytest.Pytester) -> None:
    test = """
    def test_one(rtdiff_snapshot):
        rtdiff_snapshot(shot(XX), "page")
"""
    folder = pytester.path / "__snapshots__/test_page/test_one"
    run(test.replace("XX", "20"), "--rtdiff-update").assert_outcomes(passed=1)
    run(test.replace("XX", "40"), "--rtdiff-update", "--rtdiff-platform", "ci").assert_outcomes(passed=1)
    assert names(folder) == ["page.ci.png", "page.png"]
    run(test.replace("XX", "40"), "--rtdiff-platform", "ci").assert_outcomes(passed=1)
    run(test.replace("XX", "20")).assert_outcomes(passed=1)
    run(test.replace("XX", "40")).assert_outcomes(failed=1)
    (folder / "page.ci.png").rename(folder / f"page.{PLATFORM}.png")
    run(test.replace("XX", "40")).assert_outcomes(passed=1)
    run(test.replace("XX", "50"), "--rtdiff-update").assert_outcomes(passed=1)  # what was found is replaced
    run(test.replace("XX", "50")).assert_outcomes(passed=1)
    run(test.replace("XX", "20"), "--rtdiff-platform", "other").assert_outcomes(passed=1)


def test_options_of_the_call_over_those_of_the_ini_file(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    test = """
    def test_one(rtdiff_snapshot):
        rtdiff_snapshot(shot(XX), "page"YY)
"""
    run(test.replace("XX", "20").replace("YY", ""), "--rtdiff-update").assert_outcomes(passed=1)
    moved = test.replace("XX", "22")
    run(moved.replace("YY", "")).assert_outcomes(failed=1)
    run(moved.replace("YY", ", max_diff_pixels=500")).assert_outcomes(passed=1)
    run(moved.replace("YY", ", ignore_region=['0:55-140:85']")).assert_outcomes(passed=1)
    run(
        moved.replace("YY", ", mask=np.zeros((90, 140), bool) | (np.arange(90) < 50)[:, None]")
    ).assert_outcomes(passed=1)
    run(moved.replace("YY", ", fail_under=0.5")).assert_outcomes(passed=1)
    pytester.makeini(
        "[pytest]\nrtdiff_max_diff_pixels = 500\nrtdiff_output = found\n"
        "rtdiff_ignore_region =\n  0:0-5:5\n  6:0-9:5\n"
    )
    run(moved.replace("YY", "")).assert_outcomes(passed=1)
    run(moved.replace("YY", ", max_diff_pixels=0")).assert_outcomes(failed=1)
    assert (pytester.path / "found/test_page/test_one/page-diff.png").exists()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("shot(), 'a', treshold=3", "did you mean 'threshold'"),
        ("shot(), 'a', threshold='much'", "threshold: must be a number"),
        ("shot(), 'a', output='x.png'", "output: golden pictures and results have their places"),
        ("shot() * 1.0", "picture: samples are float64"),
        ("None", "picture: a NoneType is not a picture"),
        ("b'<html>'", "picture: is an HTML page"),
        ("'none.png'", "none.png: no such file"),
        ("shot(), ''", "name: '' is no name"),
        ("shot(), 5", "name: must be a text, got 5"),
        ("shot, timeout='long'", "timeout: must be seconds, got 'long'"),
        ("shot, timeout=1, interval=2", "interval: must be from 0 to timeout"),
        ("lambda: 1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_mistake_is_told_in_the_tests_own_words(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, call: str, told: str
) -> None:
    found = run(f"\n    def test_one(rtdiff_snapshot):\n        rtdiff_snapshot({call})\n", "--rtdiff-update")
    found.assert_outcomes(failed=1)
    assert told in found.stdout.str()
    assert "INTERNALERROR" not in found.stdout.str()
    assert not (pytester.path / "__snapshots__").exists()


def test_shots_are_taken_until_two_are_alike(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    test = """
    def test_settles(rtdiff_snapshot):
        places = iter([20, 30, 40, 50, 50, 60])
        rtdiff_snapshot(lambda: shot(next(places)), "page", interval=0)
        assert next(places) == 60
    def test_never(rtdiff_snapshot):
        places = iter(range(10, 1000, 5))
        rtdiff_snapshot(lambda: shot(next(places)), "page", timeout=0.1, interval=0.03)
    def test_blinks_where_nobody_looks(rtdiff_snapshot):
        places = iter(range(10, 1000, 5))
        rtdiff_snapshot(lambda: shot(next(places)), "page", interval=0, ignore_region="0:55-140:85")
"""
    found = run(test, "--rtdiff-update")
    found.assert_outcomes(passed=2, failed=1)
    found.stdout.fnmatch_lines(["*no two shots in a row were alike within 0.1 s*"])
    assert names(pytester.path / "test-results") == [
        "test_page/test_never/page-actual.png",
        "test_page/test_never/page-previous.png",
    ]
    golden = pytester.path / "__snapshots__/test_page/test_settles/page.png"
    assert cv2.imread(str(golden))[70, 55].tolist() == [180, 90, 20]


def test_a_golden_picture_that_is_none_is_named(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    golden = pytester.path / "__snapshots__/test_page/test_one/page.png"
    golden.parent.mkdir(parents=True)
    golden.write_text("version https://git-lfs.github.com/spec/v1\n")
    found = run("\n    def test_one(rtdiff_snapshot):\n        rtdiff_snapshot(shot(), 'page')\n")
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["E*Failed: *__snapshots__*page.png: is text, not a picture*"])
    assert "snapshots.py" not in found.stdout.str()  # no traceback of ours
    found = run(
        "\n    def test_one(rtdiff_snapshot):\n        rtdiff_snapshot(shot(), 'page')\n", "--rtdiff-update"
    )
    found.assert_outcomes(passed=1)
    assert cv2.imread(str(golden)) is not None


def test_arrays_of_ten_bits_are_told_apart(run: Callable[..., pytest.RunResult]) -> None:
    test = """
    def test_one(rtdiff_snapshot):
        deep = np.zeros((40, 60), np.uint16)
        deep[10:20, 10:20] = XX
        rtdiff_snapshot(deep, data_range=1023)
"""
    run(test.replace("XX", "1023"), "--rtdiff-update").assert_outcomes(passed=1)
    run(test.replace("XX", "1022")).assert_outcomes(passed=1)
    run(test.replace("XX", "900")).assert_outcomes(failed=1)
    refused = run(test.replace(", data_range=1023", "").replace("XX", "9"), "--rtdiff-update")
    refused.assert_outcomes(failed=1)
    refused.stdout.fnmatch_lines(["E*picture: uint16 samples do not say their depth*"])


def test_real_pictures_keep_their_kind(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, data: Path
) -> None:
    pixelmatch, exif = data / "pixelmatch/test/fixtures", data / "exif-orientation"
    shutil.copy(pixelmatch / "1a.png", pytester.path / "map.png")
    shutil.copy(exif / "Landscape_1.jpg", pytester.path / "view.jpeg")
    test = """
    def test_files(rtdiff_snapshot):
        rtdiff_snapshot("map.png")
        rtdiff_snapshot("view.jpeg")
"""
    run(test, "--rtdiff-update").assert_outcomes(passed=1)
    folder = pytester.path / "__snapshots__/test_page/test_files"
    assert names(folder) == ["map.png", "view.jpg"]
    assert (folder / "view.jpg").read_bytes() == (pytester.path / "view.jpeg").read_bytes()
    shutil.copy(pixelmatch / "1b.png", pytester.path / "map.png")
    run(test).assert_outcomes(failed=1)
    shutil.copy(pixelmatch / "1a.png", pytester.path / "map.png")
    run(test).assert_outcomes(passed=1)


def test_what_differs_can_be_compared_by_the_command(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    test = "\n    def test_one(rtdiff_snapshot):\n        rtdiff_snapshot(shot(XX), 'page')\n"
    run(test.replace("XX", "20"), "--rtdiff-update")
    run(test.replace("XX", "40"))
    folder = pytester.path / "test-results/test_page/test_one"
    pair = [str(folder / f"page-{role}.png") for role in ("expected", "actual")]
    assert (
        subprocess.run([sys.executable, "-m", "rtdiff", *pair], capture_output=True, check=False).returncode
        == 1
    )


def test_workers_of_xdist_share_nothing(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    test = """
    @pytest.mark.parametrize("x", range(6))
    def test_one(rtdiff_snapshot, x):
        rtdiff_snapshot(shot(20 + x), "page")
"""
    pytester.makepyfile(test_page=SHOT + test)
    found = pytester.runpytest_subprocess("-n", "2", "--rtdiff-update")
    found.assert_outcomes(passed=6)
    assert found.stdout.str().count("page.png") == 6
    pytester.runpytest_subprocess("-n", "2").assert_outcomes(passed=6)


def test_who_does_not_use_it_pays_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys
        def test_nothing_is_loaded():
            assert "rtdiff.pytest_plugin" in sys.modules
            heavy = {"numpy", "cv2", "numba", "rtdiff.snapshots", "rtdiff.config", "rtdiff.records"}
            assert not heavy & set(sys.modules)
        """
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    command = [sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, env=environment, cwd=pytester.path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_ini_files_may_give_what_comparing_takes() -> None:
    others = {
        "debug",
        "exit_zero",
        "fps",
        "jobs",
        "json_file",
        "junit",
        "output",
        "reference",
        "server",
        "test",
        "tests",
        "update",
    }
    others |= {"align", "crop_ref", "crop_test", "duration", "end", "every", "fail_under_min", "per_frame"}
    others |= {"pix_fmt", "save_worst", "size", "start", "time_shift", "vmaf_log", "worst_folder"}
    assert set(OPTIONS) == {option.name for option in CompareConfig.options.values()} - others


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_any_text_becomes_part_of_a_path(text: str) -> None:
    made = safe(text)
    assert len(made) < 100
    assert not set(made) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert made not in (".", "..")
    assert not made.startswith("-")
    assert safe(made) == made or len(made) > 80


def test_names_lose_the_ending_of_a_picture_and_no_other() -> None:
    arrays = np.zeros((2, 2), np.uint8)
    assert name_of(arrays, None) == "picture"
    assert name_of(Path("shots/front.PNG"), None) == "front"
    assert name_of("front.page.jpeg", None) == "front.page"
    assert name_of(arrays, "v1.2") == "v1.2"
    assert name_of(arrays, "") == ""
    assert name_of(arrays, "sub/page.png") != name_of(arrays, "page.png")
