"""What packets tell before anything is decoded: bytes of a frame, and where to begin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from av.packet import Packet

from rtdiff.sources.timeline import NS, Timeline

ONE_TO_ONE = frozenset((
    "av1", "cfhd", "dnxhd", "ffv1", "ffvhuff", "h264", "hevc", "huffyuv", "jpeg2000", "mjpeg", "mpeg1video",
    "mpeg2video", "mpeg4", "png", "prores", "rawvideo", "utvideo", "vp9", "vvc", "wrapped_avframe",
))  # fmt: skip
"""Codecs of which every packet becomes one frame. Not VP8, whose hidden frames have packets of their own."""

_MOST = 1024  # packets that wait for their frames; decoders hold back some tens
_HELD_BYTES = 128 << 20  # of packets since the last key frame; 10 s at 100 Mbit/s
_LATE_NS = NS  # how much further is read for frames that are shown before their packets come


class Sizes:
    """Bytes of packets, kept until their frames come."""

    def __init__(self) -> None:
        self._waiting: dict[int | None, list[int]] = {}
        self._last: int | None = None

    def add(self, pts: int | None, size: int) -> None:
        """Note a packet of `size` bytes; one without a time stamp after one with is its second field."""
        waiting = self._waiting
        if pts is None and self._last is not None and (found := waiting.get(self._last)):
            found[-1] += size
            return
        waiting.setdefault(pts, []).append(size)
        self._last = pts
        if len(waiting) > _MOST:
            del waiting[next(iter(waiting))]
        if pts is None and len(waiting[None]) > _MOST:
            del waiting[None][0]

    def take(self, pts: int | None) -> int:
        """Return the bytes of the frame of that time stamp, in order where there is none; 0: unknown."""
        found = self._waiting.get(pts)
        if not found:
            return 0
        size = found.pop(0)
        if not found:
            del self._waiting[pts]
        return size


class Arrival(NamedTuple):
    """Where to begin, as the packets say."""

    packets: list[Packet[Any] | None]
    """From the key frame on; to be decoded first. None where the video ends."""
    lead: list[int]
    """Time stamps of the frames from that key frame on that are not wanted, in order."""
    pts: int | None
    """Time stamp of the first frame wanted, or None: the video ends before it."""
    number: int
    """Its number in the video, or how many frames the video has."""


def skip(packets: Iterator[Packet[Any] | None], timeline: Timeline, start_ns: int) -> Arrival | None:
    """Count frames by their packets up to a time, without decoding them.

    What is held are the packets since the last key frame, so nothing has to be sought: what is decoded is
    what a whole pass would decode, in any container.

    Parameters
    ----------
    packets : iterator of av.Packet
        From the beginning, of a codec of `ONE_TO_ONE`; None at the end.
    timeline : Timeline
        New; left as it is before the first frame wanted.
    start_ns : int
        The time, nanoseconds from the start.

    Returns
    -------
    Arrival or None
        None where packets do not tell: time stamps that are missing or have to be mended, damage, a
        beginning that is no key frame, too many bytes between key frames; and where nothing is to be skipped.
    """
    held: list[Packet[Any] | None] = []
    stamps: list[int] = []
    held_bytes = first = key = 0
    for packet in packets:
        if packet is None:
            held.append(None)
            break
        pts, dts = packet.pts, packet.dts
        if pts is None or packet.is_corrupt:
            return None
        if not stamps:
            if packet.is_discard or not packet.is_keyframe:
                return None
            first = pts
            timeline.place(pts, 0)
        if packet.is_keyframe and timeline.exact(pts) <= start_ns:
            held.clear()
            held_bytes, key = 0, pts
        held.append(packet)
        held_bytes += packet.size
        if pts < first or held_bytes > _HELD_BYTES:
            return None
        if not packet.is_discard:
            stamps.append(pts)
        if dts is not None and timeline.exact(dts) > start_ns + _LATE_NS:
            break
    stamps.sort()
    begin = _count(stamps, timeline, start_ns)
    if begin is None or begin == len(stamps):
        return None if begin is None else Arrival([], [], None, begin)
    return Arrival(held, [pts for pts in stamps[:begin] if pts >= key], stamps[begin], begin)


def _count(stamps: list[int], timeline: Timeline, start_ns: int) -> int | None:
    """Let time pass up to the first frame wanted, and return its number."""
    for index, pts in enumerate(stamps):
        time_ns = timeline.exact(pts)
        if index == 0:
            if time_ns >= start_ns:
                return None
        elif not timeline.is_good(pts):
            return None
        elif time_ns >= start_ns:
            return index
        else:
            timeline.place(pts, 0)
    return len(stamps) or None
