"""The result of comparing two folders as one HTML file: filter, thumbnails, a viewer for every difference.

Viewers lie in templates: a browser decodes their pictures when they are opened. Without its script the
page shows all pairs with thumbnails, figures and regions.
"""

from __future__ import annotations

import base64
import html
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from glob import escape as glob_escape
from pathlib import PurePath

from rtdiff import __version__
from rtdiff.figures import count_text
from rtdiff.records import Diff, Picture
from rtdiff.reports.folder_result import (
    DIFFERENT,
    ERROR,
    EXTRA,
    KINDS,
    MISSING,
    SAME,
    FolderResult,
    PairResult,
)
from rtdiff.reports.folder_text import figures, summary, why
from rtdiff.reports.slider_html import (
    asset,
    boxes_svg,
    escape,
    page,
    pair_view,
    picture_uri,
    region_list,
    verdict,
)

THUMB_LONGEST = 320  # pixels: sharp on today's screens at the 160 to 280 they are shown at
THUMB_QUALITY = 80
THUMB_BOXES = 30
MOST_BOXES = 300  # of a viewer, the largest
_HERE = "\0"  # no text of a page has it; cards are put there at the end, so that few copies are made of them
_ICONS = {
    SAME: '<circle cx="12" cy="12" r="12"/><path d="M6.5 12.5l4 4 7.5-8.5"/>',
    DIFFERENT: '<rect width="24" height="24" rx="4"/><path d="M7 7l10 10M17 7L7 17"/>',
    MISSING: '<rect width="24" height="24" rx="12"/><path d="M6 12h12"/>',
    EXTRA: '<rect width="24" height="24" rx="12"/><path d="M6 12h12M12 6v12"/>',
    ERROR: '<path class="rf-fill" d="M12 1l11.5 21H.5z"/><path d="M12 8v7M12 18v1"/>',
}
_WORDS = {SAME: "same", DIFFERENT: "different", MISSING: "missing", EXTRA: "extra", ERROR: "error"}


def thumb_uri(bgr: Picture) -> str:
    """Return a small JPEG of a picture, (H, W, 3) uint8 BGR, as a ``data:`` URI."""
    import cv2

    height, width = bgr.shape[:2]
    scale = min(1.0, THUMB_LONGEST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA) if scale < 1 else bgr
    data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, THUMB_QUALITY])[1].tobytes()
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"


def marks(diff: Diff) -> str:
    """Return the regions as an SVG that lies over a thumbnail."""
    return boxes_svg(diff.boxes[:THUMB_BOXES], diff.reference.size_wh)


def folder_pair_view(
    diff: Diff,
    key: str,
    raw: Sequence[tuple[str, bytes]],
    *,
    mode: str = "slider",
    palette: str = "vivid",
    gain: float = 4.0,
) -> str:
    """Return the viewer of one pair and its list of regions.

    Parameters
    ----------
    diff : Diff
        What was decided.
    key : str
        Id of the viewer: letters, digits, hyphens; another for every pair.
    raw : sequence of (str, bytes)
        Of the reference and of the test: the format of a file that a browser shows just as it was
        compared (png, jpeg, webp) and its bytes; without a format the picture is encoded anew.
    mode, palette, gain : str, str, float
        As for `pair_view`.
    """
    uris = [
        f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
        if kind
        else picture_uri(frame.picture())
        for (kind, data), frame in zip(raw, (diff.reference, diff.test), strict=True)
    ]
    boxes = diff.boxes[:MOST_BOXES]
    shown = pair_view(
        uris[0],
        uris[1],
        boxes,
        size_wh=diff.reference.size_wh,
        key=key,
        mode=mode,
        palette=palette,
        gain=gain,
    )
    return f'<div class="rf-view">{shown}{region_list(boxes, key) if boxes else ""}</div>'


def folder_html(result: FolderResult) -> bytes:
    """Return the page, UTF-8; it needs nothing else."""
    names = [PurePath(name).name or name for name in (result.reference, result.test) if name]
    title = " → ".join(names)
    counts = result.counts
    body = (
        f'<div class="rf"><header class="rt-head">{verdict(result.same)}<h1>{escape(title)}</h1>'
        f"<p>{escape(summary(result))}</p></header>{_notes(result)}"
        f'<div class="rf-bar" role="search">{_filter(counts)}'
        '<input type="search" class="rf-search" placeholder="Name" aria-label="Show only names with">'
        '<button type="button" class="rt-plain" data-rf="all">Accept all shown</button>'
        '<span class="rf-shown" role="status"></span></div>'
        f'<main class="rf-cards">{_HERE}</main>{_panel(result)}{_foot(result)}</div>'
    )
    words = "SAME" if result.same else "DIFFERENT"
    shell = page(f"{words}: {title}", body, styles=[asset("folder.css")], scripts=[asset("folder.js")])
    before, after = shell.split(_HERE)
    cards = (_card(pair, number).encode() for number, pair in enumerate(_ordered(result), 1))
    return b"".join((before.encode(), *cards, after.encode()))


