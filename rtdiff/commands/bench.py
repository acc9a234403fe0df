"""``rtdiff bench``: how fast this machine compares."""

from __future__ import annotations

import platform
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from rtdiff.assemble import usable_cores
from rtdiff.engines import ENGINES, engine_class
from rtdiff.errors import EngineError, MissingExtra
from rtdiff.noise import pair_noise
from rtdiff.regions import Regions
from rtdiff.reports.compare_json import write_json
from rtdiff.sources.arrays import frame_from_array

if TYPE_CHECKING:
    from rtdiff.config import BenchConfig

WARM_UP, ROUNDS, AT_LEAST_S = 3, 5, 0.3


def bench(settings: BenchConfig) -> int:
    """Time the whole decision, from luma to boxes; print a table or write JSON; return the exit code.

    Raises
    ------
    EngineError, MissingExtra
        The engine that was named cannot run here.
    """
    names = [row.name for row in ENGINES if settings.engine in ("auto", row.name)]
    rows = []
    for name in names:
        try:
            kind, _ = engine_class(name)
        except (EngineError, MissingExtra) as error:
            if settings.engine != "auto":
                raise
            sys.stderr.write(f"rtdiff: {error} (passed over)\n")
            continue
        rows += [_row(kind, size) for size in settings.size]
    machine = {"machine": platform.machine(), "cores": usable_cores(), "python": platform.python_version()}
    if settings.json_file is not None:
        write_json(settings.json_file, {"schema": "rtdiff.bench/1", **machine, "rows": rows})
    if settings.json_file != "-":
        sys.stdout.write(f"{'engine':8}{'size':>11}{'ms':>9}{'min':>9}{'max':>9}{'fps':>8}\n")
        for row in rows:
            size = "x".join(map(str, row["size_wh"]))
            ms = row["ms"]
            spread = f"{row['ms_min']:9.2f}{row['ms_max']:9.2f}"
            sys.stdout.write(f"{row['engine']:8}{size:>11}{ms:9.2f}{spread}{1000 / ms:8.0f}\n")
    return 0


def _row(kind: Any, size_wh: tuple[int, int]) -> dict[str, Any]:
    """Return the median of some rounds on gray 8-bit frames: noise, and one thing that changed."""
    engine = kind(noise=pair_noise, threads=usable_cores())
    regions = Regions(tracking=True)
    reference, *tests = (engine.prepare(frame_from_array(picture)) for picture in _pictures(size_wh))

    def once(turn: int) -> None:
        regions.find(engine.compare(reference, tests[turn % len(tests)]))

    for turn in range(WARM_UP):
        once(turn)
    rounds = []
    for _ in range(ROUNDS):
        begin, turns = time.perf_counter(), 0
        while turns < 3 or time.perf_counter() - begin < AT_LEAST_S:
            once(turns)
            turns += 1
        rounds.append((time.perf_counter() - begin) / turns * 1e3)
    engine.close()
    return {
        "engine": engine.name,
        "size_wh": list(size_wh),
        "ms": statistics.median(rounds),
        "ms_min": min(rounds),
        "ms_max": max(rounds),
    }


def _pictures(size_wh: tuple[int, int]) -> list[Any]:
    """Return a smooth, textured picture, and three noisy ones with a card on it."""
    width, height = size_wh
    rng = np.random.default_rng(1)
    y, x = np.ogrid[:height, :width]
    clean = 110 + 60 * np.sin(x / 37) * np.cos(y / 23) + 20 * np.sin(x * y / 9000)
    out = [clean]
    for _ in range(3):
        noisy = clean + rng.normal(0, 2, clean.shape)
        noisy[height // 3 : height // 2, width // 3 : width // 2] += 60
        out.append(noisy)
    return [np.clip(np.rint(picture), 0, 255).astype(np.uint8) for picture in out]
