"""``rtdiff compare`` of folders: what pairs, what it says in every form, what it accepts; hostile folders."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rtdiff
from rtdiff.cli import main
from rtdiff.folders import natural
from rtdiff.reports.folder_result import DIFFERENT, ERROR, EXTRA, FolderResult, PairResult
from rtdiff.reports.junit import junit_xml

SCHEMAS = Path(rtdiff.__file__).parent / "reports" / "schemas"
SCHEMA = json.loads((SCHEMAS / "folder.json").read_text())
OTHER_SYSTEM = os.name == "nt"


def page(seed: int = 0) -> Any:
    """Return a picture like a small web page."""
    rng = np.random.default_rng(seed)
    made = np.full((120, 160, 3), 245, np.uint8)
    made[:16] = (90, 60, 30)
    for row in range(24, 110, 12):
        cv2.putText(made, f"line {rng.integers(10**6)}", (6, row), 0, 0.35, (40, 40, 40), 1, cv2.LINE_AA)
    return made


def spoilt(picture: Any) -> Any:
    """Return it with a red square at 100:60-120:75."""
    made = picture.copy()
    made[60:75, 100:120] = (0, 0, 255)
    return made


def save(path: Path, picture: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
    return path


def tree(root: Path, names: dict[str, Any]) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for name, picture in names.items():
        save(root / name, picture)
    return root


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with every kind of pair."""
    one = page(1)
    reference = {
        "same.png": one,
        "sub/diff.png": page(2),
        "gone.png": page(3),
        "size.png": one,
        "bad.png": one,
    }
    test = {"same.png": one, "sub/diff.png": spoilt(page(2)), "new/extra.png": page(4), "size.png": one[:100]}
    ref, new = tree(tmp_path / "ref", reference), tree(tmp_path / "new", test)
    (new / "bad.png").write_bytes((ref / "bad.png").read_bytes()[:-40])
    (ref / "notes.txt").write_text("not a picture")
    return ref, new


def run(*words: object) -> int:
    return main([str(word) for word in words])


def told(capsys: pytest.CaptureFixture[str], *words: object, code: int) -> dict[str, Any]:
    assert run(*words, "--json", "-") == code
    made: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(made, SCHEMA)
    return made


