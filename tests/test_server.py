"""``rtdiff compare --server``: a line in, a line out, whatever the line is."""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest

import rtdiff
from rtdiff.cli import main
from rtdiff.commands.server_lines import Lines, decoded
from rtdiff.errors import SettingsError

SCHEMAS = Path(rtdiff.__file__).parent / "reports" / "schemas"
SCHEMA = json.loads((SCHEMAS / "server.json").read_text())
RESULT = json.loads((SCHEMAS / "compare.json").read_text())


POSIX = pytest.mark.skipif(sys.platform == "win32", reason="words of POSIX")


class Client:
    """Speaks with a server as a test runner would."""

    def __init__(self, *words: str) -> None:
        command = [sys.executable, "-m", "rtdiff", "compare", "--server", "--engine", "numpy", *words]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.hello = self.take()

    def put(self, line: bytes) -> None:
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def take(self) -> dict[str, Any]:
        made = json.loads(self.process.stdout.readline().decode("ascii"))
        jsonschema.validate(made, SCHEMA)
        if made.get("schema") == "rtdiff.compare/1":
            jsonschema.validate(made, RESULT)
        return made

    def ask(self, **request: Any) -> dict[str, Any]:
        self.put(json.dumps(request).encode())
        return self.take()

    def end(self) -> tuple[int, bytes, bytes]:
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client("--jobs", "2")
    yield made
    if made.process.poll() is None:
        assert made.end() == (0, b"", b"")


@pytest.fixture
def pair(tmp_path: Path) -> dict[str, str]:
    base = cv2.resize(
        np.random.default_rng(2).integers(0, 256, (9, 12, 3), dtype=np.uint8),
        (240, 180),
        interpolation=cv2.INTER_CUBIC,
    )
    other = base.copy()
    other[60:90, 100:150] = 255 - other[60:90, 100:150]
    names = {"reference": str(tmp_path / "a.png"), "test": str(tmp_path / "b.png")}
    for name, picture in zip(names.values(), (base, other), strict=True):
        cv2.imwrite(name, picture)
    return names


def test_it_says_when_it_is_ready_and_ends_with_its_input(client: Client) -> None:
    assert client.hello["schema"] == "rtdiff.server/1"
    assert (client.hello["engine"], client.hello["jobs"], client.hello["ready"]) == ("numpy", 2, True)
    assert client.ask(id=7, command="ping") == {"id": 7, "command": "ping", "exit_code": 0}
    client.put(b'{"id": "no newline", "command": "ping"}\n\n  ')
    assert client.take()["id"] == "no newline"
    client.process.stdin.write(b'{"id": 9, "command": "ping"}')  # the last line may lack its end
    code, out, err = client.end()
    assert (code, json.loads(out)["id"], err) == (0, 9, b"")


