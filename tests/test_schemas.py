"""Every JSON that a command writes fits the schema that ships with the package."""

import json
from pathlib import Path

import jsonschema
import pytest

import rtdiff
from rtdiff.cli import main

SCHEMAS = Path(rtdiff.__file__).parent / "reports" / "schemas"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("watch", ["watch", "synthetic://static?size=64x48&frames=80"]),
        ("bench", ["bench", "--size", "64x48", "--engine", "numpy"]),
        ("doctor", ["doctor"]),
    ],
)
def test_output_fits_its_schema(name: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--json", "-"]) == 0
    made = json.loads(capsys.readouterr().out)
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(made, schema)
    assert made["schema"] == f"rtdiff.{name}/1"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made | {"schema": "another"}, schema)
