"""The pictures of the worst pairs as cards of a page."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from rtdiff.figures import clock_text, count_text, percent_text, score_text
from rtdiff.records import Picture
from rtdiff.reports.slider_html import escape, pair_view, picture_uri, region_list
from rtdiff.reports.timeline import MS
from rtdiff.reports.worst_picture import WorstPicture

MOST_BOXES = 200  # of a viewer, the largest
LONGEST = 1920  # pixels: of a larger picture the details are in the saved files
PNG_MOST = 400_000  # bytes; what is larger becomes a JPEG
TYPES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg"}


def cards_of(worst: Sequence[WorstPicture], key: str) -> list[dict[str, Any]]:
    """Return of every picture what the timeline of a page must know: ``id``, ``n``, ``t`` (ms), ``pair``."""
    return [
        {"id": f"{key}-worst-{number}", "n": number, "t": one.time_ref_ns // MS, "pair": one.index}
        for number, one in enumerate(worst, 1)
    ]


def card(one: WorstPicture, told: Mapping[str, Any], palette: str) -> str:
    """Return the card of a pair.

    Parameters
    ----------
    one : WorstPicture
        The pair.
    told : mapping
        From `cards_of`.
    palette : str
        Colours of regions.
    """
    times = [clock_text(time_ns) for time_ns in (one.time_ref_ns, one.time_test_ns)]
    boxes, key = one.boxes[:MOST_BOXES], f"{told['id']}-view"
    view = pair_view(
        _uri(one.reference),
        _uri(one.test),
        boxes,
        size_wh=one.size_wh,
        key=key,
        names=(
            f"reference, frame {one.frame_ref:,}, {times[0]}",
            f"test, frame {one.frame_test:,}, {times[1]}",
        ),
        palette=palette,
    )
    facts = f"frames {one.frame_ref:,} → {one.frame_test:,}; score {score_text(one.score)}"
    facts += f"; {count_text(len(one.boxes), 'region')}"
    facts += f"; {percent_text(one.changed_fraction)} changed" if one.boxes else ""
    regions = ""
    if boxes:
        listed = region_list(boxes, key, most=MOST_BOXES)
        regions = f"<details><summary>{count_text(len(one.boxes), 'region')}</summary>{listed}</details>"
    return (
        f'<article class="rv-card" id="{told["id"]}" tabindex="-1"><header>'
        f"<h3>{told['n']}. {' → '.join(dict.fromkeys(times))}</h3><p>{escape(facts)}</p>"
        '<div class="rv-acts"><button type="button" class="rt-plain" data-rv="mark" '
        'title="Show on the timeline">Timeline</button>'
        '<button type="button" class="rt-plain" data-rv="large" aria-pressed="false">Large</button>'
        f"</div></header>{view}{regions}</article>"
    )


def _uri(data: bytes) -> str:
    """Return a picture as it is, or made smaller where a page with ten of them would be too large."""
    kind = next((name for start, name in TYPES.items() if data.startswith(start)), "")
    if kind == "jpeg" or (kind and len(data) <= PNG_MOST):
        return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    import cv2

    bgr = cast(Picture, cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))
    return picture_uri(bgr, longest=LONGEST, png_most=PNG_MOST)