def test_an_answer_is_what_the_command_writes(
    client: Client, pair: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--threshold", "5", "--metric", "psnr,ssim", "--zone", "left=0:0-120:180", "--engine", "numpy"]
    assert main([*pair.values(), *words, "--json", "-"]) == 1
    told = json.loads(capsys.readouterr().out)
    options = {"threshold": 5, "metric": ["psnr", "ssim"], "zone": {"left": "0:0-120:180"}}
    made = client.ask(id=None, **pair, **options)
    assert (made.pop("id"), made.pop("exit_code")) == (None, 1)
    assert made == told


def test_settings_of_one_request_hold_for_it_alone(
    client: Client, pair: dict[str, str], tmp_path: Path
) -> None:
    plain = client.ask(**pair)
    assert plain["verdict"] == "different"
    assert client.ask(**pair, **{"ignore-region": ["95:55-155:95"]})["exit_code"] == 0
    assert client.ask(**pair, **{"max-diff-pixels": 3000})["exit_code"] == 0
    assert client.ask(**pair, **{"fail-under": "0.1"})["exit_code"] == 0
    assert client.ask(**pair, **{"fail-under": 0.9999})["exit_code"] == 1
    out = tmp_path / "out.png"
    assert client.ask(**pair, output=str(out), layout="side")["exit_code"] == 1
    assert cv2.imread(str(out)).shape[1] >= 480
    out.unlink()
    assert client.ask(**pair) == plain
    assert not out.exists()


def test_a_mask_that_was_changed_is_read_again(client: Client, pair: dict[str, str], tmp_path: Path) -> None:
    mask, path = np.full((180, 240), 255, np.uint8), str(tmp_path / "mask.png")
    cv2.imwrite(path, mask)
    assert client.ask(**pair, mask=path)["exit_code"] == 1
    mask[50:100, 90:160] = 0
    cv2.imwrite(path, mask)
    assert client.ask(**pair, mask=path)["exit_code"] == 0


def test_pictures_may_come_inline(client: Client, pair: dict[str, str]) -> None:
    inline = {
        side: {"base64": base64.b64encode(Path(name).read_bytes()).decode(), "name": f"{side} <shot>"}
        for side, name in pair.items()
    }
    made, by_path = client.ask(**inline), client.ask(**pair)
    assert made["reference"].pop("path") == "reference <shot>"
    del by_path["reference"]["path"], by_path["test"]["path"], made["test"]["path"]
    assert made == by_path
    assert client.ask(reference=pair["reference"], test=inline["test"])["boxes"] == by_path["boxes"]


def test_options_of_the_command_line_are_where_requests_begin(pair: dict[str, str]) -> None:
    client = Client("--ignore-region", "95:55-155:95", "--jobs", "1")
    assert client.hello["jobs"] == 1
    assert client.ask(**pair)["exit_code"] == 0
    assert client.ask(**pair, **{"ignore-region": []})["exit_code"] == 1
    assert client.end()[0] == 0


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({}, "reference: is missing"),
        ({"reference": "a.png"}, "test: is missing"),
        ({"reference": "none.png", "test": "none.png"}, "none.png: no such file"),
        ({"reference": "-", "test": "-"}, "stdin holds the requests"),
        ({"reference": ".", "test": "."}, ".: is a folder; give two pictures"),
        pytest.param({"reference": "a" * 5000, "test": "b.png"}, "name too long; check", marks=POSIX),
        ({"reference": 7, "test": "b.png"}, "reference: must be a path"),
        ({"reference": "a\0.png", "test": "b.png"}, "reference: must be a path"),
        ({"reference": "a.png", "test": {"base64": "%%%"}}, "test: is no base64"),
        ({"reference": "a.png", "test": {"base64": "", "data": 1}}, "beside base64"),
        ({"reference": {"base64": ""}, "test": {"base64": ""}}, "is empty"),
        ({"reference": {"base64": "PGh0bWw+"}, "test": {"base64": ""}}, "HTML"),
        ({"reference": "a.png", "test": "b.png", "treshold": 3}, "did you mean 'threshold'"),
        ({"reference": "a.png", "test": "b.png", "threshold": "much"}, "threshold: must be a number"),
        ({"reference": "a.png", "test": "b.png", "threshold": None}, "threshold: must be a number"),
        ({"reference": "a.png", "test": "b.png", "server": True}, "server: is for the command line"),
        ({"reference": "a.png", "test": "b.png", "json": "x.json"}, "json: is for the command line"),
        ({"reference": "a.png", "test": "b.png", "output": "out.xyz"}, ".png"),
        ({"reference": "a.png", "test": "b.png", "output": "no/where.png"}, "does not exist"),
        ({"reference": "a.png", "test": "b.png", "output": "a.png"}, "is an input"),
        ({"reference": "a.png", "test": "b.png", "zone": {"x": "900:900-990:990"}}, "zone"),
        ({"reference": "a.png", "test": "b.png", "engine": "cupi"}, "cupy"),
        ({"command": "delete"}, "command: must be one of"),
        ({"a\nb": 1}, "unknown key"),
    ],
)
def test_trouble_is_one_line_and_the_next_request_is_answered(
    shared: Client, request_: dict[str, Any], told: str
) -> None:
    made = shared.ask(id="x", **request_)
    assert (made["id"], made["exit_code"]) == ("x", 2)
    assert told in made["error"]
    assert "--help" not in made["error"]
    assert shared.ask(id=1, reference="a.png", test="b.png")["exit_code"] == 1


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe{\x00}\x00",
        b"\x89PNG\r\x1a\x00\x00",
        b'{"id": 1, "id": 2}',
        b'{"threshold": NaN}',
        b'{"threshold": 1e999}',
        b'{"id": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda line: repr(line[:12]),
)
def test_garbage_is_one_error(shared: Client, line: bytes) -> None:
    shared.put(line)
    made = shared.take()
    assert (made["id"], made["exit_code"]) == (None, 2)
    assert len(made["error"]) < 200
    assert shared.ask(id=1, command="ping")["id"] == 1


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server for many requests; its pictures a.png and b.png lie where it runs."""
    folder = tmp_path_factory.mktemp("shared")
    picture = np.full((40, 60, 3), 90, np.uint8)
    cv2.imwrite(str(folder / "a.png"), picture)
    picture[10:20, 10:20] = 200
    cv2.imwrite(str(folder / "b.png"), picture)
    before = Path.cwd()
    os.chdir(folder)
    try:
        made = Client("--jobs", "1")
    finally:
        os.chdir(before)
    yield made
    assert made.end() == (0, b"", b"")


def test_a_line_that_never_ends_costs_no_memory(shared: Client) -> None:
    block = b"x" * (1 << 20)
    for _ in range(100):
        shared.process.stdin.write(block)
    shared.put(b"")
    made = shared.take()
    assert made == {
        "id": None,
        "error": "request: a line of 104857600 bytes; at most 67108864, give paths instead",
        "exit_code": 2,
    }
    assert shared.ask(id=1, command="ping")["id"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors of Windows pipes")
def test_lines_are_cut_where_they_end_whatever_the_chunks(tmp_path: Path) -> None:
    text = b"one\n\ntwo\r\n" + b"y" * 50 + b"\n" + b"x" * 10 + b"\nlast"
    (tmp_path / "lines").write_bytes(text)
    with (tmp_path / "lines").open("rb") as file:
        lines = Lines(file.fileno(), most=20)
        assert [lines.take() for _ in range(3)] == [b"one", b"", b"two\r"]
        with pytest.raises(SettingsError, match="50 bytes"):
            lines.take()
        assert [lines.take() for _ in range(4)] == [b"x" * 10, b"last", None, None]


def test_any_id_comes_back_as_it_was(shared: Client) -> None:
    for told in ("ö\ud800\n</script>", [1, {"a": None}], 2**60, -0.5, True, {}):
        assert shared.ask(id=told, command="ping")["id"] == told


def test_many_at_a_time_each_answered_once(client: Client, pair: dict[str, str]) -> None:
    swapped = dict(zip(pair, reversed(pair.values()), strict=True))
    for number in range(40):
        request = pair if number % 2 else swapped
        client.put(json.dumps({"id": number, **request, "threshold": 5 + number % 7}).encode())
    made = {answer["id"]: answer for answer in (client.take() for _ in range(40))}
    assert made.keys() == set(range(40))
    for number, answer in made.items():
        assert answer["settings"]["threshold"] == 5 + number % 7
        assert answer["reference"]["path"] == (pair if number % 2 else swapped)["reference"]
        assert answer["exit_code"] == 1


@pytest.mark.parametrize(
    "option", [("-o", "x.png"), ("--json", "x.json"), ("--junit", "x.xml"), ("--update",)]
)
def test_what_belongs_to_a_request_is_refused(
    option: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "--server", *option]) == 2
    assert main(["compare", "--server", "a.png", "b.png"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 2
    assert "belongs to a request" in captured.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_it_leaves_quietly_when_interrupted_or_unheard(pair: dict[str, str]) -> None:
    client = Client()
    client.process.send_signal(signal.SIGINT)
    assert client.end() == (130, b"", b"")
    client = Client("--jobs", "2")
    for _ in range(20):
        client.put(json.dumps(pair).encode())
    client.take()
    client.process.send_signal(signal.SIGINT)  # while OpenCV is at work
    code, out, err = client.end()
    assert (code, err) == (130, b"")
    assert all(json.loads(line)["exit_code"] == 1 for line in out.splitlines())
    client = Client()
    client.process.stdout.close()
    client.put(json.dumps(pair).encode())
    assert client.process.wait(30) == 2
    assert client.process.stderr.read() == b""
    client.process.stdin.close()
    client.process.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
@pytest.mark.parametrize(("redirect", "told"), [("<&-", b"stdin: is closed"), (">&-", b"stdout: is closed")])
def test_a_closed_end_is_said(redirect: str, told: bytes) -> None:
    command = f'"{sys.executable}" -m rtdiff compare --server --engine numpy {redirect}'
    done = subprocess.run(["sh", "-c", command], input=b"", capture_output=True, check=False)
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(("language", "program"), [("js", "node"), ("python", sys.executable)])
def test_the_examples_of_the_readme_run(
    language: str, program: str, pair: dict[str, str], tmp_path: Path
) -> None:
    readme = Path(rtdiff.__file__).parents[1] / "README.md"
    if not readme.is_file():
        pytest.skip("rtdiff is installed without its README")
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    section = readme.read_text(encoding="utf-8").partition("## From other languages")[2].partition("\n## ")[0]
    code = section.partition(f"```{language}\n")[2].partition("```")[0]
    client = tmp_path / {"js": "client.mjs", "python": "client.py"}[language]
    client.write_text(code, encoding="utf-8")
    folder = Path(sys.executable).parent
    if shutil.which("rtdiff", path=folder) is None:
        pytest.skip("the command rtdiff is not beside this Python")
    paths = os.pathsep.join([str(folder), os.environ["PATH"]])
    words = [program, str(client), *pair.values()]
    done = subprocess.run(
        words, env={**os.environ, "PATH": paths}, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("different"), done.stderr
    if language == "js":
        assert done.returncode == 1
        assert (tmp_path / "difference.png").exists()


def test_the_schema_knows_what_it_describes() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    requests = SCHEMA | {"oneOf": [{"$ref": "#/$defs/request"}]}
    jsonschema.validate({"id": 1, "reference": "a", "test": {"base64": "QQ=="}, "threshold": 3}, requests)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"reference": 3}, requests)
    for bad in (
        {"id": 1},
        {"id": 1, "error": "a\nb", "exit_code": 2},
        {"id": 1, "error": "a", "exit_code": 1},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, SCHEMA)


def test_a_byte_order_mark_is_no_trouble() -> None:
    assert decoded(b'\xef\xbb\xbf{"id": 1}\r') == {"id": 1}
