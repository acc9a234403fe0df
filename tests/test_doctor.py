"""``rtdiff doctor``: run as a process, on machines made worse by real packages that are broken."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rtdiff.commands.doctor import text
from rtdiff.probe import Row, core_works, extras


def doctor(*options: str, path: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command, with the packages in `path` before all others."""
    if path is not None:
        env["PYTHONPATH"] = str(path)
    ask = [sys.executable, "-m", "rtdiff", "doctor", *options]
    return subprocess.run(
        ask, capture_output=True, encoding="utf-8", env={**os.environ, **env}, timeout=120, check=False
    )


def rows(**given: Any) -> dict[str, dict[str, str]]:
    """Return the rows of ``doctor --json -`` by name; the command must end well."""
    done = doctor("--json", "-", **given)
    assert (done.returncode, done.stderr) == (0, "")
    made = json.loads(done.stdout)
    assert made["schema"] == "rtdiff.doctor/1"
    assert all(set(row) == {"name", "state", "value", "remedy"} for row in made["rows"])
    assert {row["state"] for row in made["rows"]} <= {"ok", "warn", "missing"}
    return {row["name"]: row for row in made["rows"]}


def broken(folder: Path, name: str, raises: str) -> Path:
    """Write a package that raises when it is imported."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(f"raise {raises}\n")
    return folder


def installed(folder: Path, name: str, version: str) -> None:
    """Write what pip leaves behind when it has installed something."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_text_is_aligned_and_ends_well() -> None:
    done = doctor()
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("ok       python ")
    assert {line[:9].strip() for line in lines} <= {"ok", "warn", "missing"}
    wide = max(len(line[9:].split("  ")[0]) for line in lines)
    assert all(line[9 + wide : 11 + wide].strip() == "" and line[11 + wide] != " " for line in lines)


def test_what_this_machine_has_is_told() -> None:
    import numba

    told = rows()
    assert told["engine numba"] == {
        "name": "engine numba",
        "state": "ok",
        "value": numba.__version__,
        "remedy": "",
    }
    assert told["engine numpy"]["state"] == told["opencv"]["state"] == "ok"
    assert all(row["remedy"] for row in told.values() if row["state"] != "ok")


def test_an_empty_cache_is_told(tmp_path: Path) -> None:
    row = rows(NUMBA_CACHE_DIR=str(tmp_path))["numba cache"]
    assert row["state"] == "warn"
    assert "--warm" in row["remedy"]
    assert str(tmp_path) in row["value"]


def test_warm_fills_the_cache() -> None:  # the user's own: an empty one takes 25 s to fill
    lines = doctor("--warm").stdout.splitlines()
    assert lines[-1].startswith("ok       warm ")
    assert "kernels are compiled" in next(line for line in lines if " numba cache " in line)


@pytest.mark.parametrize(
    ("raises", "told"),
    [
        ("ImportError('libcudart.so: cannot open')", "cannot be imported (libcudart.so: cannot open)"),
        ("OSError('damaged')", "cannot be imported (damaged)"),
        ("RuntimeError('two\\nlines')", "two lines"),
    ],
)
def test_a_broken_cupy_is_a_row(tmp_path: Path, raises: str, told: str) -> None:
    row = rows(path=broken(tmp_path, "cupy", raises))["engine cupy"]
    assert row["state"] == "missing"
    assert row["value"] == told
    assert "rtdiff[cuda" in row["remedy"]


def test_without_pyav_pictures_still_work(tmp_path: Path) -> None:
    told = rows(path=broken(tmp_path, "av", "ModuleNotFoundError(\"No module named 'av'\", name='av')"))
    assert told["pyav"]["state"] == "missing"
    assert "pip install av" in told["pyav"]["remedy"]
    assert "decoder h264" not in told


def test_without_opencv_the_core_cannot_work(tmp_path: Path) -> None:
    done = doctor(path=broken(tmp_path, "cv2", "ImportError('libGL.so.1: cannot open shared object file')"))
    assert (done.returncode, done.stderr) == (2, "")
    assert "libgl1" in next(line for line in done.stdout.splitlines() if " opencv " in line)


def test_two_opencv_wheels_are_told(tmp_path: Path) -> None:
    installed(tmp_path, "opencv-python-headless", "4.12.0.88")
    row = rows(path=tmp_path)["opencv wheels"]
    assert row["state"] == "warn"
    assert "opencv-python-headless 4.12.0.88" in row["value"]
    assert row["remedy"].startswith("pip uninstall ")


def test_two_cupy_wheels_are_told(tmp_path: Path) -> None:
    installed(tmp_path, "cupy-cuda12x", "14.2.0")
    installed(tmp_path, "cupy-cuda13x", "14.2.0")
    told = rows(path=tmp_path)
    assert told["extra cuda12"]["state"] == told["extra cuda13"]["state"] == "warn"


@pytest.mark.parametrize(("driver", "extra"), [("535.104", "cuda12"), ("580.65.06", "cuda13")])
def test_the_driver_decides_which_extra(driver: str, extra: str) -> None:
    named = [row.name for row in extras(Row("gpu", "ok", f"driver {driver}, NVIDIA T4, 15360 MiB"))]
    assert named == [f"extra {extra}"]


@pytest.mark.skipif(sys.platform != "linux", reason="X11 only")
def test_a_display_that_does_not_answer(tmp_path: Path) -> None:
    row = rows(DISPLAY=":987")["display"]
    assert row["state"] == "missing"
    assert rows(DISPLAY="")["display"]["value"] == "DISPLAY is not set"


def test_json_goes_to_a_file_beside_the_text(tmp_path: Path) -> None:
    done = doctor("--json", str(tmp_path / "out.json"))
    names = [row["name"] for row in json.loads((tmp_path / "out.json").read_text())["rows"]]
    assert len(names) == len(done.stdout.splitlines())
    assert doctor("--json", str(tmp_path / "no" / "out.json")).returncode == 2


def test_a_row_without_a_remedy_has_no_arrow() -> None:
    made = [Row("a", "ok", "1"), Row("long", "missing", "", "do it")]
    assert text(made) == "ok       a     1\nmissing  long    -> do it\n"
    assert core_works(made)
    assert not core_works([Row("opencv", "missing", "")])
