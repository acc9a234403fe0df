"""The architecture, read from the source: who may import whom, and what a file must have."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rtdiff

ROOT = Path(rtdiff.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

BASE = {
    "atomic",
    "blocks",
    "classes",
    "closing",
    "coding",
    "errors",
    "figures",
    "fixed_light",
    "grid",
    "order",
    "records",
    "spread",
    "values",
    "video_records",
    "video_writer",
}
SETTINGS = {
    "arguments",
    "config",
    "config_base",
    "fields",
    "model",
    "settings_file",
    "usage",
    "validation",
    "zone_fields",
}
ROOMS = {
    "alarm",
    "align",
    "ballot",
    "capture",
    "fingerprints",
    "glow",
    "light",
    "lighting",
    "lit",
    "jitter",
    "levels",
    "motion",
    "matching",
    "objects",
    "pairing",
    "parts",
    "patches",
    "patchwork",
    "noise",
    "rendering",
    "shift",
    "similarity",
    "reference",
    "recompression",
    "registration",
    "reconcile",
    "regions",
    "scene_noise",
    "scratch",
    "shadows",
    "sift",
    "sizes",
    "soft_shadows",
    "tally",
    "tint",
    "tone",
    "texture",
    "unmoving",
    "zones",
}
PACKAGES = {"sources", "engines", "sinks", "views", "reports"}
COMPOSERS = {
    "__init__",
    "assemble",
    "differ",
    "evaluation",
    "given",
    "judge",
    "evidence",
    "notebook",
    "pytest_plugin",
    "snapshots",
    "steady",
    "stills",
    "aligning",
    "video_judge",
    "video_times",
    "videos",
    "watching",
    "worst",
    "commands",
    "demo",
}
ANYTHING = BASE | SETTINGS | ROOMS | PACKAGES | COMPOSERS | {"folders", "journal", "pipeline", "probe"}

MAY_IMPORT = {
    **dict.fromkeys(BASE, BASE),
    "records": BASE | {"notebook"},  # a result shows itself where Python shows values
    **dict.fromkeys(ROOMS, BASE),
    "ballot": BASE | {"fingerprints"},
    "align": BASE | {"ballot", "fingerprints"},
    "reconcile": BASE | {"sizes"},
    "sift": BASE | {"engines"},  # its loops, where Numba is
    "matching": BASE | {"reconcile", "sizes"},
    "levels": BASE | {"scene_noise", "scratch", "shadows"},
    "objects": BASE | {"engines", "levels", "scene_noise", "scratch", "shadows"},  # loops over its pixels
    "scene_noise": BASE | {"engines"},  # loops over its cells
    "shadows": BASE | {"soft_shadows"},
    "lit": BASE | {"glow", "tone"},
    "lighting": BASE | {"glow", "lit", "tint", "tone"},  # its parts
    "motion": BASE | {"patchwork", "similarity", "texture"},
    "patchwork": BASE | {"engines", "texture"},  # its loops, where Numba is
    "unmoving": BASE | {"motion", "patchwork"},
    "jitter": BASE | {"parts"},
    "registration": BASE | {"jitter", "parts"},
    "folders": BASE | {"sources"},  # which files are pictures
    "journal": BASE | {"alarm"},  # the alarm's Transition becomes an event here
    "pipeline": BASE,  # the loop is handed its rooms
    **{name: BASE - {"values"} for name in PACKAGES},
    # they say the version
    "reports": {"__init__", "records", "classes", "errors", "figures", "atomic"}
    | {"video_records", "video_writer"},
    **dict.fromkeys(SETTINGS, BASE | SETTINGS | {"zones"}),
    "probe": {"__init__", "engines", "errors"},
    "__main__": {"cli"},
    "cli": SETTINGS | {"__init__", "errors"},
    **dict.fromkeys(COMPOSERS, ANYTHING),
}
"""Part of the package (a module, or a folder) -> the parts it may import beside itself, lazily or not."""

HOMES = {
    "numba": {"engines"},
    "cupy": {"engines"},
    "av": {"sources", "sinks"},
    "yaml": SETTINGS,
}
"""Library -> where it may be imported."""
MAY_NAME = {"probe": {"av", "cupy", "cv2"}}
"""Part -> libraries that it may import by a name in a string, to see whether they are here."""

SILENT = {
    "fields.py": {"items"},
    "engines/numba_kernels.py": {"reflect", "root_of", "seven"},
    "sources/picture.py": {"close"},
}
"""File -> public names without a docstring, from before this test; the list may only shrink."""

LONGEST = 450
LONGER = {"engines/numba_kernels.py": 900}  # every kernel in one file: Numba caches by file


def part(name: str) -> str:
    """Return which part of the package a file, or a dotted module without ``rtdiff.``, belongs to."""
    return re.split(r"[/.]", name)[0]


PARTS = {part(name) for name in TREES}


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield every module imported anywhere in a file; also rtdiff's own by a string, as tables do."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            yield str(node.module)
            if node.module == "rtdiff":
                yield from (f"rtdiff.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and re.fullmatch(r"rtdiff(\.\w+)+", str(node.value)):
            yield str(node.value)


def own(tree: ast.AST) -> set[str]:
    """Return the parts of rtdiff that a file imports; a plain name of ``rtdiff`` itself is ``__init__``."""
    names = {name.removeprefix("rtdiff.") for name in imported(tree) if name.startswith("rtdiff.")}
    return {part(name) if part(name) in PARTS else "__init__" for name in names}


def test_every_part_has_its_place() -> None:
    assert MAY_IMPORT.keys() >= PARTS, "a new part: write into MAY_IMPORT what it may import"


@pytest.mark.parametrize("name", TREES)
def test_imports_follow_the_layers(name: str) -> None:
    here = part(name)
    assert own(TREES[name]) - {here} <= MAY_IMPORT[here]


@pytest.mark.parametrize("name", TREES)
def test_libraries_stay_where_they_belong(name: str) -> None:
    here = part(name)
    roots = {part(module) for module in imported(TREES[name])}
    assert not {library for library in roots & HOMES.keys() if here not in HOMES[library]}
    by_string = {
        part(str(node.args[0].value))
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) in ("import_module", "__import__")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert by_string - {"rtdiff"} <= MAY_NAME.get(here, set())


@pytest.mark.parametrize(
    "statement", ["import rtdiff", "import rtdiff.errors", "import rtdiff.cli; rtdiff.cli.main(['--help'])"]
)
def test_importing_costs_nothing(statement: str) -> None:
    heavy = ("numpy", "cv2", "numba", "cupy", "av", "yaml", "rich")
    code = f"import sys; {statement}; print('loaded', [name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded []"


def public(owner: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Yield public functions and classes, and the methods of classes; a subclass's may inherit their text."""
    for node in owner.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef) and not node.bases:
                yield from public(node)


@pytest.mark.parametrize("name", TREES)
def test_public_things_say_what_they_are(name: str) -> None:
    tree = TREES[name]
    assert ast.get_docstring(tree) or not tree.body, "the module has no docstring"
    silent = {node.name for node in public(tree) if not ast.get_docstring(node)}
    assert silent <= SILENT.get(name, set())


@pytest.mark.parametrize("name", TREES)
def test_files_stay_small_and_finished(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGER.get(name, LONGEST)
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text)
