"""What a tick looks like: for video, the window and the browser, always in the same buffer."""

from __future__ import annotations

from collections.abc import Callable

from rtdiff.records import Diff, Picture, Tick
from rtdiff.views.canvas import Canvas
from rtdiff.views.heads_up import heads_up_of
from rtdiff.views.layouts import arrange
from rtdiff.views.overlay import draw_into
from rtdiff.views.palette import Palette

BLINK_NS = 500_000_000  # how long ``blink`` shows each of the two


class Painter:
    """Called with a tick and its diff, it returns the annotated picture.

    The picture is valid until the next call: its buffer is used again as long as the sizes stay. ``blink``
    follows the time of the frames.

    Parameters
    ----------
    layout : str
        See `rtdiff.views.layouts.arrange`.
    palette : Palette, optional
        Colours.
    alarm : callable, optional
        Asked at every picture: text on the alarm's plate, empty for none.

    Raises
    ------
    SettingsError
        When there is no such layout.
    """

    def __init__(
        self,
        layout: str = "overlay",
        palette: Palette | None = None,
        alarm: Callable[[], str] = str,
    ) -> None:
        arrange(layout, (1, 1), (1, 1))
        self._layout, self._palette, self._alarm = layout, palette, alarm
        self._canvas: Canvas | None = None

    def __call__(self, tick: Tick, diff: Diff | None) -> Picture:
        """Return the picture, (H, W, 3) uint8 BGR.

        Parameters
        ----------
        tick : Tick
            Must have a frame.
        diff : Diff or None
            None while the reference is being learned: the frame is shown, and that it is learning.
        """
        frame = diff.test if diff is not None else tick.frame
        if frame is None:
            raise ValueError("a tick without a frame has no picture")
        test = frame.picture()
        reference = diff.reference.picture() if diff is not None else None
        sizes = (test if reference is None else reference).shape[:2], test.shape[:2]
        if self._canvas is None or not self._canvas.fits(self._layout, *sizes):
            self._canvas = Canvas(self._layout, *sizes, self._palette)
        draw_into(
            self._canvas,
            reference,
            test,
            diff.boxes if diff is not None else (),
            heads_up=heads_up_of(diff, tick, alarm=self._alarm(), corner="top-left"),
            mask=diff.mask if diff is not None and diff.boxes else None,
            ssim=diff.map if diff is not None and self._layout == "heat" else None,
            first=frame.time_ns // BLINK_NS % 2 == 0,
        )
        return self._canvas.picture
