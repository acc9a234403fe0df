"""The pieces of HTML that show a pair of pictures: self-contained, safe, usable without a mouse.

A page made of them loads nothing and sends nothing; its own policy (CSP) says so. Without its script the two
pictures stand side by side, with the regions marked on both.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html
from collections.abc import Sequence
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from rtdiff.errors import redact
from rtdiff.figures import count_text, printable
from rtdiff.records import Box, Picture

PNG_MOST = 6_000_000  # bytes; a photograph above that would make a page nobody can mail
JPEG_QUALITY = 92
TAGS = 60  # as many regions have their number beside them, the largest first
TINY = 8  # pixels; a region of at most this side has a ring around it
MODES = {
    "slider": "Slider",
    "side": "Side",
    "overlay": "Overlay",
    "blink": "Blink",
    "diff": "Difference",
}


def escape(text: object) -> str:
    """Return any text of a user's, fit for HTML text and quoted attributes: one line, no credentials."""
    return html.escape(printable(redact(text)))


@functools.cache
def asset(name: str) -> str:
    """Return the text of a file beside this module, ``viewer.css`` or ``viewer.js``."""
    return files("rtdiff.reports").joinpath("assets", name).read_text(encoding="utf-8")


def picture_uri(bgr: Picture, *, longest: int | None = None, png_most: int = PNG_MOST) -> str:
    """Return a picture as a ``data:`` URI.

    Parameters
    ----------
    bgr : ndarray
        (H, W, 3) uint8, BGR.
    longest : int, optional
        Longer side at most, pixels; a larger picture is shrunk.
    png_most : int
        Bytes; what would be larger as PNG becomes a JPEG without subsampled colour.
    """
    import cv2

    height, width = bgr.shape[:2]
    if longest is not None and max(height, width) > longest:
        scale = longest / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        bgr = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
    png = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_SUB]
    kind, data = "png", b""
    may_be_jpeg = max(bgr.shape[:2]) <= 65_535  # by the format's definition
    # A tenth of a large picture tells, at a tenth of the time, that all of it would be far too much.
    tenth = bgr[len(bgr) * 9 // 20 : len(bgr) * 11 // 20 + 1]
    if not may_be_jpeg or bgr.size < png_most or len(_encoded(".png", tenth, png)) < png_most // 5:
        data = _encoded(".png", bgr, png)
    if may_be_jpeg and (not data or len(data) > png_most):
        full_colour = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
        kind = "jpeg"
        data = _encoded(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, *full_colour])
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _encoded(ending: str, bgr: NDArray[np.uint8], options: list[int]) -> bytes:
    import cv2

    data: bytes = cv2.imencode(ending, bgr, options)[1].tobytes()
    return data


def verdict(same: bool) -> str:
    """Return the badge: a disc with a check, or a square with a cross, and the word."""
    if same:
        shape, word = '<circle cx="12" cy="12" r="12"/><path d="M6.5 12.5l4 4 7.5-8.5"/>', "SAME"
    else:
        shape = '<rect width="24" height="24" rx="4"/><path d="M7 7l10 10M17 7L7 17"/>'
        word = "DIFFERENT"
    icon = f'<svg viewBox="0 0 24 24" aria-hidden="true">{shape}</svg>'
    return f'<span class="rt-verdict rt-{word.lower()}">{icon}{word}</span>'


def pair_view(
    reference_uri: str,
    test_uri: str,
    boxes: Sequence[Box],
    *,
    size_wh: tuple[int, int],
    key: str = "pair",
    names: tuple[str, str] = ("reference", "test"),
    mode: str = "slider",
    palette: str = "vivid",
    gain: float = 4.0,
    full: bool = False,
) -> str:
    """Return the viewer of one pair: slider, side by side, overlay, blink, difference; zoom and regions.

    Parameters
    ----------
    reference_uri, test_uri : str
        From `picture_uri`; both show `size_wh`, whatever their own resolution is.
    boxes : sequence of Box
        Different regions, pixels of `size_wh`, largest first.
    size_wh : tuple of int
        Width and height, pixels.
    key : str
        Id of the element: letters, digits, hyphens; another for every pair of a page.
    names : tuple of str
        Captions of the two.
    mode : str
        What is shown first, one of `MODES`.
    palette : str
        Colours of the regions: ``vivid``, ``cool`` or ``mono``.
    gain : float
        What the difference is multiplied by at first, 1 to 32.
    full : bool
        The viewer has the page for itself: the wheel zooms without Ctrl.
    """
    width, height = size_wh
    marks = boxes_svg(boxes, size_wh)
    views = "".join(
        f'<figure class="rt-view rt-{side}"><div class="rt-world"><img src="{uri}" width="{width}" '
        f'height="{height}" alt="{escape(name)}" draggable="false">{marks}</div>'
        f'<figcaption class="rt-caption">{escape(name)}</figcaption></figure>'
        for side, uri, name in zip(("ref", "test"), (reference_uri, test_uri), names, strict=True)
    )
    return (
        f'<section class="rt-pair rt-{escape(palette)}{" rt-full" if full else ""}" id="{escape(key)}" '
        f'data-mode="{escape(mode)}" '
        f'data-width="{width}" data-height="{height}" data-gain="{gain:g}" aria-label="The two pictures">'
        f"{_bar(key, len(boxes), gain)}"
        '<div class="rt-stage" tabindex="0" role="group" '
        'aria-label="Both pictures: plus and minus zoom, arrows move, N goes to the next region">'
        f'<div class="rt-views">{views}</div>'
        '<div class="rt-divider" role="slider" tabindex="0" aria-label="Divider between reference and test" '
        'aria-orientation="horizontal" aria-valuemin="0" aria-valuemax="100" aria-valuenow="50"></div>'
        "</div></section>"
    )


