"""Anchors of Faster R-CNN and its kin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count

if TYPE_CHECKING:
    from converter.layers.layer import Shapes


def make_anchors(
    base: int, ratios: Sequence[float], scales: Sequence[float]
) -> list[tuple[float, float, float, float]]:
    """Boxes around the center of the first cell, ratio by ratio (height over width), in each every scale."""
    middle = (base - 1) / 2
    anchors = []
    for ratio in ratios:
        width = math.floor(math.sqrt(base * base / ratio) + 0.5)
        height = math.floor(width * ratio + 0.5)
        for scale in scales:
            x, y = (width * scale - 1) / 2, (height * scale - 1) / 2
            anchors.append((middle - x, middle - y, middle + x, middle + y))
    return anchors


def check_image_sizes(bottoms: Shapes) -> None:
    """Refuse a third bottom that does not tell height, width and scale of every image."""
    images, numbers = bottoms[0][0], element_count(bottoms[2])
    if not images or numbers % images or numbers < 3 * images:
        raise ShapeError(f"sizes of images of shape {bottoms[2]}; expected ({images}, 3 or more): height, width, scale")
