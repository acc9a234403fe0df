"""From the tile summary to boxes, zones and a score: what a person is told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rtdiff.classes import dataclass
from rtdiff.grid import CELL
from rtdiff.records import Box, Correction, Diff, DiffMap, Prepared, Tiles, Whole, ZoneResult
from rtdiff.values import Density

Densest = tuple[int, tuple[int, int]]
"""Different pixels in a square, and its left top corner."""
TRACKED = 64  # boxes that keep their ids; the largest ones, so that a storm of them costs nothing


@dataclass(slots=True)
class Regions:
    """Finds regions in a `DiffMap`; remembers the last boxes, so that a region keeps its id."""

    metrics: tuple[str, ...] = ("ssim",)
    """What was asked for, of ssim, ssim-gaussian, ssim-ffmpeg, psnr and absdiff; the first is the score."""
    merge: int = 8
    """Regions nearer than this are one, pixels."""
    min_area_px: int = 1
    """Smallest region, different pixels."""
    min_area: float = 0.0
    """Smallest region, fraction of all zones."""
    min_side_px: int = 1
    """Smallest width and height of a region, pixels."""
    max_diff_pixels: int = 0
    """Different pixels that are still called the same, all together."""
    max_density: Density | None = None
    """Different pixels in any square of a side that are still called the same."""
    zone_names: tuple[str, ...] = ()
    """Names of the labels 1, 2, ... of the zone map; empty: one zone without a name."""
    forgiven: tuple[str, ...] = ()
    """Reasons that are none: size, light, shift."""
    tracking: bool = False
    """Whether ids last from call to call."""
    _last: list[Box] = field(default_factory=list)
    _next_id: int = 1

    def reset(self) -> None:
        """Forget the boxes seen so far."""
        self._last, self._next_id = [], 1

    def find(self, diffmap: DiffMap, whole: Whole | None = None) -> Diff:
        """Return boxes, zones, score and verdict of one comparison; `whole` is what changed everywhere."""
        labels, found = diffmap.group(self.merge)
        total = int(diffmap.pixels[1:].sum())
        width, height = found.x1 - found.x0, found.y1 - found.y0
        smallest = max(self.min_area_px, math.ceil(self.min_area * total))
        keep = (found.area >= smallest) & (np.minimum(width, height) >= self.min_side_px)
        changed = int(found.area[keep].sum())
        metrics, scores = self._metrics(diffmap)
        whole = whole or Whole()
        boxes = self._boxes(diffmap, labels, found, keep, whole.margin)
        corrections = _corrections(diffmap)
        mask = _once(lambda: _cleared(diffmap, labels, keep))
        densest = _densest(mask(), self.max_density.side) if self.max_density else None
        return Diff(
            score=float(scores[0]),
            mssim=self._mssim(diffmap),
            min_ssim=diffmap.min_ssim,
            min_xy=diffmap.min_xy,
            metrics=metrics,
            boxes=boxes,
            changed_fraction=changed / total if total else 0.0,
            zones=self._zones(diffmap, labels, keep, boxes, scores),
            corrections=corrections,
            reasons=self._reasons(boxes, changed, corrections, whole, densest),
            identical=diffmap.identical and not {"crop", "light", "shift"} & {c.kind for c in corrections},
            engine=diffmap.engine,
            noise_levels=diffmap.noise.luma,
            noise_frames=diffmap.noise.frames,
            reference=diffmap.reference.frame,
            test=diffmap.test.frame,
            _mask=mask,
            _map=_once(diffmap.map),
            planes=_planes(diffmap),
            whole=whole,
            densest=densest,
        )

    def _reasons(
        self,
        boxes: Sequence[Box],
        changed: int,
        corrections: Sequence[Correction],
        whole: Whole,
        densest: Densest | None,
    ) -> tuple[str, ...]:
        many = changed > self.max_diff_pixels
        if self.max_density is not None and densest is not None:
            dense = densest[0] > self.max_density.pixels
            many = dense or (many and self.max_diff_pixels > 0)
        found = {
            "boxes": bool(boxes) and many,
            "size": any(c.kind == "pad" for c in corrections),
            "light": whole.light is not None,
            "shift": whole.shift is not None,
        }
        return tuple(reason for reason, there in found.items() if there and reason not in self.forgiven)

    def _metrics(self, diffmap: DiffMap) -> tuple[dict[str, float], NDArray[np.float64]]:
        """Return what was computed over all zones, and the score of every label (0: of all)."""
        means = {} if math.isnan(diffmap.mssim) else {"ssim": (diffmap.mssim, diffmap.ssim)}
        means |= {name: (measured.mean, measured.by_label) for name, measured in diffmap.measured.items()}
        metrics = {name: mean for name, (mean, _) in means.items()}
        scores = {n: np.maximum([mean, *by_label[1:]], 0) for n, (mean, by_label) in means.items()}
        if diffmap.differences is not None:
            sums = np.concatenate([[diffmap.differences[1:].sum(0)], diffmap.differences[1:]])
            count = np.maximum(np.concatenate([[diffmap.pixels[1:].sum()], diffmap.pixels[1:]]), 1)
            peak = diffmap.test.frame.data_range
            mean = sums / count[:, None]
            metrics["psnr_db"] = psnr_db(int(sums[0, 1]), int(count[0]), peak)
            metrics["absdiff"] = 1 - float(mean[0, 0]) / peak
            scores["psnr"] = 1 - np.sqrt(mean[:, 1]) / peak
            scores["absdiff"] = 1 - mean[:, 0] / peak
        # what was asked for comes first
        keys = [{"psnr": "psnr_db"}.get(name, name) for name in self.metrics]
        return {key: metrics[key] for key in dict.fromkeys([*keys, *metrics])}, scores[self.metrics[0]]

    def _mssim(self, diffmap: DiffMap) -> float:
        """Return the mean of the first SSIM named; of `ssim` where none is."""
        named = next((name for name in self.metrics if name.startswith("ssim")), "ssim")
        return diffmap.measured[named].mean if named in diffmap.measured else diffmap.mssim

    def _boxes(
        self,
        diffmap: DiffMap,
        labels: NDArray[np.int32],
        found: Tiles,
        keep: NDArray[np.bool_],
        margin: int,
    ) -> tuple[Box, ...]:
        """Return the boxes that are large enough, largest first, with their ids."""
        at = np.flatnonzero(keep)
        at = at[np.argsort(-found.area[at], kind="stable")]
        levels = 255 / diffmap.test.frame.data_range
        zones = self._box_zones(diffmap, labels, at)
        width, height = diffmap.test.frame.size_wh
        low = [np.maximum(edge[at] - margin, 0).tolist() for edge in (found.x0, found.y0)]
        high = [
            np.minimum(edge[at] + margin, end).tolist()
            for edge, end in ((found.x1, width), (found.y1, height))
        ]
        boxes = [
            Box(
                id=number,
                xyxy=xyxy,
                area_px=int(found.area[k]),
                min_ssim=float(found.min_ssim[k]),
                max_diff=float(found.max_diff[k]) * levels,
                zone=zone,
            )
            for number, (k, xyxy, zone) in enumerate(
                zip(at, zip(*low, *high, strict=True), zones, strict=True), 1
            )
        ]
        return self._tracked(boxes) if self.tracking else tuple(boxes)

    def _box_zones(self, diffmap: DiffMap, labels: NDArray[np.int32], at: NDArray[np.intp]) -> list[str]:
        """Return the name of the zone that holds most of each component."""
        if not self.zone_names:
            return [""] * len(at)
        shares = _shares(diffmap, labels, len(self.zone_names))
        return [self.zone_names[int(shares[k, 1:].argmax())] for k in at]

    def _zones(
        self,
        diffmap: DiffMap,
        labels: NDArray[np.int32],
        keep: NDArray[np.bool_],
        boxes: Sequence[Box],
        scores: NDArray[np.float64],
    ) -> dict[str, ZoneResult]:
        if not self.zone_names:
            return {}
        changed = _shares(diffmap, labels, len(self.zone_names))[keep].sum(axis=0)
        pixels = np.zeros(len(self.zone_names) + 1, np.int64)
        pixels[: len(diffmap.pixels)] = diffmap.pixels
        return {
            name: ZoneResult(
                score=float(scores[label]) if label < len(scores) and pixels[label] else 1.0,
                changed_fraction=float(changed[label]) / pixels[label] if pixels[label] else 0.0,
                boxes=sum(box.zone == name for box in boxes),
                pixels=int(pixels[label]),
            )
            for label, name in enumerate(self.zone_names, 1)
        }

    def _tracked(self, boxes: list[Box]) -> tuple[Box, ...]:
        """Give boxes the id of the last frame's box that they overlap most."""
        free = {box.id: box for box in self._last[:TRACKED]}
        out: list[Box] = []
        for place, box in enumerate(boxes):
            known = free.values() if place < TRACKED else ()
            best = max(known, key=lambda old: _overlap(box.xyxy, old.xyxy), default=None)
            if best is not None and _overlap(box.xyxy, best.xyxy) > 0:
                del free[best.id]
                out.append(replace(box, id=best.id))
            else:
                out.append(replace(box, id=self._next_id))
                self._next_id += 1
        self._last = out
        return tuple(out)


