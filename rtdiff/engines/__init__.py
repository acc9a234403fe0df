"""Engines: who computes the map. One table; `auto` takes the first that works here.

A name that the user typed is a demand: it works or it is an error that says why. Only ``auto``
may pass one over, and it tells which and why.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rtdiff.classes import dataclass
from rtdiff.errors import EngineError, MissingExtra, SettingsError

if TYPE_CHECKING:
    from rtdiff.engines.engine import Engine

__all__ = ["ENGINES", "EngineRow", "compiled", "engine_class", "make_engine", "warm"]


@dataclass(frozen=True, slots=True)
class EngineRow:
    """One engine: where it is, and what to install for it."""

    name: str
    module: str
    attribute: str
    needs: str
    remedy: str


ENGINES = (
    EngineRow(
        "cupy",
        "rtdiff.engines.cupy_engine",
        "CupyEngine",
        "cupy",
        "pip install 'rtdiff[cuda13]' (or [cuda12], by what nvidia-smi says)",
    ),
    EngineRow("numba", "rtdiff.engines.numba_engine", "NumbaEngine", "numba", "pip install numba"),
    EngineRow("numpy", "rtdiff.engines.engine", "Engine", "numpy", "pip install numpy"),
)
"""In the order in which ``auto`` tries them."""


def engine_class(name: str) -> tuple[type[Engine], tuple[str, ...]]:
    """Return an engine's class, probed, and what ``auto`` passed over, a line each.

    Parameters
    ----------
    name : {'auto', 'cupy', 'numba', 'numpy'}

    Raises
    ------
    SettingsError
        No engine has that name.
    MissingExtra, EngineError
        The engine that was named is not installed, or cannot run here.
    """
    rows = [row for row in ENGINES if name in ("auto", row.name)]
    if not rows:
        known = ["auto", *(row.name for row in ENGINES)]
        from difflib import get_close_matches

        near = get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}" if near else "choose one of them"
        raise SettingsError(f"--engine {name}: must be one of {', '.join(known)}; {hint}")
    skipped: list[str] = []
    for row in rows:
        try:
            return _load(row), tuple(skipped)
        except (MissingExtra, EngineError) as error:
            if name != "auto":
                raise
            skipped.append(str(error))
    raise EngineError("; ".join(skipped))


def make_engine(name: str, **options: Any) -> Engine:
    """Return a new engine by name; `options` are `Engine`'s fields (checked by it)."""
    return engine_class(name)[0](**options)


def warm() -> float:
    """Compile every Numba kernel, or load it from the cache; return the seconds that took."""
    from time import perf_counter

    begin = perf_counter()
    _load(next(row for row in ENGINES if row.name == "numba")).warm()
    return perf_counter() - begin


def compiled(metrics: Iterable[str] = ()) -> bool:
    """Return whether Numba's cache holds the kernels, and those of `metrics`, so that nothing is compiled."""
    from pathlib import Path

    from rtdiff.engines.numba_kernels import band

    folder = band.stats.cache_path
    own = {"ssim-gaussian": "numba_metrics.gaussian", "ssim-ffmpeg": "quad_kernels.quads"}
    wanted = ["numba_kernels.band", *(own[name] for name in metrics if name in own)]
    return bool(folder) and all(any(Path(folder).glob(f"{name}-*.nbi")) for name in wanted)


def _load(row: EngineRow) -> type[Engine]:
    try:
        kind: type[Engine] = getattr(import_module(row.module), row.attribute)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != row.needs:
            raise
        raise MissingExtra(f"engine '{row.name}': {row.needs} is not installed; {row.remedy}") from error
    except (ImportError, OSError) as error:  # installed and broken: a library of the driver, say
        text = " ".join(str(error).split())
        raise EngineError(f"engine '{row.name}': cannot be imported ({text}); {row.remedy}") from error
    kind.probe()
    return kind
