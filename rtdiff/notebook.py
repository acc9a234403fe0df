"""How a notebook shows a result."""

from __future__ import annotations

from rtdiff.records import Diff


def html_of(diff: Diff) -> str:
    """Return verdict, score and both pictures with the regions on them, as a fragment of HTML."""
    from rtdiff.reports.compare_html import notebook_html

    return notebook_html(diff)
