"""Drawn scenes whose local patches do not tell their labels: objects look alike, and what surrounds them names them.

Four classes: field, water, car, boat. Field and water differ a little in brightness, under noise of every scale up to
a few cells, so that a small patch is often wrong. Cars and boats are the same striped ellipses, several cells wide; one
on water is a boat, one on a field is a car. No torch here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
CLASSES = ("field", "water", "car", "boat")
CELL = 8
"""Pixels a cell."""


@dataclass(frozen=True, slots=True)
class SceneSettings:
    """How scenes are drawn: `cells` a side, objects' radii in cells, contrast of field and water, noise deviations."""

    cells: int = 24
    objects: tuple[int, int] = (2, 5)
    radii: tuple[float, float] = (2.0, 5.0)
    contrast: float = 0.35
    patch_noise: float = 0.5
    pixel_noise: float = 0.6


def scene(seed: int, index: int, settings: SceneSettings) -> tuple[Array, Array]:
    """Scene `index`: image float32 (1, 8 cells, 8 cells), labels uint8 (cells, cells), one a cell, top-left pixel.

    The same seed and index draw the same scene on every machine (numpy's PCG64).
    """
    draws = np.random.default_rng((seed, index))
    side = settings.cells * CELL
    water = _smooth(draws, side, side / 2.5) > draws.normal(0, 0.2)
    label = water.astype(np.uint8)
    brightness = np.where(water, -settings.contrast, settings.contrast)
    for scale in (CELL, 3 * CELL):
        brightness = brightness + settings.patch_noise * _smooth(draws, side, scale)
    for _ in range(int(draws.integers(settings.objects[0], settings.objects[1] + 1))):
        inside, stripes = _ellipse(draws, side, settings)
        afloat = bool(water[inside].mean() > 0.5) if inside.any() else False
        label[inside] = 3 if afloat else 2
        brightness = np.where(inside, stripes, brightness)
    image = brightness + draws.normal(0, settings.pixel_noise, (side, side))
    return image.astype(np.float32)[None], label[::CELL, ::CELL]


def scenes(seed: int, first: int, count: int, settings: SceneSettings) -> tuple[Array, Array]:
    """Scenes first to first + count - 1: float32 (count, 1, side, side) and int64 (count, cells, cells)."""
    drawn = [scene(seed, index, settings) for index in range(first, first + count)]
    return np.stack([image for image, _ in drawn]), np.stack([label for _, label in drawn]).astype(np.int64)


def _smooth(draws: np.random.Generator, side: int, scale: float) -> Array:
    """A random field (side, side) of mean 0 and deviation 1 that changes over about `scale` pixels."""
    knots = max(2, round(side / scale) + 1)
    coarse = draws.normal(0, 1, (knots, knots))
    places = np.linspace(0, knots - 1, side)
    low = np.minimum(places.astype(np.int64), knots - 2)
    share = places - low
    share = share * share * (3 - 2 * share)
    rows = coarse[low] * (1 - share)[:, None] + coarse[low + 1] * share[:, None]
    field: Array = rows[:, low] * (1 - share) + rows[:, low + 1] * share
    level, deviation = float(field.mean()), max(float(field.std()), 1e-6)
    return (field - level) / deviation


def _ellipse(draws: np.random.Generator, side: int, settings: SceneSettings) -> tuple[Array, Array]:
    """Where an object lies (side, side), and the stripes it bears."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float64)
    row, column = draws.uniform(0, side, 2)
    tall, wide = draws.uniform(*settings.radii, 2) * CELL
    angle = draws.uniform(0, np.pi)
    down, across = y - row, x - column
    u, v = down * np.cos(angle) + across * np.sin(angle), across * np.cos(angle) - down * np.sin(angle)
    inside: Array = (u / tall) ** 2 + (v / wide) ** 2 < 1
    return inside, 1.2 * np.sin(u * 2 * np.pi / 6)