def _planes(diffmap: DiffMap) -> dict[str, Mapping[str, float]]:
    """Return the metrics that have a value for every plane; PSNR's ``all`` is of all samples together."""
    out = {name: m.planes for name, m in diffmap.measured.items() if m.planes}
    if diffmap.squares:
        peak = diffmap.test.frame.data_range
        total = tuple(map(sum, zip(*diffmap.squares, strict=True)))
        parts = dict(zip("yuv", diffmap.squares, strict=False)) | {"all": total}
        out["psnr_db"] = {name: psnr_db(square, count, peak) for name, (square, count) in parts.items()}
    return out


def psnr_db(square: int, count: int, peak: int) -> float:
    """Return the PSNR of a sum of squares over so many samples; infinite where they are equal."""
    return 10 * math.log10(peak * peak * count / square) if square else math.inf


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Return the intersection of two boxes over their union."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def _shares(diffmap: DiffMap, labels: NDArray[np.int32], zones: int) -> NDArray[np.int64]:
    """Return (components, zones + 1): different pixels of every component in every zone."""
    tiles, at = diffmap.tiles, np.flatnonzero(labels >= 0)
    assert diffmap.tile_labels is not None  # there are named zones
    assert diffmap.labels is not None
    out = np.zeros((int(labels.max(initial=-1)) + 1, zones + 1), np.int64)
    zone = diffmap.tile_labels[at]
    whole = zone >= 0
    np.add.at(out, (labels[at[whole]], zone[whole]), tiles.area[at[whole]])
    for k in at[~whole]:  # only tiles on a zone's edge
        y, x = int(k) // tiles.shape[1] * CELL, int(k) % tiles.shape[1] * CELL
        cell = slice(y, y + CELL), slice(x, x + CELL)
        out[labels[k]] += np.bincount(diffmap.labels[cell][diffmap.mask[cell] != 0], minlength=zones + 1)
    return out


