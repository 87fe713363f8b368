"""Anchors of Faster R-CNN and its kin."""

from __future__ import annotations

import math
from collections.abc import Sequence


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