def _bar(key: str, regions: int, gain: float) -> str:
    radios = "".join(
        f'<label><input type="radio" name="{escape(key)}-mode" value="{value}">{text}</label>'
        for value, text in MODES.items()
    )
    pressed = "true" if regions else "false"
    return (
        f'<div class="rt-bar"><div class="rt-group" role="radiogroup" aria-label="View">{radios}</div>'
        '<div class="rt-group" role="group" aria-label="Zoom">'
        '<button type="button" data-act="out" aria-label="Zoom out">−</button>'
        '<button type="button" data-act="full" class="rt-zoomed" title="Show at 100 %">100 %</button>'
        '<button type="button" data-act="in" aria-label="Zoom in">+</button>'
        '<button type="button" data-act="fit">Fit</button></div>'
        f'<button type="button" class="rt-plain" data-act="boxes" aria-pressed="{pressed}">Regions</button>'
        '<label class="rt-only rt-only-overlay">Opacity'
        '<input type="range" min="0" max="100" value="100" data-set="opacity"></label>'
        '<label class="rt-only rt-only-diff">Amplified'
        f'<input type="range" min="1" max="32" step="0.5" value="{gain:g}" data-set="gain"></label>'
        '<span class="rt-only rt-only-blink">'
        '<button type="button" class="rt-plain" data-act="pause">Pause</button></span></div>'
    )


def boxes_svg(boxes: Sequence[Box], size_wh: tuple[int, int]) -> str:
    """Return the regions as an SVG that lies over a picture of `size_wh`; lines are of screen pixels."""
    width, height = size_wh
    made = [_box_svg(index, box, width, height) for index, box in enumerate(boxes)]
    return (
        f'<svg class="rt-boxes" viewBox="0 0 {width} {height}" preserveAspectRatio="none" '
        f'aria-hidden="true">{"".join(made)}</svg>'
    )


def _box_svg(index: int, box: Box, width: int, height: int) -> str:
    left, top, right, bottom = box.xyxy
    wide, high = right - left, bottom - top
    if max(wide, high) <= TINY:
        x, y, radius = (left + right) / 2, (top + bottom) / 2, max(2 * TINY, width // 60)
        place = f'<circle cx="{x:g}" cy="{y:g}" r="{radius}" class='
    else:
        place = f'<rect x="{left}" y="{top}" width="{wide}" height="{high}" class='
    lines = "".join(f'{place}"rt-{line}"/>' for line in ("case", "edge", "ink"))
    below = top < height * 0.06
    foot, shift = (bottom, ' dy="1.2em"') if below else (top, ' dy="-.4em"')
    size = max(1, width / 36)  # of the picture's pixels; with the script: of the screen's
    tag = f'<text x="{left}" y="{foot}"{shift} font-size="{size:g}">{box.id}</text>' if index < TAGS else ""
    edges = f"{left} {top} {right} {bottom}"
    return f'<g class="rt-box" data-box="{box.id}" data-edges="{edges}">{lines}{tag}</g>'


def region_list(boxes: Sequence[Box], key: str = "pair", most: int = 300) -> str:
    """Return the regions as a list of buttons; each brings the viewer called `key` there."""
    rows = [
        f'<li><button type="button" data-pair="{escape(key)}" data-go="{box.id}">'
        f"<b>{box.id}</b><span>{box.xyxy[0]}:{box.xyxy[1]}-{box.xyxy[2]}:{box.xyxy[3]}</span>"
        f"<small>{count_text(box.area_px, 'px').removesuffix('s')}</small></button></li>"
        for box in boxes[:most]
    ]
    if len(boxes) > most:
        rows.append(f'<li class="rt-small">and {len(boxes) - most:,} more</li>')
    return f'<ol class="rt-regions">{"".join(rows)}</ol>'


def page(title: str, body: str, *, styles: Sequence[str] = (), scripts: Sequence[str] = ()) -> str:
    """Return a whole page; nothing but what is in it is ever loaded or run.

    Parameters
    ----------
    title : str
        Plain text.
    body : str
        HTML, as the functions of this module make it; inline styles and handlers have no effect.
    styles, scripts : sequence of str
        More CSS and JavaScript, after the viewer's own.
    """
    css = [asset("viewer.css"), *styles]
    code = [asset("viewer.js"), *scripts]
    policy = (
        f"default-src 'none'; img-src data:; style-src {_hashes(css)}; script-src {_hashes(code)}; "
        "base-uri 'none'; form-action 'none'"
    )
    head = "".join(f"<style>{text}</style>" for text in css)
    tail = "".join(f"<script>{text}</script>" for text in code)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n{head}\n</head>\n"
        f'<body class="rt rt-page">\n{body}\n{tail}\n</body>\n</html>\n'
    )


def _hashes(texts: Sequence[str]) -> str:
    """Sources of a policy that allow exactly these texts."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)
