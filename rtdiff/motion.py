"""How a camera has moved against its pinned reference: shift, rotation and zoom, to a part of a pixel.

Some hundred textured patches of the reference are looked for in the test picture: first where they
were last (a camera that stands still is told from that alone), and when they do not fit there, in
a small copy of the picture, from coarse to fine. What most of them agree on is the camera's movement;
patches behind a moving object disagree and are not heard.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rtdiff import similarity
from rtdiff.classes import dataclass
from rtdiff.grid import CELL
from rtdiff.patchwork import ALIKE, Patchwork
from rtdiff.records import Plane
from rtdiff.texture import SIDE

PARTS = 16  # parts along each side of the picture that have a patch
COARSE = 320  # longest side of the small copy, pixels
COARSE_PARTS = 10
REACH = 8  # farthest that is searched in the small copy, pixels: what the loop has room for
FAR = 8.0  # largest shift, pixels of the full picture
TURN = 0.0225  # largest rotation (radians) and zoom together: 1 degree and 1 %, and some room
FEWEST = 8  # patches that must agree
SEEN = 0.12  # and share of all patches: half of a picture may be covered, and most of its texture
AGREE = 0.5  # share of the patches that look alike that must agree
SPREAD = 0.24, 0.35  # least spread of them along the two sides; over a whole side it would be 0.58
NEAR = 0.5  # farthest from what the others say that a patch agrees, pixels
LEAP = 1.5  # farthest that one step is believed, pixels
ENOUGH = 0.1  # a step that moves no corner more ends the steps: what it leaves is a tenth of it, pixels
STEPS = 5  # at most
LEAST = 0.1  # movement of the middle patch that begins to count, pixels
MATTERS = 2.5  # and in standard deviations of what one patch says: less is lost in the noise
STILL = 0.6  # share of both below which it no longer counts
FLOOR = 0.03  # pixels: what a patch says is never better
CLEARLY = 3.0  # standard deviations between standing still and the movement that a patch must tell apart
STANDS = 0.25  # share of those that say it stands still with which it does
STEADY = 0.05  # corners that move less between two frames have not moved, pixels


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where the test picture shows what the reference shows."""

    matrix: NDArray[np.float64]
    """(2, 3): reference pixel (x, y, 1) -> test pixel (x, y)."""
    size_wh: tuple[int, int]
    """Width and height of the pictures, pixels."""

    @property
    def turned(self) -> bool:
        """Whether there is rotation or zoom beside the shift."""
        return bool(self.matrix[0, 0] != 1 or self.matrix[1, 0] != 0)

    @property
    def shift(self) -> tuple[float, float]:
        """How far the picture's middle has moved to the right and down, pixels."""
        middle = np.array([(self.size_wh[0] - 1) / 2, (self.size_wh[1] - 1) / 2, 1])
        dx, dy = self.matrix @ middle - middle[:2]
        return float(dx), float(dy)

    @property
    def rotation(self) -> float:
        """Clockwise on the screen, degrees."""
        return math.degrees(math.atan2(self.matrix[1, 0], self.matrix[0, 0]))

    @property
    def zoom(self) -> float:
        """Size of things in the test over their size in the reference."""
        return math.hypot(self.matrix[0, 0], self.matrix[1, 0])


