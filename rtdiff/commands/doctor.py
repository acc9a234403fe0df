"""``rtdiff doctor``: what works on this machine, and what to install for the rest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rtdiff.probe import Row, core_works, survey

if TYPE_CHECKING:
    from rtdiff.config import DoctorConfig

WORKS, TROUBLE = 0, 2
SCHEMA = "rtdiff.doctor/1"


def doctor(settings: DoctorConfig) -> int:
    """Look at everything, tell it as text or JSON; return 2 if not even pictures can be compared.

    Raises
    ------
    SinkError
        The JSON cannot be written.
    """
    warmed = [_warm()] if settings.warm else []  # first, so that the rows tell of full caches
    rows = [*survey(), *warmed]
    if settings.json_file is not None:
        from rtdiff.reports.compare_json import write_json

        write_json(settings.json_file, {"schema": SCHEMA, "rows": [row._asdict() for row in rows]})
    if settings.json_file != "-":
        sys.stdout.write(text(rows))
    return WORKS if core_works(rows) else TROUBLE


def text(rows: list[Row]) -> str:
    """Return the rows as aligned lines: ``state  name  value  -> remedy``."""
    wide = max((len(row.name) for row in rows), default=0)
    lines = []
    for row in rows:
        remedy = f"  -> {row.remedy}" if row.remedy else ""
        lines.append(f"{row.state:7}  {row.name:{wide}}  {row.value}{remedy}".rstrip())
    return "\n".join(lines) + "\n"


def _warm() -> Row:
    from rtdiff import unmoving
    from rtdiff.engines import warm

    try:
        seconds = warm()
        unmoving.warm()
        return Row("warm", "ok", f"kernels compiled or loaded in {seconds:.2f} s and those of moved cameras")
    except Exception as error:  # whatever a broken Numba raises; the row of the engine says the remedy
        return Row("warm", "missing", " ".join(str(error).split()), "see the rows of numba")
