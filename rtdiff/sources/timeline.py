"""Media time stamps -> integer nanoseconds that never decrease."""

from __future__ import annotations

from fractions import Fraction

NS = 1_000_000_000
STUCK_NS = NS
"""Time stamps this far behind the last frame begin a new count, anything less is a stumble."""


class Timeline:
    """Gives each frame its `time_ns`, in integers throughout.

    A good time stamp is taken as it is, to the nanosecond (rounded down), so a variable rate stays
    exact. A frame without one follows its predecessor by one frame duration. One that repeats or
    goes back a little follows by half a frame duration, so that the next good one still comes
    later and is exact again. One that falls back by a second or more, or leaps ahead by more than
    `leap_ns` (a stream that was joined from pieces, a counter that wrapped), follows by one frame
    duration, and time goes on from there.

    Parameters
    ----------
    time_base : Fraction
        Seconds a unit of the time stamps.
    start : Fraction or None
        Where time 0 lies, seconds; None: at the first frame. A first frame before it is time 0.
    nominal_ns : int
        Frame duration where the frame does not say, nanoseconds.
    leap_ns : int
        The largest gap between frames that is believed, nanoseconds.
    """

    def __init__(self, time_base: Fraction, start: Fraction | None, nominal_ns: int, leap_ns: int) -> None:
        self._num, self._den = time_base.numerator, time_base.denominator
        self._nominal_ns, self._leap_ns = nominal_ns, leap_ns
        self._set_start(start)
        self._shift_ns = 0
        self._last_ns = -1

    def _set_start(self, start: Fraction | None) -> None:
        self._start = start
        zero = start or Fraction(0)
        self._scale = self._num * zero.denominator * NS
        self._zero = zero.numerator * self._den * NS
        self._divisor = self._den * zero.denominator

    @property
    def last_ns(self) -> int:
        """Time of the last frame placed, -1 before the first."""
        return self._last_ns

    def pts_ns(self, pts: int | None) -> int | None:
        """Return the time stamp itself in nanoseconds, neither shifted nor mended."""
        return None if pts is None else pts * self._num * NS // self._den

    def exact(self, pts: int) -> int:
        """Return the time that a time stamp says, nanoseconds from the start, whatever came before it."""
        return (pts * self._scale - self._zero) // self._divisor + self._shift_ns

    def is_good(self, pts: int) -> bool:
        """Return whether a frame of this time stamp, if it were the next, would have it as its time."""
        return 0 < self.exact(pts) - self._last_ns <= self._leap_ns

    def place(self, pts: int | None, duration: int | None) -> int:
        """Return the time of the next frame, nanoseconds from the start; more than the last one.

        Parameters
        ----------
        pts, duration : int or None
            As the decoder says, in units of the time base; a duration of 0 is unknown.
        """
        if self._last_ns < 0:
            self._last_ns = self._first(pts)
            return self._last_ns
        step = duration * self._num * NS // self._den if duration and duration > 0 else self._nominal_ns
        follow = self._last_ns + max(step, 2)
        if pts is None:
            self._last_ns = follow
            return follow
        time_ns = self.exact(pts)
        ahead = time_ns - self._last_ns
        if ahead <= -STUCK_NS or ahead > self._leap_ns:
            self._shift_ns += follow - time_ns
            time_ns = follow
        elif ahead <= 0:
            time_ns = self._last_ns + max(step, 2) // 2
        self._last_ns = time_ns
        return time_ns

    def _first(self, pts: int | None) -> int:
        if pts is None:
            return 0
        if self._start is None or pts * self._scale < self._zero:
            self._set_start(Fraction(pts * self._num, self._den))
        return self.exact(pts)
