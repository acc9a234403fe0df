"""A simulated camera for the measuring scripts: shake, light, noise and compression, seeded."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

MARGIN = 8  # pixels round the view, so that shake shows no border
OPTICS = 1.1  # blur of the lens, pixels of the place, which is sampled at twice the size of the view
ROLL = 48  # pixels by which the field of noise is larger than the view: 2,304 places to begin at


class Wander:
    """A smooth wandering value, -1..1: three sines of unlike periods.

    Parameters
    ----------
    rng : Generator
        Draws phases.
    period_s : float
        Of the slowest, seconds.
    """

    def __init__(self, rng: np.random.Generator, period_s: float) -> None:
        self._turns = 2 * np.pi / (period_s * np.array([1, 0.43, 0.171]))
        self._phases = rng.uniform(0, 2 * np.pi, 3)
        self._parts = np.array([0.55, 0.3, 0.15])

    def __call__(self, seconds: float) -> float:
        return float(self._parts @ np.sin(self._turns * seconds + self._phases))


@dataclass(frozen=True, slots=True)
class Look:
    """How a frame is seen."""

    x: float = 0.0
    """Shift to the right, pixels."""
    y: float = 0.0
    """Shift down, pixels."""
    degrees: float = 0.0
    """Rotation about the middle."""
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Of blue, green, red."""
    gamma: float = 1.0
    """Exponent of the light."""


class Camera:
    """Sees a place that is twice as large as its pictures, and has a margin.

    Parameters
    ----------
    rng : Generator
        Draws the noise.
    size : tuple of int
        Width and height of the pictures.
    sigma : float
        Noise of a middle gray, levels; of light grows with its root, and a part is always there.
    quality : int or None
        Of JPEG; None: not compressed.
    grain : float
        Blur of the noise, pixels, as demosaicing leaves it; its sigma stays.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        size: tuple[int, int],
        sigma: float,
        quality: int | None = None,
        grain: float = 0.0,
    ) -> None:
        self.size, self.sigma, self.quality, self._rng = size, sigma, quality, rng
        field = rng.standard_normal((size[1] + ROLL, size[0] + ROLL, 3), np.float32)
        if grain:
            field = cv2.GaussianBlur(field, (0, 0), grain)
            field /= field.std()
        self._field = field
        levels = np.arange(256, dtype=np.float32)
        self._sigma_of = sigma * np.sqrt(0.35 + 0.65 * levels / 128)
        self._noise = np.empty((size[1], size[0], 3), np.float32)

    @staticmethod
    def place_size(size: tuple[int, int]) -> tuple[int, int]:
        """Return width and height of the place for pictures of a size."""
        return 2 * (size[0] + 2 * MARGIN), 2 * (size[1] + 2 * MARGIN)

    def view(self, place: Picture, look: Look) -> Picture:
        """Return what arrives at the sensor."""
        turn = np.deg2rad(look.degrees)
        cos, sin = 2 * np.cos(turn), 2 * np.sin(turn)
        middle = np.array([self.size[0] - 1, self.size[1] - 1]) / 2
        to = np.array([[cos, -sin], [sin, cos]])
        from_ = 2 * (middle + MARGIN - np.array([look.x, look.y])) + 0.5
        matrix = np.column_stack([to, from_ - to @ middle])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP  # of a place so finely sampled, it blurs no more
        seen: Picture = cv2.warpAffine(
            place, matrix, self.size, flags=flags, borderMode=cv2.BORDER_REFLECT_101
        )
        if look.gains == (1.0, 1.0, 1.0) and look.gamma == 1.0:
            return seen
        curve = 255 * (np.arange(256) / 255) ** look.gamma
        table = np.clip(np.rint(np.outer(curve, look.gains)), 0, 255).astype(np.uint8)
        lit: Picture = cv2.LUT(seen, table[None])
        return lit

    def shot(self, seen: Picture) -> Picture:
        """Return the picture that comes out: with noise, and compressed."""
        y, x = (int(n) for n in self._rng.integers(ROLL, size=2))
        field = self._field[y : y + self.size[1], x : x + self.size[0]]
        noise = cv2.multiply(cv2.LUT(seen, self._sigma_of), field, dst=self._noise)
        noisy: Picture = cv2.add(seen, noise, dtype=cv2.CV_8U)
        if self.quality is None:
            return noisy
        _, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        out: Picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
        return out


def softened(picture: Picture) -> Picture:
    """Return a place as the lens shows it: without detail that no sensor resolves."""
    made: Picture = cv2.GaussianBlur(picture, (0, 0), OPTICS)
    return made
