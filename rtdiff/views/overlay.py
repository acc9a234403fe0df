"""Pure drawing: pictures, boxes and figures in, one picture out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Box, Picture
from rtdiff.views.boxes import draw_boxes
from rtdiff.views.canvas import Canvas
from rtdiff.views.fills import gain_for
from rtdiff.views.heads_up import HeadsUp, draw_heads_up, plan_heads_up
from rtdiff.views.layouts import Content
from rtdiff.views.marks import Rect, caption, divider, scale_bar
from rtdiff.views.palette import Palette

Sample = TypeVar("Sample", bound=np.generic)

TINT = 0.22  # the picture shows through
STEADY_GAIN = 8.0  # of the difference in a video: one that follows the picture would flicker
SMALL_PX, ENLARGED_PX = 120, 240  # no figure fits into less than the first; a still is enlarged to the second


def draw(
    reference_bgr: Picture,
    test_bgr: Picture,
    boxes: Sequence[Box],
    *,
    heads_up: HeadsUp | None = None,
    layout: str = "overlay",
    mask: NDArray[np.uint8] | None = None,
    ssim: NDArray[np.floating] | None = None,
    first: bool = False,
    palette: Palette | None = None,
    enlarge: bool = True,
) -> Picture:
    """Return the annotated picture, (H, W, 3) uint8 BGR, newly made.

    Parameters
    ----------
    reference_bgr, test_bgr : ndarray
        (H, W, 3) uint8, BGR; they may differ in size.
    boxes : sequence of Box
        Different regions, largest first; drawn on the test, in two panels on both.
    heads_up : HeadsUp, optional
        The figures in the corner where they hide the fewest boxes.
    layout : str
        See `rtdiff.views.layouts.arrange`.
    mask : ndarray, optional
        (H, W) uint8, not 0 where different: tinted, where the layout shows a picture on its own.
    ssim : ndarray, optional
        (H, W) local SSIM, for ``heat``; without it the heat is of differences alone.
    first : bool
        ``blink`` shows the reference instead of the test.
    palette : Palette, optional
        Colours; the default is safe for the colour-blind.
    enlarge : bool
        Repeat the pixels of a small picture (shorter side below 120) until figures fit.

    Raises
    ------
    SettingsError
        When there is no such layout.
    """
    gain = gain_for(reference_bgr, test_bgr) if layout == "diff" else STEADY_GAIN
    shorter = min(*reference_bgr.shape[:2], *test_bgr.shape[:2])
    if enlarge and shorter < SMALL_PX:
        times = math.ceil(ENLARGED_PX / shorter)
        longest = max(*reference_bgr.shape[:2], *test_bgr.shape[:2])
        times = max(1, min(times, 2048 // longest))  # a line of one pixel stays a line
        reference_bgr, test_bgr = _repeat(reference_bgr, times), _repeat(test_bgr, times)
        mask = None if mask is None else _repeat(mask, times)
        ssim = None if ssim is None else _repeat(ssim, times)
        boxes = [_enlarged(box, times) for box in boxes]
    canvas = Canvas(layout, reference_bgr.shape[:2], test_bgr.shape[:2], palette)
    draw_into(
        canvas,
        reference_bgr,
        test_bgr,
        boxes,
        heads_up=heads_up,
        mask=mask,
        ssim=ssim,
        first=first,
        gain=gain,
    )
    return canvas.picture


def draw_into(
    canvas: Canvas,
    reference_bgr: Picture | None,
    test_bgr: Picture,
    boxes: Sequence[Box],
    *,
    heads_up: HeadsUp | None = None,
    mask: NDArray[np.uint8] | None = None,
    ssim: NDArray[np.floating] | None = None,
    first: bool = False,
    gain: float = STEADY_GAIN,
    strength: float = TINT,
) -> None:
    """Draw as `draw` does, into ``canvas.picture``.

    Parameters
    ----------
    canvas : Canvas
        Made for these sizes (`Canvas.fits`).
    reference_bgr : ndarray or None
        None while there is no reference: its panel is empty.
    test_bgr, boxes, heads_up, mask, ssim, first
        As for `draw`.
    gain : float
        What a difference is multiplied by.
    strength : float
        Of the tint, 0..1.
    """
    last = canvas.panels[-1]
    first = first and reference_bgr is not None
    for panel in canvas.panels:
        view = canvas.view(panel)
        canvas.fill(panel, reference_bgr, test_bgr, ssim=ssim, gain=gain, first=first)
        if mask is not None and panel is last:
            canvas.tint(view, mask, strength)
        with_figures = heads_up if panel is last else None
        plan = with_figures and plan_heads_up(panel.width, panel.height, with_figures, boxes)
        taken = plan.rect if plan else None
        draw_boxes(view, boxes, canvas.palette, keep_clear=taken)
        if panel.content == "split":
            divider(view)
        if with_figures and plan:
            draw_heads_up(view, with_figures, plan, canvas.palette)
        if len(canvas.panels) > 1 or panel.content != "test":
            _say_what(view, panel.content, canvas.palette, taken, first=first, gain=gain)


def _say_what(
    view: Picture, content: Content, palette: Palette, taken: Rect | None, *, first: bool, gain: float
) -> None:
    """Name what is shown, and draw the scale of what is no picture."""
    if content == "heat":
        scale_bar(view, palette.heat, taken)
        return
    left, right = {
        "reference": ("reference", ""),
        "test": ("test", ""),
        "split": ("reference", "test"),
        "blink": ("reference" if first else "test", ""),
        "diff": (f"difference x {gain:g}", ""),
    }[content]
    caption(view, left, right, taken)


def _repeat(picture: NDArray[Sample], times: int) -> NDArray[Sample]:
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def _enlarged(box: Box, times: int) -> Box:
    left, top, right, bottom = (edge * times for edge in box.xyxy)
    return Box(box.id, (left, top, right, bottom), box.area_px, box.min_ssim, box.max_diff, box.zone)