class MotionEstimator:
    """Looks for the patches of one reference in frame after frame; for one thread.

    An answer depends on the one before in two ways, both for steadiness: a movement is told from
    `LEAST` pixels (or `MATTERS` times what noise does) on and until it is below `STILL` of that,
    and one that differs from the last by less than `STEADY` is the last.

    Parameters
    ----------
    reference : Plane
        Luma, (H, W) uint8 or uint16.
    data_range : int
        Largest code value: 255, 1023, 65535.
    compiled : bool
        With loops compiled by Numba, where it is installed; without, by NumPy and OpenCV.

    Attributes
    ----------
    able : bool
        Whether the reference has enough texture, spread out, to tell a movement from.
    """

    def __init__(self, reference: Plane, data_range: int, *, compiled: bool = True) -> None:
        height, width = reference.shape
        self._shape = height, width
        self._half = math.hypot(width, height) / 2
        self._middle = complex((width - 1) / 2, (height - 1) / 2)
        self._fine = Patchwork(reference, data_range, PARTS, compiled=compiled)
        self._points = self._middles(self._fine, 1)
        self.able = self._spread(self._points)
        self._cells = self._fine.corners // CELL
        self._copies: list[NDArray[Any]] = []
        self._mid: tuple[Patchwork, int, NDArray[np.complex128]] | None = None
        self._small: tuple[Patchwork, int, NDArray[np.complex128]] | None = None
        scale, small = 1, reference
        while self.able and (scale == 1 or max(small.shape) > COARSE):
            small = self._halved(small, len(self._copies))
            scale *= 2
        if self.able and min(small.shape) >= 2 * SIDE:
            patches = Patchwork(small, data_range, COARSE_PARTS, compiled=compiled)
            self._small = patches, scale, self._middles(patches, scale)
            self._reach = min(REACH, math.ceil((FAR + TURN * self._half) / scale) + 1)
            height, width = (side + 2 * self._reach for side in small.shape)
            self._wide = np.empty((height, width), small.dtype)
        if scale >= 4:
            step = max(scale // 4, 2)
            copy = self._copies[step.bit_length() - 2]
            patches = Patchwork(copy, data_range, COARSE_PARTS, compiled=compiled)
            self._mid = patches, step, self._middles(patches, step)
        self._last: tuple[complex, complex] = 0j, 0j

    def estimate(self, test: Plane, changed: NDArray[np.uint8] | None = None) -> Motion | None:
        """Return how the test picture has moved, or None: not, or it cannot be told.

        Parameters
        ----------
        test : Plane
            Luma of the test picture, of the reference's size and depth.
        changed : array of uint8, optional
            (ceil(H / 8), ceil(W / 8)) cells to leave out, not 0 where something else is seen.
        """
        if not self.able:
            return None
        heard = self._heard(changed)
        found = self._refined(test, self._last, heard)
        if found is None and self._last != (0j, 0j):
            found = self._refined(test, (0j, 0j), heard)
        if found is None and (near := self._searched(test)) is not None:
            found = self._refined(test, near, heard)
        if found is None:
            return None
        least = max(LEAST, MATTERS * found.sigma)
        if self._last != (0j, 0j):
            least *= STILL
        if found.size < least or self._stands(test, found, heard):
            self._last = 0j, 0j
            return None
        return self._told(found.shift, found.turn)

    def _stands(self, test: Plane, found: similarity.Fit, heard: NDArray[np.bool_]) -> bool:
        """Return whether many patches, not all in one place, say clearly that they have not moved.

        Then what moves is a large object, even if most of the texture is on it.
        """
        seen = self._fine.look(test, self._fine.corners.astype(np.float64))
        far = np.abs(found.shift + found.turn * self._points)
        sigmas = np.hypot(seen.sigmas, FLOOR)
        off = np.abs(seen.moves)
        still = heard & (seen.alike > ALIKE) & (CLEARLY * sigmas < far) & (off < 3 * sigmas) & (off < far / 2)
        count = int(still.sum())
        return count > STANDS * (count + found.agree.sum()) and self._spread(self._points[still])

    def _told(self, shift: complex, turn: complex) -> Motion:
        """Return the movement, or the last one if it is that; remembers it."""
        if abs(shift - self._last[0]) + abs(turn - self._last[1]) < STEADY:
            shift, turn = self._last
        self._last = shift, turn
        k = turn / self._half
        moved = shift - k * self._middle
        matrix = np.array([[1 + k.real, -k.imag, moved.real], [k.imag, 1 + k.real, moved.imag]])
        return Motion(matrix, (self._shape[1], self._shape[0]))

    def _refined(
        self, test: Plane, near: tuple[complex, complex], heard: NDArray[np.bool_]
    ) -> similarity.Fit | None:
        """Return the movement near a first guess, from the full picture; None: it is not near."""
        found = None
        for _ in range(STEPS):
            before = near
            found = self._step(self._fine, self._points, 1, test, near, heard)
            if found is None:
                return None
            near = found.shift, found.turn
            if abs(near[0] - before[0]) + abs(near[1] - before[1]) < ENOUGH:
                break
        return found

    def _step(
        self,
        patches: Patchwork,
        points: NDArray[np.complex128],
        scale: int,
        test: Plane,
        near: tuple[complex, complex],
        heard: NDArray[np.bool_] | None,
    ) -> similarity.Fit | None:
        """Return the movement that patches of one size of the picture agree on, near a guess."""
        guess = near[0] + near[1] * points
        corners = patches.corners + np.stack([guess.real, guess.imag], axis=1) / scale
        seen = patches.look(test, corners)
        good = (seen.alike > ALIKE) & (seen.sigmas < NEAR) & (np.abs(seen.moves) < LEAP)
        if heard is not None:
            good &= heard
        fewest = max(FEWEST, SEEN * len(good))
        if good.sum() < fewest:
            return None
        moves = guess[good] + seen.moves[good] * scale
        sigmas = np.sqrt((seen.sigmas[good] * scale) ** 2 + (FLOOR * scale) ** 2)
        at = points[good]
        most = TURN * self._half
        found = similarity.agreed(at, moves, sigmas, near, NEAR * scale, most)
        if found.agree.sum() < max(fewest, AGREE * len(at)) or not self._spread(at[found.agree]):
            return None
        if abs(found.shift) > 2 * FAR or abs(found.turn) > most:
            return None
        return found

    def _searched(self, test: Plane) -> tuple[complex, complex] | None:
        """Return about how the picture has moved, from small copies of it; None: that is not clear."""
        if self._small is None:
            return None
        import cv2

        small = test
        for k in range(len(self._copies)):
            small = self._halved(small, k)
        patches, scale, points = self._small
        by = self._reach
        cv2.copyMakeBorder(small, by, by, by, by, cv2.BORDER_REPLICATE, dst=self._wide)
        moves, good = patches.match(self._wide, by)
        if good.sum() < FEWEST:
            return None
        limit, most = 0.75 * scale, TURN * self._half
        sigmas = np.full(int(good.sum()), 0.3 * scale)
        found = similarity.agreed(points[good], moves[good] * scale, sigmas, (0j, 0j), limit, most)
        near = found.shift, found.turn
        if self._mid is not None:
            patches, scale, points = self._mid
            better = self._step(patches, points, scale, self._copies[scale.bit_length() - 2], near, None)
            if better is not None:
                near = better.shift, better.turn
        return near

    def _heard(self, changed: NDArray[np.uint8] | None) -> NDArray[np.bool_]:
        """Return which patches lie on nothing that has changed; all of them, if those are too few."""
        every = np.ones(len(self._points), np.bool_)
        if changed is None:
            return every
        x, y = self._cells.T
        under = changed[y, x] | changed[y + 1, x] | changed[y, x + 1] | changed[y + 1, x + 1]
        quiet = under == 0
        return quiet if quiet.sum() * 2 >= len(quiet) and self._spread(self._points[quiet]) else every

    def _spread(self, at: NDArray[np.complex128]) -> bool:
        """Return whether points are enough, and not all in one place."""
        if len(at) < FEWEST:
            return False
        across = float(at.real.std()) * 2 * self._half / self._shape[1]
        along = float(at.imag.std()) * 2 * self._half / self._shape[0]
        return bool(min(across, along) >= SPREAD[0] and max(across, along) >= SPREAD[1])

    def _middles(self, patches: Patchwork, scale: int) -> NDArray[np.complex128]:
        """Return the middles of patches, in half diagonals from the picture's middle."""
        middles = (patches.corners + SIDE / 2) * scale - 0.5
        return (middles[:, 0] + 1j * middles[:, 1] - self._middle) / self._half

    def _halved(self, plane: Plane, level: int) -> Plane:
        """Return the picture at half its size, in memory that is used again."""
        import cv2

        height, width = plane.shape[0] // 2, plane.shape[1] // 2
        if level == len(self._copies):
            self._copies.append(np.empty((height, width), plane.dtype))
        even = plane[: height * 2, : width * 2]
        cv2.resize(even, (width, height), dst=self._copies[level], interpolation=cv2.INTER_AREA)
        return self._copies[level]