def test_every_kind_of_pair_is_told(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    made = told(capsys, *folders, code=2)
    counts = {"pairs": 3, "same": 1, "identical": 1, "different": 2, "missing": 1, "extra": 1, "errors": 1}
    assert made["counts"] == counts
    assert [pair["name"] for pair in made["pairs"]] == ["same.png", "size.png", "sub/diff.png"]
    assert (made["missing"], made["extra"]) == (["gone.png"], ["new/extra.png"])
    assert made["errors"][0]["name"] == "bad.png"
    assert "cut short" in made["errors"][0]["error"]
    assert set(made["reasons"]) == {"boxes", "size", "missing", "extra", "error"}
    assert made["complete"]
    assert any(".txt" in note for note in made["notes"])
    (box,) = made["pairs"][2]["boxes"]
    assert box["xyxy"] == [100, 60, 120, 75]


def test_a_pair_is_told_as_if_it_were_compared_alone(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    ref, new = folders
    made = told(capsys, ref, new, "--engine", "numba", code=2)
    pairs = {pair["name"]: pair for pair in made["pairs"]}
    for name in ("sub/diff.png", "same.png", "size.png"):
        run(ref / name, new / name, "--json", "-", "--engine", "numba")
        alone = json.loads(capsys.readouterr().out)
        pair = pairs[name]
        assert alone["settings"]["noise_levels"] == pair["noise_levels"]
        own = {key: value for key, value in alone.items() if key in pair}
        assert own == {key: pair[key] for key in own}
        assert alone.keys() - own.keys() == {"schema", "rtdiff", "complete", "metric", "engine", "settings"}


def test_what_changed_in_a_whole_picture_is_told_of_a_pair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paler = (page(1) * 0.9).astype(np.uint8)
    ref, new = tree(tmp_path / "ref", {"a.png": page(1)}), tree(tmp_path / "new", {"a.png": paler})
    (pair,) = told(capsys, ref, new, "--max-density", "6/8", code=1)["pairs"]
    run(ref / "a.png", new / "a.png", "--max-density", "6/8", "--json", "-")
    alone = json.loads(capsys.readouterr().out)
    assert pair["light"] == alone["light"]
    assert pair["density"] == alone["density"]
    assert set(SCHEMA["$defs"]["pair"]["properties"]) >= pair.keys()


def test_shared_definitions_of_the_schemas_are_the_same() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    compare = json.loads((SCHEMAS / "compare.json").read_text())
    assert SCHEMA["$defs"].items() >= compare["$defs"].items()


def test_the_table_shows_what_is_not_the_same(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*folders) == 2
    captured = capsys.readouterr()
    first, *rest = captured.out.splitlines()
    assert first.startswith("DIFFERENT: 1 error, 2 different, 1 missing, 1 extra, 1 the same (all identical)")
    table = rest[rest.index("") + 2 :]
    words = ["error", "missing", "extra", "size", "different"]
    assert [line.split()[0] for line in table] == words  # by name: bad, gone, new/extra, size, sub/diff
    assert any("160x120 became 160x100" in line for line in rest)
    assert not any("same.png" in line for line in rest)
    assert "\x1b" not in captured.out


@pytest.mark.parametrize(
    ("change", "code"), [("same", 0), ("diff", 1), ("missing", 1), ("extra", 1), ("bad", 2)]
)
def test_exit_codes(tmp_path: Path, change: str, code: int) -> None:
    ref, new = (tree(tmp_path / side, {"a.png": page(), "b.png": page(1)}) for side in ("ref", "new"))
    if change == "diff":
        save(new / "a.png", spoilt(page()))
    elif change == "missing":
        (new / "a.png").unlink()
    elif change == "extra":
        save(new / "c.png", page())
    elif change == "bad":
        (new / "a.png").write_bytes(b"<html>")
    assert run(ref, new) == code
    assert run(ref, new, "--exit-zero") == (2 if code == 2 else 0)


def test_fail_under_alone_decides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ref = tree(tmp_path / "ref", {"a.png": page(), "b.png": page()})
    new = tree(tmp_path / "new", {"a.png": spoilt(page()), "b.png": page(9)})
    (good, bad) = told(capsys, ref, new, "--fail-under", "0.9", code=1)["pairs"]
    assert (good["verdict"], good["reasons"], len(good["boxes"])) == ("different", ["boxes"], 1)
    assert bad["verdict"] == "different"
    assert "fail_under" in bad["reasons"]
    assert run(ref, new, "--fail-under", "0.1") == 0


def test_names_that_differ_in_their_ending_are_a_pair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = tree(tmp_path / "ref", {"a.png": page(), "b.png": page(), "b.bmp": page(), "c.PNG": page()})
    new = tree(tmp_path / "new", {"a.bmp": page(), "b.tiff": page(), "c.png": page()})
    made = told(capsys, ref, new, code=1)
    assert {pair["name"]: pair["note"] for pair in made["pairs"]} == {
        "a.png": "the ending differs: .png and .bmp",
        "c.PNG": "the ending differs: .PNG and .png",
    }
    assert (made["missing"], made["extra"]) == (["b.bmp", "b.png"], ["b.tiff"])


def test_a_tree_of_playwright(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = tree(
        tmp_path / "test-results",
        {
            **{f"login-chromium/login-{role}.png": page() for role in ("expected", "diff", "previous")},
            "login-chromium/login-actual.png": spoilt(page()),
            "home-chromium/home-expected.png": page(1),
            "home-chromium/home-actual.png": page(1),
            "home-chromium/test-failed-1.png": page(1),
            "first-chromium/first-actual.png": page(2),
        },
    )
    made = told(capsys, results, code=1)
    assert made["layout"] == "playwright"
    assert {pair["name"]: pair["verdict"] for pair in made["pairs"]} == {
        "home-chromium/home.png": "same",
        "login-chromium/login.png": "different",
    }
    assert (made["missing"], made["extra"]) == ([], ["first-chromium/first.png"])
    assert any("1 picture without" in note for note in made["notes"])
    assert run("compare", results, "--update=login-chromium/*") == 0
    login = results / "login-chromium"
    assert (login / "login-expected.png").read_bytes() == (login / "login-actual.png").read_bytes()
    assert run(tree(tmp_path / "other", {"a.png": page()})) == 2


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_update_accepts_what_differs_and_what_is_new(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    ref, new = folders
    before, tests = files(ref), files(new)
    made = told(capsys, ref, new, "--update", code=2)  # the unreadable one is left
    accepted = {"size.png", "sub/diff.png", "new/extra.png"}
    assert set(made["accepted"]) == accepted
    assert files(ref) == before | {name: tests[name] for name in accepted}
    assert files(new) == tests
    (new / "bad.png").write_bytes(tests["same.png"])
    made = told(capsys, ref, new, code=1)
    assert made["counts"]["different"] == made["counts"]["errors"] == 0
    assert made["missing"] == ["gone.png"]


def test_update_by_name_touches_nothing_else(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    ref, new = folders
    before, tests = files(ref), files(new)
    made = told(capsys, ref, new, "--update=sub/*", code=0)
    assert made["accepted"] == ["sub/diff.png"]
    assert [pair["name"] for pair in made["pairs"]] == ["sub/diff.png"]
    assert files(ref) == before | {"sub/diff.png": tests["sub/diff.png"]}
    assert run(ref, new, "--update=size.png", "--update=new/extra.png") == 0
    assert files(ref)["new/extra.png"] == tests["new/extra.png"]
    assert run(ref, new, "--update=gone.png") == 1  # nothing to accept; it is still missing
    assert run(ref, new, "--update=siez.png") == 2
    assert "did you mean size.png" in capsys.readouterr().err
    assert run(ref, new, "--update=bad.png") == 2
    assert files(ref)["bad.png"] == before["bad.png"]


def test_a_damaged_reference_is_replaced_by_name(folders: tuple[Path, Path]) -> None:
    ref, new = folders
    (ref / "same.png").write_bytes(b"broken")
    assert run(ref, new, "--update=same.png") == 0
    assert (ref / "same.png").read_bytes() == (new / "same.png").read_bytes()


def test_update_of_two_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = save(tmp_path / "a.png", page()), save(tmp_path / "b.png", spoilt(page()))
    assert run(a, b, "--update") == 0
    assert "was copied over" in capsys.readouterr().err
    assert a.read_bytes() == b.read_bytes()
    other = save(tmp_path / "c.bmp", page())
    assert run(a, other, "--update") == 2
    assert a.read_bytes() == b.read_bytes()
    assert run(a, save(b, page()), "--update=a.png") == 2


@pytest.mark.skipif(OTHER_SYSTEM, reason="links need rights on Windows")
def test_an_update_of_two_pictures_that_cannot_be_done_is_refused_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref, new = (tree(tmp_path, {f"{name}.png": page(at)}) / f"{name}.png" for at, name in enumerate("ab"))
    for words, told_ in (
        ((ref, ref, "--update=a"), "a name is for folders"),
        ((ref, "-", "--update"), "stdin"),
    ):
        assert run(*words, "--json", tmp_path / "made.json") == 2
        captured = capsys.readouterr()
        assert told_ in captured.err
        assert captured.out == ""
    assert not (tmp_path / "made.json").exists()
    assert new.exists()


def test_update_never_leaves_the_reference_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outside = save(tmp_path / "outside" / "a.png", page())
    ref, new = tree(tmp_path / "ref", {"b.png": page()}), tree(tmp_path / "new", {"a.png": spoilt(page())})
    (ref / "a.png").symlink_to(outside)
    (ref / "sub").symlink_to(outside.parent)
    save(new / "sub" / "x.png", page())
    save(new / "b.png", spoilt(page()))
    before = files(outside.parent)
    made = told(capsys, ref, new, "--update", code=2)
    assert made["accepted"] == ["b.png"]
    assert sum("leads out of the reference folder" in note for note in made["notes"]) == 2
    assert files(outside.parent) == before


class Parsed(HTMLParser):
    """Tags, attributes and text of a page, templates included."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, kind: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if kind in str(attributes.get("class")).split()]


def test_the_page_has_everything_and_loads_nothing(folders: tuple[Path, Path], tmp_path: Path) -> None:
    ref, new = folders
    assert run(ref, new, "-o", tmp_path / "r.html") == 2
    parsed = Parsed((tmp_path / "r.html").read_text())
    cards = parsed.all("rf-card")
    kinds = sorted(str(card["data-kind"]) for card in cards)
    assert kinds == ["different", "different", "error", "extra", "missing", "same"]
    assert len(parsed.all("rt-pair")) == 2
    assert len({pair["id"] for pair in parsed.all("rt-pair")}) == 2
    words = [word for card in cards for word in shlex.split(str(card["data-update"]))]
    assert sorted(words) == ["--update=new/extra.png", "--update=size.png", "--update=sub/diff.png"]
    (panel,) = parsed.all("rf-panel")
    assert run(*shlex.split(str(panel["data-command"]))[1:], *words) == 0
    for tag, attributes in parsed.tags:
        assert tag not in ("link", "iframe")
        assert str(attributes.get("src", "data:")).startswith("data:")
        assert not attributes.keys() & {"style", "onclick", "onload", "href"}


def test_a_full_page_says_what_it_leaves_out(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rtdiff.commands.folder_output.PAGE_MOST", 30_000)
    run(*folders, "-o", tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text()
    assert 0 < text.count("left out of this page") <= 2
    assert len(Parsed(text).all("rf-card")) == 6


def test_pictures_into_a_folder(folders: tuple[Path, Path], tmp_path: Path) -> None:
    ref, new = folders
    inside = ref / "out"
    assert run(ref, new, "-o", f"{inside}/") == 2
    assert sorted(files(inside)) == ["size.png", "sub/diff.png"]
    drawn = cv2.imread(str(inside / "sub" / "diff.png"))
    assert drawn.shape[1] >= 160
    made = files(ref)
    assert run(ref, new, "-o", inside) == 2  # it exists: pictures of an earlier run are not compared
    assert files(ref).keys() == made.keys()
    assert run(ref, new, "-o", tmp_path) == 2  # would write over the pictures themselves
    assert run(ref, new, "-o", tmp_path / "r.png") == 2


def test_junit_is_what_build_servers_read(folders: tuple[Path, Path], tmp_path: Path) -> None:
    assert run(*folders, "--junit", tmp_path / "r.xml") == 2
    root = ElementTree.parse(tmp_path / "r.xml").getroot()
    (suite,) = root
    assert {key: suite.attrib[key] for key in ("tests", "failures", "errors")} == {
        "tests": "6",
        "failures": "4",
        "errors": "1",
    }
    cases = {case.attrib["file"]: [child.tag for child in case] for case in suite}
    assert cases == {
        "bad.png": ["error"],
        **{name: ["failure"] for name in ("gone.png", "new/extra.png", "size.png", "sub/diff.png")},
        "same.png": [],
    }
    (diff,) = [case for case in suite if case.attrib["file"] == "sub/diff.png"]
    assert (diff.attrib["classname"], diff.attrib["name"]) == ("rtdiff.sub", "diff.png")
    assert float(diff.attrib["time"]) > 0
    assert "100:60-120:75" in str(diff[0].text)
    assert run(folders[0] / "same.png", folders[0] / "same.png", "--junit", tmp_path / "r.xml") == 2


@given(name=st.text(min_size=1), error=st.text())
@settings(max_examples=200)
def test_junit_takes_every_text(name: str, error: str) -> None:
    pairs = [PairResult(name, ERROR, error=error), PairResult(name, EXTRA, note=error)]
    result = FolderResult(name, error, "folders", pairs, (1, 1), (), "", {}, "ssim", 0.0, 1, error)
    root = ElementTree.fromstring(junit_xml(result))
    assert len(list(root.iter("testcase"))) == 2 + bool(error)


HOSTILE = [
    *("<script>alert(1)<", "a'b\"c", "new\nline", "tab\there", "esc\x1b[31m", "-o", "$(touch x)"),
    *("[1]*?", "  two  "),
]


@pytest.mark.skipif(OTHER_SYSTEM, reason="Windows has no such names")
def test_hostile_names_harm_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"{name}.png" for name in HOSTILE]
    ref = tree(tmp_path / "ref", dict.fromkeys(names, page()))
    new = tree(tmp_path / "new", dict.fromkeys(names, spoilt(page())))
    raw = os.fsencode(new) + b"/caf\xe9.png"
    Path(os.fsdecode(raw)).write_bytes((new / names[0]).read_bytes())
    Path(os.fsdecode(os.fsencode(ref) + b"/caf\xe9.png")).write_bytes((ref / names[0]).read_bytes())
    page_file = tmp_path / "r.html"
    assert run(ref, new, "-o", page_file, "--junit", tmp_path / "r.xml") == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert len(out.splitlines()) == 5 + len(names) + 1
    root = ElementTree.parse(tmp_path / "r.xml").getroot()
    assert {case.attrib["file"].replace("\x1b", "?") for case in root.iter("testcase")} >= {
        names[0],
        names[1],
    }
    parsed = Parsed(page_file.read_text())
    assert sum(tag == "script" for tag, _ in parsed.tags) == 2
    assert "<script>alert(1)<.png" in parsed.text
    words = [word for card in parsed.all("rf-card") for word in shlex.split(str(card["data-update"]))]
    assert len(words) == len(names) + 1
    (panel,) = parsed.all("rf-panel")
    assert run(*shlex.split(str(panel["data-command"]))[1:], *words) == 0
    assert sorted(files(ref).values()) == sorted(files(new).values())
    capsys.readouterr()
    assert told(capsys, ref, new, code=0)["counts"]["same"] == len(names) + 1


@pytest.mark.skipif(OTHER_SYSTEM, reason="links need rights on Windows")
def test_links_and_things_that_are_no_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ref, new = tree(tmp_path / "ref", {"a.png": page()}), tree(tmp_path / "new", {"a.png": page()})
    (ref / "loop").symlink_to(ref)
    (ref / "self.png").symlink_to("self.png")
    (new / "self.png").symlink_to("nowhere.png")
    save(ref / "x.png" / "deep.png", page())
    save(new / "x.png", page())
    os.mkfifo(ref / "pipe.png")
    os.mkfifo(new / "pipe.png")
    made = told(capsys, ref, new, code=2)
    assert [pair["name"] for pair in made["pairs"]] == ["a.png"]
    assert (made["missing"], made["extra"]) == (["x.png/deep.png"], ["x.png"])
    assert {error["name"] for error in made["errors"]} == {"self.png", "pipe.png"}
    assert any("loop" in note for note in made["notes"])


def test_folders_that_make_no_sense(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = tree(tmp_path / "one", {"a.png": page()})
    empty = tree(tmp_path / "empty", {})
    assert run(empty, empty) == 2
    assert run(one, tmp_path / "none") == 2
    assert "no such folder" in capsys.readouterr().err
    assert run(tmp_path / "none", one) == 2
    assert run(one, one / "a.png") == 2
    assert run(one / "a.png", one) == 2
    assert run("compare", one, "-") == 2
    assert "internal" not in capsys.readouterr().err
    assert told(capsys, one, empty, code=1)["missing"] == ["a.png"]
    made = told(capsys, empty, one, code=1)
    assert made["extra"] == ["a.png"]
    assert any("no picture" in note for note in made["notes"])
    assert any("same folder" in note for note in told(capsys, one, one, code=0)["notes"])


def test_one_folder_inside_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ref = tree(tmp_path / "ref", {"a.png": page()})
    new = tree(ref / "actual", {"a.png": page()})
    for first, second in ((ref, new), (new, ref)):
        made = told(capsys, first, second, code=0)
        assert made["counts"]["pairs"] == 1
        assert any("lies in" in note for note in made["notes"])


def test_equal_files_are_judged_as_if_both_were_decoded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clear = np.dstack([page(), np.tile(np.linspace(0, 255, 160).astype(np.uint8), (120, 1))])
    ref = tree(tmp_path / "ref", {"a.png": clear, "b.png": page(), "c.png": page()})
    shutil.copytree(ref, tmp_path / "new")
    for side in (ref, tmp_path / "new"):
        (side / "c.png").write_bytes((side / "b.png").read_bytes()[:-30])
    made = told(capsys, ref, tmp_path / "new", "--zone", "left=0:0-80:120", "--engine", "numpy", code=2)
    assert [error["name"] for error in made["errors"]] == ["c.png"]
    run(ref / "a.png", tmp_path / "new" / "a.png", "--zone", "left=0:0-80:120", "--json", "-")
    alone = json.loads(capsys.readouterr().out)
    for key in ("corrections", "zones", "metrics", "identical", "score", "test"):
        assert made["pairs"][0][key] == alone[key]


def test_results_do_not_depend_on_jobs_or_engine(
    folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made = [
        told(capsys, *folders, "--jobs", jobs, "--engine", engine, code=2)
        for jobs, engine in ((1, "numpy"), (3, "numba"), (2, "numpy"))
    ]
    for one in made:
        assert one["errors"] == made[0]["errors"]
        for pair, first in zip(one["pairs"], made[0]["pairs"], strict=True):
            assert [box["xyxy"] for box in pair["boxes"]] == [box["xyxy"] for box in first["boxes"]]
            assert pair["score"] == pytest.approx(first["score"], abs=1e-6)


def test_many_sizes_with_few_buffers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = {f"{side}.png": np.full((side, side + 3, 3), 200, np.uint8) for side in range(20, 60)}
    ref, new = tree(tmp_path / "ref", pictures), tree(tmp_path / "new", pictures)
    save(new / "33.png", np.full((33, 36, 3), 90, np.uint8))
    made = told(capsys, ref, new, "--engine", "numba", code=1)
    assert [pair["name"] for pair in made["pairs"] if pair["verdict"] == "different"] == ["33.png"]


@pytest.mark.skipif(OTHER_SYSTEM, reason="Ctrl-C goes to the whole console on Windows")
def test_ctrl_c_leaves_what_was_finished(tmp_path: Path) -> None:
    for side, picture in (("ref", page()), ("new", spoilt(page()))):
        first = save(tmp_path / side / "0.png", cv2.resize(picture, (1600, 1200)))
        for number in range(1, 200):
            shutil.copy(first, first.with_name(f"{number}.png"))
    words = ["ref", "new", "--json", "r.json", "--junit", "r.xml", "-o", "out/", "--engine", "numpy"]
    process = subprocess.Popen([sys.executable, "-m", "rtdiff", *words], cwd=tmp_path, stdout=subprocess.PIPE)
    while process.poll() is None and not list(tmp_path.glob("out/*.png")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    made = json.loads((tmp_path / "r.json").read_text())
    jsonschema.validate(made, SCHEMA)
    assert not made["complete"]
    assert 0 < len(made["pairs"]) < 200
    assert made["unseen"] == 200 - len(made["pairs"])
    assert b"not compared" in out
    assert ElementTree.parse(tmp_path / "r.xml").getroot()[0].attrib["errors"] == "1"


def test_an_output_that_cannot_be_written_ends_all(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").write_text("in the way")
    assert run(*folders, "-o", f"{tmp_path}/out/", "--json", tmp_path / "r.json", "--jobs", 1) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    made = json.loads((tmp_path / "r.json").read_text())
    jsonschema.validate(made, SCHEMA)
    assert not made["complete"]
    assert "out/sub" in made["error"]


@given(st.lists(st.text("aA19é.", min_size=1, max_size=4), unique=True))
@settings(max_examples=100)
def test_natural_order_is_total(names: list[str]) -> None:
    ordered = sorted(names, key=natural)
    assert sorted(ordered[1:] + ordered[:1], key=natural) == ordered
    assert natural("in2") < natural("in10")


def test_real_pairs_of_other_projects(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = data / "pixelmatch" / "test" / "fixtures"
    numbers = [number for number in "12345678" if (source / f"{number}b.png").is_file()]
    for side, letter in (("ref", "a"), ("new", "b")):
        (tmp_path / side).mkdir()
        for number in numbers:
            shutil.copy(source / f"{number}{letter}.png", tmp_path / side / f"{number}.png")
    made = told(capsys, tmp_path / "ref", tmp_path / "new", code=1)
    for number, pair in zip(numbers, made["pairs"], strict=True):
        run(source / f"{number}a.png", source / f"{number}b.png", "--json", "-")
        alone = json.loads(capsys.readouterr().out)
        assert (alone["verdict"], len(alone["boxes"])) == (pair["verdict"], pair["regions"])
    assert DIFFERENT in {pair["verdict"] for pair in made["pairs"]}
