"""What people use today, as they use it: measured on the same pictures, against the same truth.

All get their boxes in the same way, of several usual ones that which serves them best: contours of the
mask, opened and dilated, from some area on. For stills that was tried on circuit boards, for sequences on a
road: other sizes took up to half of their F1 per box. What is counted per pixel is the mask before that.
"""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rtdiff.errors import MissingExtra
from rtdiff.evaluation.cases import Found, Mask
from rtdiff.evaluation.matching import XYXY
from rtdiff.evaluation.methods import Method, Step
from rtdiff.records import Frame, Picture
from rtdiff.sources.picture import read_picture

LEVELS = 30  # gray levels; the fixed threshold of most examples


class Contours(NamedTuple):
    """How boxes are made of a mask."""

    opened: int
    """Side of the square that it is opened with, pixels."""
    dilated: int
    """Side of the square that it is dilated with then, pixels."""
    least: int
    """Smallest area of a contour, square pixels."""

    def __str__(self) -> str:
        return f"opened {self.opened}, dilated {self.dilated}, contours from {self.least} px"


STILLS, FRAMES = Contours(3, 15, 30), Contours(3, 5, 100)
BOXES = f"boxes: {STILLS} (frames: {FRAMES})"
MEDIAN = 5  # pixels; benchmarks of background subtraction filter the mask with it
SHOWN = 30  # times that a subtractor sees a single reference: CNT wants 15, GSOC 20
FOREGROUND = 255  # a subtractor's shadow, 127, counts as static


class Rival(Method):
    """A method that makes a mask."""

    def __init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Raise `MissingExtra` when its package is not here."""


class PairRival(Rival):
    """One that holds a picture against a reference and remembers nothing."""

    stills = STILLS
    """How boxes are made of the mask of two stills."""

    def still(self, reference: Path, test: Path) -> Found:
        """Return what differs between two stills; the test is scaled to the reference."""
        pictures = _read(reference), _read(test)
        return _found(self.mask(*_one_size(*pictures)), self.stills)

    @contextlib.contextmanager
    def sequence(self, reference: Frame, before: Callable[[], Iterable[Frame]]) -> Iterator[Step]:  # noqa: ARG002
        """Yield what holds every frame against the pinned reference."""
        pinned = reference.picture()
        yield lambda frame: _found(self.mask(*_one_size(pinned, frame.picture())), FRAMES)

    @abstractmethod
    def mask(self, reference: Picture, test: Picture) -> Mask:
        """Return where two pictures of one size differ."""


class AbsDiff(PairRival):
    """The first thing that everybody writes."""

    name = "absdiff"
    what = f"cv2.absdiff of gray above {LEVELS}; {BOXES}"

    def mask(self, reference: Picture, test: Picture) -> Mask:
        """Return where gray differs by more than a fixed number of levels."""
        import cv2

        gap = cv2.absdiff(_gray(reference), _gray(test))
        made: Mask = cv2.threshold(gap, LEVELS, 255, cv2.THRESH_BINARY)[1]
        return made


class SsimOtsu(PairRival):
    """The recipe of most tutorials on comparing two images."""

    name = "ssim-otsu"
    what = f"scikit-image structural_similarity of gray, Otsu's threshold of its map; boxes: {FRAMES}"
    stills = FRAMES  # its map is wide already: 0.19 per box on circuit boards, not 0.14

    def check(self) -> None:
        """Raise `MissingExtra` when scikit-image is not here."""
        try:
            import skimage.metrics  # noqa: F401 - to see whether it is there
        except ImportError as error:
            raise MissingExtra(
                "ssim-otsu: scikit-image is not installed; pip install scikit-image, or leave it out"
            ) from error

    def mask(self, reference: Picture, test: Picture) -> Mask:
        """Return where the SSIM map is below what Otsu's method takes."""
        import cv2
        from skimage import metrics

        untyped: Any = metrics
        _, ssim = untyped.structural_similarity(_gray(reference), _gray(test), full=True)
        levels = np.clip(ssim * 255, 0, 255).astype(np.uint8)
        made: Mask = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]
        return made