def _ordered(result: FolderResult) -> list[PairResult]:
    return [pair for kind in KINDS for pair in result.of(kind)]


def _filter(counts: Mapping[str, int]) -> str:
    total, unlike = sum(counts.values()), sum(counts.values()) - counts[SAME]
    choices = [("unlike", f"Not the same {unlike:,}")] if unlike else []
    choices += [(kind, f"{_WORDS[kind].capitalize()} {counts[kind]:,}") for kind in KINDS if counts[kind]]
    choices.append(("all", f"All {total:,}"))
    radio = '<label><input type="radio" name="rf-kind" value='
    made = "".join(
        f'{radio}"{value}"{" checked" if at == 0 else ""}>{text}</label>'
        for at, (value, text) in enumerate(choices)
    )
    return f'<div class="rt-group" role="radiogroup" aria-label="Pairs shown">{made}</div>'


def _card(pair: PairResult, number: int) -> str:
    regions, changed, lowest, place = figures(pair)
    told = [count_text(pair.regions, "region"), f"{changed} changed"] if regions else []
    told += [f"lowest SSIM {lowest} at {place}"] if told and place else []
    if pair.kind == SAME and pair.regions:
        told.append("as much as is allowed")
    elif pair.kind == SAME:
        told = ["identical" if pair.told["identical"] else "no visible difference"]
    told += [said] if (said := why(pair)) else []
    if pair.kind == DIFFERENT and not pair.view:
        told.append("left out of this page, which is full: compare this pair alone with -o FILE.html")
    acts = ""
    if pair.view:
        acts += '<button type="button" class="rt-plain" data-rf="open" aria-expanded="false">Compare</button>'
    update = _update(pair)
    if update:
        acts += '<button type="button" class="rt-plain" data-rf="accept" aria-pressed="false">Accept</button>'
    icon = f'<svg viewBox="0 0 24 24" aria-hidden="true">{_ICONS[pair.kind]}</svg>'
    view = f"<template>{pair.view}</template>" if pair.view else ""
    return (
        f'<article class="rf-card rf-{pair.kind}" data-kind="{pair.kind}" '
        f'data-update="{html.escape(update)}" aria-labelledby="name-{number}">'
        f"{_thumbs(pair)}"
        f'<div class="rf-line"><span class="rf-badge">{icon}{_WORDS[pair.kind]}</span>'
        f'<h2 id="name-{number}">{escape(pair.name)}</h2><p>{escape("; ".join(told))}</p>'
        f'<div class="rf-acts">{acts}</div></div>{view}</article>'
    )


def _thumbs(pair: PairResult) -> str:
    if not pair.thumbs:
        return '<div class="rf-thumbs rf-none"></div>'
    sides = {MISSING: ["reference"], EXTRA: ["test"], SAME: ["both"]}.get(pair.kind, ["reference", "test"])
    shown = "".join(
        f'<figure><div class="rf-thumb"><img src="{uri}" alt="{side}" loading="lazy" decoding="async">'
        f"{pair.marks if side == 'test' else ''}</div><figcaption>{side}</figcaption></figure>"
        for side, uri in zip(sides, pair.thumbs, strict=True)
    )
    return f'<div class="rf-thumbs">{shown}</div>'


def _update(pair: PairResult) -> str:
    """Return the option that accepts a pair, quoted for a shell; empty where there is nothing to accept."""
    if pair.kind not in (DIFFERENT, EXTRA) or pair.note:
        return ""
    name = pair.name
    if not name.isprintable():  # a pattern, since what cannot be typed cannot be copied either
        name = "".join(c if c.isprintable() else "?" for c in glob_escape(name))
    return _quoted([f"--update={name}"])


def _quoted(words: list[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _notes(result: FolderResult) -> str:
    notes = [*result.notes, *([f"stopped: {result.error}"] if result.error else [])]
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<ul class="rf-notes">{items}</ul>' if items else ""


def _panel(result: FolderResult) -> str:
    command = _quoted(["rtdiff", "compare", *filter(None, (result.reference, result.test))])
    if not command.isprintable():
        return ""
    return (
        f'<aside class="rf-panel" aria-label="Accepted" data-command="{html.escape(command)}">'
        '<p><b class="rf-count"></b> To make the test the reference, run this where the comparison ran:</p>'
        '<textarea readonly rows="2" spellcheck="false" aria-label="Command"></textarea>'
        '<button type="button" class="rt-plain" data-rf="copy">Copy</button>'
        '<button type="button" class="rt-plain" data-rf="none">Accept none</button></aside>'
    )


def _foot(result: FolderResult) -> str:
    keys = (("J K", "next, last pair"), ("O", "open, close"), ("A", "accept"), ("/", "name"))
    hints = "".join(f"<span><kbd>{key}</kbd> {text}</span>" for key, text in keys)
    maker = f"rtdiff {__version__}" + (f", {result.engine}" if result.engine else "")
    return f'<footer class="rt-foot">{hints}<span>{escape(maker)}</span></footer>'
