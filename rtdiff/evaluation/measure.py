"""One method on one scene: every picture found in, judged, counted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction

from rtdiff.evaluation.cases import MaskScene, Pair
from rtdiff.evaluation.footage import Footage, read_levels
from rtdiff.evaluation.methods import Method
from rtdiff.evaluation.scores import judge_boxes, judge_mask, truth_of
from rtdiff.reports.eval_result import Tally


def measure_pair(method: Method, pair: Pair, iou: float) -> Tally:
    """Return what a method came to on two stills."""
    found = method.still(pair.reference, pair.test)
    judged = judge_boxes(pair.boxes, found, iou)
    return Tally(1, judged.counts)


def measure_frames(
    method: Method,
    scene: MaskScene,
    iou: float,
    fps: Fraction,
    stop: threading.Event,
    step: Callable[[], None],
) -> Tally:
    """Return what a method came to on a sequence, as far as it came before `stop` was set."""
    footage = Footage(scene, fps)
    total = Tally()
    region = None if scene.region is None else read_levels(scene.region)
    with method.sequence(footage.reference(), footage.before) as find:
        for number, frame in footage.evaluated():
            if stop.is_set():
                break
            found = find(frame)
            if number in scene.truth:
                truth = truth_of(read_levels(scene.truth[number], frame.size_wh), region)
                total += Tally(1, judge_mask(truth, found, iou).counts)
            step()
    return total
