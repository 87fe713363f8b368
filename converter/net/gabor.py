"""The Gabor filters that Intel's filler `gabor` puts into the first convolution of four well-known nets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi
from typing import Any, Final, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
Color: TypeAlias = tuple[float, float, float]

_GRAY: Final = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Wave:
    """One filter: gain · exp(-(x² + y²) / 2 sigma²) · cos(omega (x cos theta - y sin theta) + phi), times a color.

    `omega` is in radians from the filter's middle to its edge, where x or y is 1.
    """

    gain: float
    sigma: float
    omega: float
    theta: float = 0.0
    phi: float = 0.0
    color: Color = _GRAY

    def taps(self, size: int) -> Array:
        """(3, size, size)."""
        place = 2 * np.arange(size) / (size - 1) - 1
        x, y = place[None, :], place[:, None]
        bell = np.exp(-(x**2 + y**2) / (2 * self.sigma**2))
        wave = np.cos((x * np.cos(self.theta) - y * np.sin(self.theta)) * self.omega + self.phi)
        taps: Array = np.array(self.color)[:, None, None] * (self.gain * bell * wave)
        return taps


def gabor_filters(outputs: int, size: int) -> Array | None:
    """The filters (outputs, 3, size, size), None where there are none for these sizes.

    Source: intel/caffe, include/caffe/gabor.hpp.
    """
    waves = _WAVES.get((outputs, size))
    return None if waves is None else np.stack([waves(k, pi * (size - 1) / 2).taps(size) for k in range(outputs)])


def sizes() -> list[str]:
    """What there is, in words."""
    return [f"{outputs} of {size}x{size}" for outputs, size in _WAVES]


def _cifar(k: int, turn: float) -> _Wave:
    """32 filters of 5x5: eight fine, six coarse, two spots, sixteen edges in five colors."""
    if k < 8:
        return _Wave(0.5, 0.6, turn, k * pi / 8)
    if k < 14:
        return _Wave(0.5, 0.6, turn / 2, (k - 2) % 6 * pi / 6 + pi / 12)
    if k < 16:
        return _Wave(0.5, 0.75, turn / 8, 0, k % 2 * pi, (1, -1, 1))
    theta = k % 4 * pi / 2 + pi * 3 / 8
    color: Color = (1, 0, -1) if 20 <= k < 24 else (-1, 1, 1) if 24 <= k < 28 else _GRAY
    if k >= 28:
        theta = k % 2 * pi / 2 + pi * (1 / 8 if k < 30 else 3 / 8)
        color = (-1, 1, -1) if k < 30 else (1, 1, 0)
    return _Wave(0.5, 0.6, turn / 4, theta, pi / 2, color)


def _googlenet(k: int, turn: float) -> _Wave:
    """64 filters of 7x7: four directions of eight frequencies, eight fine, six spots, eighteen edges in four colors."""
    if k < 32:
        direction, fine = divmod(k, 8)
        phi = k % 2 * pi + pi * 3 / 8
        return _Wave(1 / (1 + fine / 8), 0.4 + fine / 40, turn / (1 + fine / 2), direction * pi / 4, phi)
    if k < 40:
        return _Wave(0.5, 0.45, turn, k % 8 * pi / 8, pi)
    if k < 46:
        sign, spot = divmod(k - 1, 3)
        return _Wave(1 / (1 + spot / 2), 1 / (2.5 - spot / 2), pi / 4, 0, sign * pi, (0.25, -1, 1))
    if k < 48:
        return _Wave(2 / 3, 1, turn / 12, k % 8 * pi + pi / 8, pi / 2, (1, 0.1, -0.5))
    if k < 56:
        return _Wave(2 / 3, 1, turn / 12, k % 8 * pi / 4 + pi / 32, pi / 2, (-0.5, 0.1, 1))
    gain, color = (1, (0.25, -1, 1)) if k < 60 else (2 / 3, (-1, -1, 1))
    return _Wave(gain, 1, turn / 12, k % 8 * pi / 2 + pi / 8, pi / 2, color)


def _vgg(k: int, turn: float) -> _Wave:
    """64 filters of 3x3: GoogLeNet's under a wider bell."""
    like = _googlenet(k, turn)
    return _Wave(like.gain, 1, like.omega, like.theta, like.phi, like.color)


_ALEXNET: Final[tuple[tuple[int, float, float, int, int, int, Color], ...]] = (
    (60, 1 / 4.5, 0.75, 8, 2, 8, (-1, 1, -0.5)),
    (64, 1 / 9, 2, 8, 2, 8, (1, -0.5, -0.75)),
    (72, 1 / 4.5, 0.75, 4, 4, 32, (1, 0.1, -0.75)),
    (80, 1 / 4.5, 1, 12, 4, 32, (-0.5, 0.1, 1)),
    (88, 1 / 7.5, 1, 8, 4, 32, (-1, -1, 1)),
    (92, 1 / 3, 0.6, 16, 2, 16, _GRAY),
    (96, 1 / 12, 0.75, 4, 4, 32, (-1, -1, 1)),
)
"""Edges: the next group's first number, gain, sigma, omega's divisor, steps of pi and the first's part, color."""


def _alexnet(k: int, turn: float) -> _Wave:
    """96 filters of 11x11: six directions of eight frequencies, eight spots, forty edges in seven colors."""
    if k < 48:
        direction, fine = divmod(k, 8)
        phi = k % 2 * pi + pi * 3 / 8
        return _Wave(1 / (3 + 3 * fine / 8), 0.5 + fine / 40, turn / (1 + fine / 2), direction * pi / 6, phi)
    if k < 56:
        sign, spot = divmod(k, 4)
        return _Wave(1 / (3 + 1.5 * spot), 1 / (2.5 - spot / 2), pi / 4, 0, sign * pi, (0.25, -1, 1))
    _, gain, sigma, divisor, step, first, color = next(row for row in _ALEXNET if k < row[0])
    return _Wave(gain, sigma, turn / divisor, k % (2 * step) * pi / step + pi / first, pi / 2, color)


_WAVES: Final[dict[tuple[int, int], Callable[[int, float], _Wave]]] = {
    (32, 5): _cifar,
    (64, 7): _googlenet,
    (64, 3): _vgg,
    (96, 11): _alexnet,
}
