"""Pure drawing: pictures, boxes and figures in, one picture out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from rtdiff.records import Box, Picture
from rtdiff.views.boxes import draw_boxes
from rtdiff.views.heads_up import HeadsUp, draw_heads_up, plan_heads_up
from rtdiff.views.layouts import Panel, SizeHW, arrange
from rtdiff.views.palette import Palette
from rtdiff.views.text import plate, plate_wh, text_size_for

TINT = 0.22  # the picture shows through
SMALL_PX, ENLARGED_PX = (
    120,
    240,
)  # no figure fits into less than the first; a still is then enlarged to the second


class Canvas:
    """A picture to draw into, again and again, and the room that drawing needs; nothing is allocated after.

    Attributes
    ----------
    picture : ndarray
        (H, W, 3) uint8, BGR; what was drawn last.
    """

    def __init__(
        self, layout: str, reference_hw: SizeHW, test_hw: SizeHW, palette: Palette | None = None
    ) -> None:
        self.palette = palette or Palette()
        self.key = (layout, tuple(reference_hw), tuple(test_hw))
        shape, self.panels = arrange(layout, reference_hw, test_hw)
        self.picture: Picture = np.full((*shape, 3), self.palette.ground, np.uint8)
        panel = self.panels[0]
        self._tint: Picture = np.full((panel.height, panel.width, 3), self.palette.tint, np.uint8)
        self._mixed: Picture = np.empty_like(self._tint)

    def fits(self, layout: str, reference_hw: SizeHW, test_hw: SizeHW) -> bool:
        """Whether pictures of these sizes can be drawn into it."""
        return self.key == (layout, tuple(reference_hw), tuple(test_hw))

    def tint(self, view: Picture, mask: NDArray[np.uint8], strength: float) -> None:
        """Colour `view` where `mask` is set, only within the rectangle that holds the mask."""
        left, top, width, height = cv2.boundingRect(mask)
        if width == 0:
            return
        here = np.s_[top : top + height, left : left + width]
        mixed = self._mixed[here]
        cv2.addWeighted(view[here], 1 - strength, self._tint[here], strength, 0, dst=mixed)
        cv2.copyTo(mixed, mask[here], view[here])


def draw(
    reference_bgr: Picture,
    test_bgr: Picture,
    boxes: Sequence[Box],
    *,
    heads_up: HeadsUp | None = None,
    layout: str = "overlay",
    mask: NDArray[np.uint8] | None = None,
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
        (H, W) uint8, not 0 where different: tinted.
    palette : Palette, optional
        Colours; the default is safe for the colour-blind.
    enlarge : bool
        Repeat the pixels of a small picture (shorter side below 120) until figures fit.

    Raises
    ------
    SettingsError
        When there is no such layout.
    """
    shorter = min(*reference_bgr.shape[:2], *test_bgr.shape[:2])
    if enlarge and shorter < SMALL_PX:
        times = math.ceil(ENLARGED_PX / shorter)
        longest = max(*reference_bgr.shape[:2], *test_bgr.shape[:2])
        times = max(1, min(times, 2048 // longest))  # a line of one pixel stays a line
        reference_bgr, test_bgr = _repeat(reference_bgr, times), _repeat(test_bgr, times)
        mask = None if mask is None else _repeat(mask, times)
        boxes = [_enlarged(box, times) for box in boxes]
    canvas = Canvas(layout, reference_bgr.shape[:2], test_bgr.shape[:2], palette)
    draw_into(canvas, reference_bgr, test_bgr, boxes, heads_up=heads_up, mask=mask)
    return canvas.picture


def draw_into(
    canvas: Canvas,
    reference_bgr: Picture | None,
    test_bgr: Picture,
    boxes: Sequence[Box],
    *,
    heads_up: HeadsUp | None = None,
    mask: NDArray[np.uint8] | None = None,
    strength: float = TINT,
) -> None:
    """Draw as `draw` does, into ``canvas.picture``.

    Parameters
    ----------
    canvas : Canvas
        Made for these sizes (`Canvas.fits`).
    reference_bgr : ndarray or None
        None while there is no reference: its panel is empty.
    test_bgr, boxes, heads_up, mask
        As for `draw`.
    strength : float
        Of the tint, 0..1.
    """
    last = canvas.panels[-1]
    for panel in canvas.panels:
        view = _view(canvas.picture, panel)
        _place(view, reference_bgr if panel.name == "reference" else test_bgr, canvas.palette)
        if mask is not None and panel is last:
            canvas.tint(view, mask, strength)
        with_figures = heads_up if panel is last else None
        plan = with_figures and plan_heads_up(panel.width, panel.height, with_figures, boxes)
        taken = plan.rect if plan else None
        draw_boxes(view, boxes, canvas.palette, keep_clear=taken)
        if with_figures and plan:
            draw_heads_up(view, with_figures, plan, canvas.palette)
        if len(canvas.panels) > 1:
            _caption(view, panel.name, taken)


def _view(picture: Picture, panel: Panel) -> Picture:
    return picture[panel.top : panel.top + panel.height, panel.left : panel.left + panel.width]


def _place(view: Picture, picture: Picture | None, palette: Palette) -> None:
    height, width = (0, 0) if picture is None else picture.shape[:2]
    if picture is not None:
        view[:height, :width] = picture
    view[height:] = palette.ground
    view[:height, width:] = palette.ground


def _caption(view: Picture, name: str, taken: tuple[int, int, int, int] | None) -> None:
    """Name the panel at its lower left, or lower right where the figures are."""
    size = text_size_for(view.shape[1], view.shape[0])
    width, height = plate_wh(name, size)
    if width > view.shape[1] or 3 * height > view.shape[0]:
        return
    left, top = 0, view.shape[0] - height
    if taken is not None and taken[0] < width and taken[3] > top:
        left = view.shape[1] - width
    plate(view, name, (left, top), size)


def _repeat(picture: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    return picture.repeat(times, axis=0).repeat(times, axis=1)


def _enlarged(box: Box, times: int) -> Box:
    left, top, right, bottom = (edge * times for edge in box.xyxy)
    return Box(box.id, (left, top, right, bottom), box.area_px, box.min_ssim, box.max_diff, box.zone)
