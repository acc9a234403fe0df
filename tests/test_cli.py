"""The command line: words, exit codes, one line of error; nothing heavy before the work begins."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import jsonschema
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rtdiff import cli, config
from rtdiff.arguments import LATER, parse
from rtdiff.cli import LATER_VERBS, VERBS, main
from rtdiff.config import CompareConfig
from rtdiff.errors import SettingsError
from rtdiff.validation import keys_of

HEAVY = "numpy cv2 numba llvmlite av rich cyclopts cupy"
START = "import sys; from rtdiff.cli import main; "


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the current one, with a.png, its copy same.png, and b.png which differs."""
    monkeypatch.chdir(tmp_path)
    picture = np.random.default_rng(3).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    other = picture.copy()
    other[10:30, 20:50] = 0
    for name, what in (("a.png", picture), ("same.png", picture), ("b.png", other)):
        assert cv2.imwrite(str(tmp_path / name), what)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run the words, which must be refused in one line, and return it."""
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"rtdiff: [^\n]+\n", err)
    return err


def run(code: str, *, wait: bool = True) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    child = subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe, stdin=pipe, text=True)
    if wait:
        child.wait(60)
    return child


def test_exit_codes_are_those_of_diff(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["a.png", "same.png"]) == 0
    assert main(["compare", "a.png", "b.png"]) == 1
    assert main(["a.png", "b.png", "--exit-zero"]) == 0
    assert main(["a.png", "b.png", "--fail-under", "0.1"]) == 0
    assert "20:10-50:30" in capsys.readouterr().out
    assert "none.png" in told(capsys, "a.png", "none.png")


def test_a_verdict_on_stdout_is_one_object(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["a.png", "b.png", "--json", "-", "--zone", "z=0:0-64:48"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["verdict"], answer["settings"]["threshold"]) == ("different", 6.0)


def test_the_command_line_goes_over_the_file(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("cfg.yaml").write_text("reference: a.png\ntest: b.png\nmerge: 3\nthreshold: 9\nexit-zero: true\n")
    assert main(["compare", "--config", "cfg.yaml"]) == 0
    assert main(["compare", "--config", "cfg.yaml", "--no-exit-zero"]) == 1
    capsys.readouterr()
    assert main(["--config=cfg.yaml", "a.png", "same.png", "--merge=4", "--dump-config"]) == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    chosen = {key: printed[key] for key in ("test", "merge", "threshold", "exit-zero")}
    assert chosen == {"test": "same.png", "merge": 4, "threshold": 9.0, "exit-zero": True}
    assert "cfg.yaml:1:1: threshold: must be" in (
        Path("cfg.yaml").write_text("threshold: x") and told(capsys, "a.png", "b.png", "--config", "cfg.yaml")
    )


def test_what_is_printed_is_read_again(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zones = ["--zone", "a=0:0-9:9", "--zone", "b=0,0 9,0 9,9", "--ignore-region", "1:1-2:2"]
    assert main(["watch", "a.png", *zones, "--on-delay", "120ms", "--duration", "47f", "--dump-config"]) == 0
    first = capsys.readouterr().out
    Path("cfg.yaml").write_text(first, encoding="utf-8")
    assert main(["watch", "--config", "cfg.yaml", "--dump-config"]) == 0
    assert capsys.readouterr().out == first
    assert yaml.safe_load(first)["duration"] == "47f"


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (
            "a.png b.png c.png",
            "c.png: one name too many, compare takes REFERENCE TEST; to write a result give -o",
        ),
        ("a.png", "compare: TEST is missing; write rtdiff compare REFERENCE TEST"),
        ("watch", "watch: SOURCE is missing; write rtdiff watch SOURCE"),
        ("doctor x", "x: one name too many, doctor takes no names; leave it out"),
        ("- -", "stdin cannot be both"),
        ("a.png b.png --strit", "--strit: unknown option; did you mean '--strict'?"),
        ("a.png b.png --min_area 1px", "--min_area: unknown option; did you mean '--min-area'?"),
        ("a.png b.png -x", "-x: unknown option"),
        ("a.png b.png --xyzzy=1", "--xyzzy: unknown option"),
        ("a.png b.png --exit-code", "--exit-code: unknown option"),
        ("a.png b.png --threshold", "--threshold: needs a value; write --threshold VALUE"),
        ("a.png b.png --threshold --strict", "--threshold: needs a value"),
        ("a.png b.png --threshold 5 --threshold 6", "--threshold: is given twice; leave one out"),
        ("a.png b.png --threshold abc", "--threshold: must be a number from 0.5 to 100, got 'abc'"),
        ("a.png b.png --merge -1", "--merge: must be a whole number from 0 to 10000, got '-1'"),
        ("a.png b.png --strict=maybe", "--strict: must be true or false, got 'maybe'"),
        ("a.png b.png --zone a=0:0-9:9 --zone b=5", "--zone 2, shape: must be a region"),
        ("a.png b.png --config none.yaml", "none.yaml: cannot be read (No such file"),
        ("wacth x.mp4", "wacth: unknown command, and no such file; did you mean 'watch'?"),
        ("grb x.mp4", "grb: unknown command, and no such file; did you mean 'grab'?"),
        ("--strict watch x.mp4", "watch: a command comes first; for a file of that name write ./watch"),
        ("watch rtsp://me:hun@ter2@host/x", "source: has two '@' in rtsp://...; write the one in"),
        ("watch x.mp4 -o x.mp4", "'x.mp4': is an input; choose another name"),
        *((f"a.png b.png --{option}", f"--{option}: comes in a later version") for option in sorted(LATER)),
        *((f"{verb} x", f"{verb}: comes in a later version") for verb in LATER_VERBS),
    ],
)
def test_what_is_refused_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], words: str, answer: str
) -> None:
    line = told(capsys, *words.split())
    assert line.startswith(f"rtdiff: {answer}") or answer in line
    assert "ter2" not in line


def test_every_way_to_write_an_option(pictures: Path) -> None:
    for words in (["-o", "x.png"], ["-ox.png"], ["-o=x.png"], ["--output", "x.png"], ["--output=x.png"]):
        Path("x.png").unlink(missing_ok=True)
        assert main(["a.png", *words, "b.png"]) == 1
        assert Path("x.png").is_file()
    Path("a.png").rename("-a.png")
    assert main(["--strict", "--", "-a.png", "same.png"]) == 0
    Path("-a.png").rename("watch")
    assert main(["./watch", "same.png"]) == 0


@pytest.mark.parametrize("verb", VERBS)
def test_help_names_every_option_and_fits_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([verb, "--help"]) == 0
    text = capsys.readouterr().out
    model = getattr(config, VERBS[verb][0])
    for key in keys_of(model):
        assert (f"--{key}" if key not in model.positional else key.upper()) in text
    assert max(map(len, text.splitlines())) <= 80
    assert main([verb, "--schema"]) == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


def test_the_program_tells_its_verbs_and_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["-h"], ["help"]):
        assert main(words) == 0
        text = capsys.readouterr().out
        assert all(f"\n  {verb} " in text for verb in VERBS)
    assert main(["--version"]) == main(["watch", "--version"]) == 0
    assert set(capsys.readouterr().out.splitlines()) == {"rtdiff 0.1.0"}
    for words in ([], ["--debug"] * 2, ["", ""], [""]):  # a script's empty names must not read 'the same'
        assert main(words) == 2
        assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (["--help"], "yaml"),
        (["--version"], "yaml"),
        (["compare", "--help"], "yaml"),
        (["watch", "--help"], "yaml"),
        (["a.png", "b.png", "--threshold", "x"], "yaml"),
        (["a.png", "b.png", "--zone", "a=0:0-9:9", "--dump-config"], ""),
        (["watch", "x.mp4", "--dump-config"], ""),
    ],
)
def test_nothing_heavy_is_imported_before_the_work(words: list[str], more: str) -> None:
    heavy = f"set({(HEAVY + ' ' + more).split()})"
    out, err = run(f"{START}main({words}); print('HEAVY', *({heavy} & set(sys.modules)))").communicate()
    assert out.splitlines()[-1] == "HEAVY", err


def test_two_pictures_import_only_what_comparing_takes(pictures: Path) -> None:
    """Each of these costs 2 to 200 ms of every start; what brings it in goes behind its use."""
    slow = {"av", "concurrent.futures", "difflib", "email", "hashlib", "json", "logging", "numba", "numpy.ma"}
    slow |= {"rich", "secrets", "yaml"}
    done = f"print('SLOW', *({slow} & set(sys.modules)))"
    out, err = run(f"{START}main(['a.png', 'b.png']); {done}").communicate()
    assert out.startswith("DIFFERENT"), err
    assert out.splitlines()[-1] == "SLOW"


def test_an_option_is_taken_by_the_model_alone() -> None:
    grammar = cli._grammar("compare", CompareConfig)
    known = grammar.flags | grammar.singles | grammar.many | set(grammar.positional)
    assert known - cli.OWN_FLAGS - {"config"} == set(keys_of(CompareConfig))
    assert grammar.many == {"zone", "ignore-region", "update", "tests"}
    assert "strict" in grammar.flags


WORDS = [
    "--",
    "-",
    "-o",
    "-ox",
    "--strict",
    "--no-strict",
    "--zone",
    "--zone=a",
    "--merge",
    "a.png",
    "--=",
    "",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), max_size=6))
def test_any_words_are_understood_or_refused_in_one_line(words: list[str]) -> None:
    grammar = cli._grammar("compare", CompareConfig)
    try:
        found = parse(words, grammar)
    except SettingsError as error:
        if "\n" in str(error):
            raise
    else:
        assert found.keys() <= set(keys_of(CompareConfig)) | cli.OWN_FLAGS | {"config"}


def test_debug_shows_where_an_error_comes_from_without_passwords(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["watch", "https://me:hunter2@host/x.mp4", "--debug"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("Traceback")
    assert error.splitlines()[-1].startswith("rtdiff: ")
    assert "hunter2" not in error
    settings = tmp_path / "cfg.yaml"
    settings.write_text("debug: true\nsource: none.mp4\n")
    assert main(["watch", "--config", str(settings)]) == 2
    assert capsys.readouterr().err.startswith("Traceback")


def test_a_fault_of_our_own_is_one_line_as_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(VERBS, "doctor", ("NoSuchModel", ""))
    assert "internal error: AttributeError" in told(capsys, "doctor")


@pytest.mark.skipif(os.name == "nt", reason="signals and pipes of POSIX")
def test_a_reader_that_leaves_is_no_trouble_to_look_at() -> None:
    child = run(f"{START}sys.stdin.read(1); sys.exit(main(['watch', '--schema']))", wait=False)
    assert child.stdout is not None
    child.stdout.close()
    child.stdout = None
    _, error = child.communicate("x", timeout=60)
    assert (child.returncode, error) == (2, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_behind_stdout_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        made = subprocess.run(
            [sys.executable, "-m", "rtdiff", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert made.returncode == 2
    assert made.stderr.startswith("rtdiff: stdout: cannot be used (No space left on device)")
    assert made.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
@pytest.mark.parametrize("words", ["a.png b.png", "a.png b.png --json -", "doctor", "--version"])
def test_a_closed_stdout_is_told(words: str, pictures: Path) -> None:
    command = f'cd "{pictures}" && exec "{sys.executable}" -m rtdiff {words} >&-'
    made = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert made.returncode == 2
    assert made.stderr == "rtdiff: stdout: is closed; results go there, keep it open\n"


def test_help_shows_what_is_usual_also_where_it_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--help"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "that are still the same, 0 to 2147483648 [0]" in words
    assert "--update[=NAME] Copy what differs" in words
    assert "[None]" not in words
    assert "[False]" not in words


def test_an_interrupt_is_130_also_while_a_class_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def __set_name__(self, _owner: type, _name: str) -> None:
            raise KeyboardInterrupt

    def verb(_words: list[str]) -> str:
        return type("Made", (), {"attribute": Interrupted()}).__name__

    monkeypatch.setattr("rtdiff.cli._verb", verb)
    assert main(["a.png", "b.png"]) == 130


@pytest.mark.skipif(os.name == "nt", reason="signals and pipes of POSIX")
def test_an_interrupted_watch_ends_as_always_with_a_whole_log() -> None:
    words = ["watch", "synthetic://static?size=64x48&frames=9999999", "--log", "-", "--engine", "numpy"]
    child = run(f"{START}sys.exit(main({words}))", wait=False)
    assert child.stdout is not None
    first = child.stdout.readline()  # it has begun
    child.send_signal(signal.SIGINT)
    out, error = child.communicate(timeout=60)
    assert child.returncode == 0, error
    assert "Traceback" not in error
    assert [json.loads(line)["kind"] for line in (first + out).splitlines()][-1] == "stopped"