class Subtractor(Rival):
    """A background subtractor of OpenCV at its defaults, which learns as it goes on.

    Parameters
    ----------
    name : str
        What the command line calls it.
    maker : str
        The function of OpenCV that makes one.
    """

    def __init__(self, name: str, maker: str) -> None:
        self.name, self._maker = name, maker
        self.what = (
            f"cv2.{maker} at its defaults, shadows static, median {MEDIAN}x{MEDIAN}; "
            "learns the frames before the evaluated ones, of stills the reference, "
            f"shown {SHOWN} times; {BOXES}"
        )
        super().__init__()

    def check(self) -> None:
        """Raise `MissingExtra` when OpenCV comes without it."""
        if self._find() is None:
            raise MissingExtra(
                f"{self.name}: this OpenCV has no {self._maker}; "
                "pip install opencv-contrib-python and remove other OpenCV packages"
            )

    def still(self, reference: Path, test: Path) -> Found:
        """Return what is in front of a reference that was learned."""
        learned, shown = _one_size(_read(reference), _read(test))
        apply = self._new()
        for _ in range(SHOWN):
            apply(learned)
        return _found(_filtered(apply(shown)), STILLS)

    @contextlib.contextmanager
    def sequence(self, reference: Frame, before: Callable[[], Iterable[Frame]]) -> Iterator[Step]:  # noqa: ARG002
        """Yield what goes on learning after the frames before."""
        apply = self._new()
        for frame in before():
            apply(frame.picture())
        yield lambda frame: _found(_filtered(apply(frame.picture())), FRAMES)

    def _find(self) -> Any:
        import cv2

        place: Any = cv2
        for part in self._maker.split("."):
            place = getattr(place, part, None)
        return place

    def _new(self) -> Callable[[Picture], Mask]:
        import cv2

        cv2.setRNGSeed(0)  # some draw lots; GSOC does so in threads of its own, its third digit varies
        apply: Callable[[Picture], Mask] = self._find()().apply
        return apply


MAKERS: dict[str, Callable[[], Rival]] = {
    "absdiff": AbsDiff,
    "ssim-otsu": SsimOtsu,
    "mog2": lambda: Subtractor("mog2", "createBackgroundSubtractorMOG2"),
    "knn": lambda: Subtractor("knn", "createBackgroundSubtractorKNN"),
    "cnt": lambda: Subtractor("cnt", "bgsegm.createBackgroundSubtractorCNT"),
    "gsoc": lambda: Subtractor("gsoc", "bgsegm.createBackgroundSubtractorGSOC"),
}
ALL = "all"


def rivals(names: Sequence[str]) -> tuple[list[Rival], list[str]]:
    """Return the rivals that were named, and why some of ``all`` are not among them.

    Raises
    ------
    MissingExtra
        One that was named itself cannot run here.
    """
    wanted = list(MAKERS) if ALL in names else [name for name in MAKERS if name in names]
    made: list[Rival] = []
    notes: list[str] = []
    for name in wanted:
        try:
            made.append(MAKERS[name]())
        except MissingExtra as error:
            if name in names:
                raise
            notes.append(f"passed over {error}")
    return made, notes


def contours(mask: Mask, rule: Contours) -> list[XYXY]:
    """Return boxes around what is left of a mask."""
    import cv2

    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((rule.opened, rule.opened), np.uint8))
    wide = cv2.dilate(opened, np.ones((rule.dilated, rule.dilated), np.uint8))
    found, _ = cv2.findContours(wide, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = (cv2.boundingRect(contour) for contour in found if cv2.contourArea(contour) >= rule.least)
    return [(int(x), int(y), int(x + width), int(y + height)) for x, y, width, height in boxes]


def _found(mask: Mask, rule: Contours) -> Found:
    return Found(mask, contours(mask, rule))


def _filtered(mask: Mask) -> Mask:
    import cv2

    made: Mask = cv2.medianBlur((mask == FOREGROUND).astype(np.uint8) * np.uint8(255), MEDIAN)
    return made


def _read(path: Path) -> Picture:
    return np.ascontiguousarray(read_picture(path).picture())


def _one_size(reference: Picture, test: Picture) -> tuple[Picture, Picture]:
    if reference.shape == test.shape:
        return reference, test
    import cv2

    height, width = reference.shape[:2]
    return reference, cv2.resize(test, (width, height), interpolation=cv2.INTER_CUBIC)


def _gray(picture: Picture) -> Mask:
    import cv2

    made: Mask = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return made
