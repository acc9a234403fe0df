"""The fixture ``rtdiff_snapshot``: pictures that tests make, held against golden ones.

::

    def test_page(page, rtdiff_snapshot):
        rtdiff_snapshot(page.screenshot, "front")

pytest loads this in every run in which rtdiff is installed, so it imports nothing before the fixture is used.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from rtdiff.snapshots import Snapshots

FOLDER = "__snapshots__"
WRITTEN = "rtdiff_written"
OPTIONS = (
    *("engine", "fail_under", "frame", "ignore", "ignore_region", "layout", "mask", "max_density"),
    *("max_diff_pixels", "merge", "metric", "min_area", "min_side", "palette", "range", "size_policy"),
    *("strict", "threads", "threshold", "zone"),
)
"""Options of ``rtdiff compare`` that an ini file may give for all tests."""
LISTS = ("ignore_region", "zone")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the command line and ini files may say."""
    group = parser.getgroup("rtdiff", "golden pictures (rtdiff_snapshot)")
    group.addoption(
        "--rtdiff-update",
        action="store_true",
        help="Accept: write golden pictures that are missing or differ",
    )
    group.addoption(
        "--rtdiff-platform",
        metavar="NAME",
        help="Whose golden pictures come first, and are written: page.NAME.png; default: page.linux.png, "
        "page.macos.png or page.windows.png where there is one, else page.png",
    )
    group.addoption(
        "--rtdiff-output", metavar="FOLDER", help="Where pictures that differ are put; default: test-results"
    )
    parser.addini("rtdiff_platform", "As --rtdiff-platform", default="")
    parser.addini("rtdiff_output", "As --rtdiff-output, from the root folder", default="test-results")
    for name in OPTIONS:
        told = f"As rtdiff compare --{name.replace('_', '-')}"
        kind: Literal["linelist", "string"] = "linelist" if name in LISTS else "string"
        parser.addini(f"rtdiff_{name}", told, type=kind, default=None)


class Snapshot:
    """What the fixture gives: call it with every picture that a test makes."""

    def __init__(self, snapshots: Snapshots, request: pytest.FixtureRequest) -> None:
        self._snapshots, self._node = snapshots, request.node
        self._names: set[str] = set()

    def __call__(
        self,
        picture: Any,
        name: str | None = None,
        *,
        timeout: float = 5.0,
        interval: float = 0.1,
        data_range: int | None = None,
        **options: Any,
    ) -> None:
        """Fail the test unless `picture` is like its golden one.

        Parameters
        ----------
        picture : path, bytes, array, Pillow image or callable
            Arrays are uint8 or uint16, (H, W) or (H, W, 3) BGR. A callable takes a shot and returns any of
            the others: it is called until two shots in a row are alike.
        name : str, optional
            Tells the pictures of one test apart; default: the name of the file, or ``picture``.
        timeout, interval : float
            How long to wait for two shots that are alike, and between two; seconds.
        data_range : int, optional
            Largest code value of uint16 arrays, which need it: 1023, 4095, 65535.
        **options
            Those of ``rtdiff compare``, in snake_case: threshold, max_diff_pixels, ignore_region ...
        """
        __tracebackhide__ = True
        from rtdiff.errors import RtdiffError

        try:
            told = self._told(
                picture, name, options, timeout=timeout, interval=interval, data_range=data_range
            )
        except RtdiffError as error:
            told = str(error)
        if told:
            pytest.fail(told)

    def _told(self, picture: Any, name: str | None, options: dict[str, Any], **how: Any) -> str:
        """Return why the test fails; empty when it does not."""
        called = self._name(picture, name)
        outcome = self._snapshots.check(picture, called, options, **how)
        if outcome.written is not None:
            self._node.user_properties.append((WRITTEN, str(outcome.written)))
        if not outcome.message:
            return ""
        node = self._node.nodeid
        node = shlex.quote(node) if set(node) & set('"$`\\') else f'"{node}"'  # cmd.exe knows " alone
        return f"{called}: {outcome.message}\n  accept     pytest {node} --rtdiff-update"

    def _name(self, picture: Any, name: str | None) -> str:
        from rtdiff.errors import SettingsError
        from rtdiff.snapshots import name_of

        made = name_of(picture, name)
        if not made or made in self._names:
            told = f"{made!r} is given twice in this test" if made else f"{name!r} is no name"
            raise SettingsError(f"name: {told}; give every picture one of its own")
        self._names.add(made)
        return made


@pytest.fixture
def rtdiff_snapshot(request: pytest.FixtureRequest) -> Snapshot:
    """Hold pictures against golden ones: ``rtdiff_snapshot("page.png")``; --rtdiff-update accepts them."""
    from rtdiff.snapshots import Snapshots, safe

    config, node = request.config, request.node
    test = _test_name(request, safe)
    module = node.path.with_suffix("").name
    root = config.rootpath
    beside = node.path.parent.relative_to(root).parts if node.path.is_relative_to(root) else ()
    output = Path(config.getoption("rtdiff_output") or root / config.getini("rtdiff_output")).absolute()
    given = {name: config.getini(f"rtdiff_{name}") for name in OPTIONS}
    snapshots = Snapshots(
        golden=node.path.parent / FOLDER / module / test,
        results=output.joinpath(*map(safe, beside), module, test),
        accept=config.getoption("rtdiff_update"),
        platform=safe(config.getoption("rtdiff_platform") or config.getini("rtdiff_platform")),
        defaults={name: value for name, value in given.items() if value},
    )
    return Snapshot(snapshots, request)


def _test_name(request: pytest.FixtureRequest, safe: Callable[[str], str]) -> str:
    """Return class, function and parameters as one part of a path."""
    node = request.node
    plain = getattr(node, "originalname", None) or node.name
    parameters = node.name[len(plain) :].removeprefix("[").removesuffix("]")
    owner = f"{request.cls.__qualname__}." if request.cls is not None else ""
    # some file systems take A and a for one
    hashed = parameters if parameters == parameters.lower() else f"{parameters} "
    return safe(owner + plain) + (f"-{safe(hashed)}" if parameters else "")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which golden pictures were written; under xdist, by whichever worker."""
    written = sorted(set(_written(terminalreporter.stats)))
    if written:
        terminalreporter.section("golden pictures written by rtdiff")
        for path in written:
            terminalreporter.line(path)


def _written(stats: dict[str, list[Any]]) -> Iterator[str]:
    for reports in stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                yield from (value for key, value in report.user_properties if key == WRITTEN)
