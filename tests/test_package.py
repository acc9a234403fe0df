"""The wheel that users install holds what the code reads at run time."""

import configparser
import email
import zipfile
from pathlib import Path

import pytest

import rtdiff

ROOT = Path(rtdiff.__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Build the wheel from this tree; return its text files by name."""
    if not (ROOT / "pyproject.toml").is_file():
        pytest.skip("rtdiff is installed without its source tree; build from a checkout")
    builders = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    (built,) = builders.WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(built) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def info(wheel: dict[str, str], name: str) -> str:
    """Return a file of the wheel's metadata."""
    return wheel[f"rtdiff-{rtdiff.__version__}.dist-info/{name}"]


def test_every_source_file_is_in_it(wheel: dict[str, str]) -> None:
    wanted = {
        path for ending in ("*.py", "*.json", "*.cu", "py.typed") for path in ROOT.glob(f"rtdiff/**/{ending}")
    }
    names = {path.relative_to(ROOT).as_posix() for path in wanted}
    assert {"rtdiff/py.typed", "rtdiff/reports/schemas/compare.json", "rtdiff/commands/doctor.py"} <= names
    assert names <= wheel.keys()


def test_nothing_else_is_in_it(wheel: dict[str, str]) -> None:
    assert {name.split("/")[0] for name in wheel} == {"rtdiff", f"rtdiff-{rtdiff.__version__}.dist-info"}
    assert not [name for name in wheel if "__pycache__" in name or name.endswith((".nbi", ".nbc", ".pyc"))]


def test_the_licence_comes_with_it(wheel: dict[str, str]) -> None:
    assert info(wheel, "licenses/LICENSE") == (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert email.message_from_string(info(wheel, "METADATA"))["License-Expression"] == "Apache-2.0"


def test_metadata_says_what_pip_needs(wheel: dict[str, str]) -> None:
    metadata = email.message_from_string(info(wheel, "METADATA"))
    assert (metadata["Name"], metadata["Version"]) == ("rtdiff", rtdiff.__version__)
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"cuda12", "cuda13"} <= set(metadata.get_all("Provides-Extra", []))
    assert "Root-Is-Purelib: true" in info(wheel, "WHEEL")


def test_the_command_is_installed(wheel: dict[str, str]) -> None:
    entries = configparser.ConfigParser()
    entries.read_string(info(wheel, "entry_points.txt"))
    assert dict(entries["console_scripts"]) == {"rtdiff": "rtdiff.cli:main"}
