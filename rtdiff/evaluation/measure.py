"""One method on one scene: every picture found in, judged, counted; the worst ones drawn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from rtdiff.errors import SourceError, redact
from rtdiff.evaluation.cases import CHANGED, STATIC, UNKNOWN, Found, Mask, MaskScene, Pair, Truth
from rtdiff.evaluation.footage import Footage, read_levels
from rtdiff.evaluation.matching import XYXY, TrueBox
from rtdiff.evaluation.methods import Method
from rtdiff.evaluation.mistakes import APART, Worst
from rtdiff.evaluation.scores import Judged, judge_boxes, judge_mask, truth_of
from rtdiff.records import Frame, Picture
from rtdiff.reports.eval_pictures import mark_boxes, mark_mask
from rtdiff.reports.eval_result import Counts, Mistake, Tally
from rtdiff.sources.picture import read_picture


def measure_pair(method: Method, scene: str, pair: Pair, iou: float, worst: Worst) -> Tally:
    """Return what a method came to on two stills of a scene."""
    found = method.still(pair.reference, pair.test)
    truth = None if pair.truth is None else pair.truth()
    judged = judge_boxes(pair.boxes, found, iou, truth)

    def mistake() -> Mistake:
        reference, test = (read_picture(path).picture() for path in (pair.reference, pair.test))
        marked = _marked(test, pair.boxes, found, judged)
        return Mistake(scene, pair.name, "boxes", judged.counts["boxes"], reference, marked)

    worst.offer("boxes", judged.counts["boxes"], (scene, pair.name), mistake)
    return Tally(1, judged.counts)


def _marked(test: Picture, true: Sequence[TrueBox], found: Found, judged: Judged) -> Picture:
    matched = judged.boxes
    boxes: list[list[XYXY]] = [
        [found.boxes[n] for _, n in matched.right],
        [true[n].xyxy for n in matched.missed],
        [found.boxes[n] for n in matched.false],
    ]
    return mark_boxes(test, *boxes)


def measure_frames(
    method: Method,
    scene: MaskScene,
    iou: float,
    fps: Fraction,
    worst: Worst,
    stop: threading.Event,
    step: Callable[[], None],
) -> Tally:
    """Return what a method came to on a sequence, as far as it came before `stop` was set."""
    footage = Footage(scene, fps)
    total = Tally()
    region = None if scene.region is None else read_levels(scene.region)
    reference = footage.reference()
    with method.sequence(reference, footage.before) as find:
        for number, frame in footage.evaluated():
            if stop.is_set():
                break
            found = find(frame)
            if number in scene.truth:
                truth = truth_of(_levels(scene.truth[number], frame, region), region)
                counts = judge_mask(truth, found, iou).counts
                total += Tally(1, counts)
                make = partial(_mistake, scene.name, number, counts["pixels"], reference, frame, truth, found)
                worst.offer("pixels", counts["pixels"], (scene.name, str(number // APART)), make)
                step()
    return total


def _levels(path: Path, frame: Frame, region: Mask | None) -> Mask:
    levels = read_levels(path, frame.size_wh)
    if region is not None and region.shape != levels.shape:
        sizes = "{1}x{0}, the frames {3}x{2}".format(*region.shape, *levels.shape)
        raise SourceError(f"{redact(path.parent.parent)}: the ROI is {sizes}; it has the size of the frames")
    return levels


def _mistake(
    scene: str, number: int, counts: Counts, reference: Frame, frame: Frame, truth: Truth, found: Found
) -> Mistake:
    mask = np.asarray(found.mask) > 0
    changed = truth == CHANGED
    marked = mark_mask(
        frame.picture(), mask & changed, changed & ~mask, mask & (truth == STATIC), truth == UNKNOWN
    )
    return Mistake(scene, f"frame {number}", "pixels", counts, reference.picture(), marked)