def _densest(mask: NDArray[np.uint8], side: int) -> Densest:
    """Return the most different pixels in any square, and the left and top of the first that has them."""
    height, width = mask.shape
    down, across = min(side, height), min(side, width)
    best, at = -1, (0, 0)
    column = np.zeros(width + 1, np.int64)  # of the rows in the square, after a 0
    for y in range(height):
        column[1:] += mask[y] != 0
        if y >= down:
            column[1:] -= mask[y - down] != 0
        if y >= down - 1:
            running = column.cumsum()
            inside = running[across:] - running[:-across]
            x = int(inside.argmax())
            if inside[x] > best:
                best, at = int(inside[x]), (x, y - down + 1)
    return best, at


def _corrections(diffmap: DiffMap) -> tuple[Correction, ...]:
    """Return what was changed on either side, and a smaller SSIM window."""
    sides: tuple[tuple[Literal["reference", "test"], Prepared], ...] = (
        ("reference", diffmap.reference),
        ("test", diffmap.test),
    )
    out = [
        replace(c, side=side) if c.side == "both" else c
        for side, prepared in sides
        for c in prepared.frame.corrections
    ]
    windows = [("ssim", diffmap.window, 7)]
    windows += [
        (f"{name} in every plane" if m.planes else name, m.window, m.full_window)
        for name, m in diffmap.measured.items()
    ]
    for what, side, full in windows:
        if side != full:
            width, height = diffmap.test.frame.size_wh
            detail = f"a picture of {width}x{height} holds no window of {full}x{full} for {what}"
            out.append(Correction("window", "both", full, side, detail))
    return tuple(out)


def _cleared(diffmap: DiffMap, labels: NDArray[np.int32], keep: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the mask without the regions that were too small."""
    for k in np.flatnonzero((labels >= 0) & ~np.append(keep, True)[labels]):
        y, x = int(k) // diffmap.tiles.shape[1] * CELL, int(k) % diffmap.tiles.shape[1] * CELL
        diffmap.mask[y : y + CELL, x : x + CELL] = 0
    return diffmap.mask


def _once(make: Callable[[], NDArray[Any]]) -> Callable[[], NDArray[Any]]:
    made: list[NDArray[Any]] = []

    def get() -> NDArray[Any]:
        if not made:
            made.append(make())
        return made[0]

    return get
