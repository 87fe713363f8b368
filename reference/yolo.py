"""What YOLO's losses share: overlaps of centered boxes, the choice of anchors, the loss of a cell's classes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from reference.layer import Array, Layer

Box = Sequence[float] | Array


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def centered_overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes of x, y, width, height."""
    common = 1.0
    for axis in (0, 1):
        low = max(one[axis] - one[axis + 2] / 2, other[axis] - other[axis + 2] / 2)
        high = min(one[axis] + one[axis + 2] / 2, other[axis] + other[axis + 2] / 2)
        common *= max(0.0, high - low)
    return common / (one[2] * one[3] + other[2] * other[3] - common)


def rows_until_empty(labels: Array, items: int) -> list[list[Array]]:
    """Each item's rows (class, x, y, width, height) up to the first of width 0."""
    found: list[list[Array]] = []
    for rows in labels.reshape(items, -1, 5):
        own = []
        for row in rows:
            if not row[3]:
                break
            own.append(row)
        found.append(own)
    return found


def cell_of(layer: Layer, box: Box, height: int, width: int) -> tuple[int, int]:
    """Row and column of a box's center; the box begins with its class."""
    row, column = int(box[2] * height), int(box[1] * width)
    if not (0 <= row < height and 0 <= column < width):
        raise layer.error(f"has a box whose center ({box[1]}, {box[2]}) lies outside the image")
    return row, column


def check_class(layer: Layer, label: int, classes: int) -> int:
    """The class, if there is one of that number."""
    if not 0 <= label < classes:
        raise layer.error(f"has a box of class {label} of {classes}")
    return label


def total(deltas: Array) -> float:
    """The sum of squares."""
    return float(np.square(deltas).sum())
