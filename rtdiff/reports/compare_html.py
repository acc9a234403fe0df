"""One comparison as one HTML file, and as a fragment for notebooks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from rtdiff import __version__
from rtdiff.figures import percent_text, score_text
from rtdiff.records import Diff
from rtdiff.reports.compare_text import correction_text, metric_text, whole_rows, why
from rtdiff.reports.slider_html import (
    PNG_MOST,
    asset,
    boxes_svg,
    escape,
    page,
    pair_view,
    picture_uri,
    region_list,
    verdict,
)

MOST_BOXES = 300  # that are marked, the largest; a browser takes seconds for 40,000
NOTEBOOK_LONGEST = 960  # pixels a picture: two of them stay below 1.5 MB, base64 included
NOTEBOOK_PNG_MOST = 400_000  # bytes


def compare_html(
    diff: Diff,
    *,
    reference_info: Mapping[str, Any],
    test_info: Mapping[str, Any],
    mode: str = "slider",
    palette: str = "vivid",
    gain: float = 4.0,
) -> str:
    """Return a page with both pictures, a slider, the regions and all figures; it needs nothing else.

    Parameters
    ----------
    diff : Diff
        What was decided.
    reference_info, test_info : mapping
        ``path`` and ``size_wh``, as for `compare_json`.
    mode, palette, gain : str, str, float
        As for `pair_view`.
    """
    names = [_name(info["path"]) for info in (reference_info, test_info)]
    pictures = diff.reference.picture(), diff.test.picture()
    uris = picture_uri(pictures[0]), picture_uri(pictures[1])
    shown = pair_view(
        *uris,
        diff.boxes[:MOST_BOXES],
        size_wh=diff.reference.size_wh,
        names=(f"reference: {names[0]}", f"test: {names[1]}"),
        mode=mode,
        palette=palette,
        gain=gain,
        full=True,
    )
    title = f"{names[0]} → {names[1]}"
    head = (
        f'<header class="rt-head">{verdict(diff.same)}<h1>{escape(title)}</h1>'
        f"<p>{escape(why(diff))}</p></header>"
    )
    keys = (
        ("N", "next region"),
        ("B", "regions on, off"),
        ("M", "next view"),
        ("0", "difference"),
        ("+ −", "zoom"),
        ("R", "fit"),
        ("S", "swap, in blink"),
    )
    hints = "".join(f"<span><kbd>{key}</kbd> {text}</span>" for key, text in keys)
    foot = f'<footer class="rt-foot">{hints}<span>rtdiff {escape(__version__)}</span></footer>'
    side = _side(diff, reference_info, test_info, lossy=any("jpeg" in uri[:15] for uri in uris))
    body = f'<div class="rt-one">{head}<main class="rt-main">{shown}</main>{side}{foot}</div>'
    return page(f"{'SAME' if diff.same else 'DIFFERENT'}: {title}", body)


def _side(diff: Diff, reference: Mapping[str, Any], test: Mapping[str, Any], *, lossy: bool) -> str:
    metric = next(iter(diff.metrics), "ssim").removesuffix("_db")
    figures = {
        f"Score ({metric.upper()})": score_text(diff.score),
        "Changed": percent_text(diff.changed_fraction),
        "Regions": f"{len(diff.boxes):,}",
        "Worst local SSIM": "" if math.isnan(diff.min_ssim) else score_text(diff.min_ssim),
    }
    facts = {
        "reference": f"{reference['path']}, {_size(reference)}",
        "test": f"{test['path']}, {_size(test)}",
        **{
            name.removesuffix("_db").upper(): metric_text(name, value) for name, value in diff.metrics.items()
        },
        **dict(whole_rows(diff)),
        "noise": f"{diff.noise_levels:.2g} levels of 255",
        "engine": diff.engine,
    }
    if len(diff.boxes) > MOST_BOXES:
        facts["marked"] = f"the {MOST_BOXES} largest regions"
    if lossy:
        facts["shown as"] = "JPEG, compared as read"
    parts = [f'<dl class="rt-figures">{_rows(figures, wrap=True)}</dl>']
    if diff.boxes:
        parts.append(
            f"<section><h2>Regions, x0:y0-x1:y1</h2>{region_list(diff.boxes, most=MOST_BOXES)}</section>"
        )
    if diff.zones:
        zones = {
            name: f"{percent_text(zone.changed_fraction)}, score {score_text(zone.score)}"
            for name, zone in diff.zones.items()
        }
        parts.append(f'<section><h2>Zones</h2><dl class="rt-facts">{_rows(zones)}</dl></section>')
    if diff.corrections:
        items = "".join(f"<li>{escape(correction_text(c, '→'))}</li>" for c in diff.corrections)
        parts.append(
            f'<section><h2>Corrected before comparing</h2><ul class="rt-list">{items}</ul></section>'
        )
    parts.append(f'<section><h2>Details</h2><dl class="rt-facts">{_rows(facts)}</dl></section>')
    return f'<aside class="rt-side" aria-label="Result">{"".join(parts)}</aside>'


def _rows(what: Mapping[str, str], *, wrap: bool = False) -> str:
    begin, end = ("<div>", "</div>") if wrap else ("", "")
    return "".join(
        f"{begin}<dt>{escape(key)}</dt><dd>{escape(value)}</dd>{end}" for key, value in what.items() if value
    )


def _name(path: object) -> str:
    return PurePath(str(path)).name or str(path)


def _size(info: Mapping[str, Any]) -> str:
    return "{}x{}".format(*info["size_wh"])


def notebook_html(diff: Diff, *, palette: str = "vivid") -> str:
    """Return both pictures side by side with the regions on both: a fragment, without any script.

    It brings its own style, is below 1.5 MB for two pictures of 1080 lines, and changes nothing around it.
    """
    pictures = diff.reference.picture(), diff.test.picture()
    most = min(PNG_MOST, NOTEBOOK_PNG_MOST)
    uris = [picture_uri(picture, longest=NOTEBOOK_LONGEST, png_most=most) for picture in pictures]
    shown = boxes_svg(diff.boxes[:MOST_BOXES], diff.reference.size_wh)
    captions = [
        f"{side}: {name}" if (name := _name(frame.source)) != side else side
        for side, frame in (("reference", diff.reference), ("test", diff.test))
    ]
    views = "".join(
        f'<figure class="rt-view"><div class="rt-world"><img src="{uri}" alt="{escape(text)}">{shown}</div>'
        f'<figcaption class="rt-caption">{escape(text)}</figcaption></figure>'
        for uri, text in zip(uris, captions, strict=True)
    )
    words = f"{why(diff)}; score {score_text(diff.score)}"
    return (
        f'<div class="rt rt-note"><style>{asset("viewer.css")}</style>'
        f'<div class="rt-head">{verdict(diff.same)}<p>{escape(words)}</p></div>'
        f'<div class="rt-pair rt-{escape(palette)}"><div class="rt-stage">'
        f'<div class="rt-views">{views}</div></div></div></div>'
    )
