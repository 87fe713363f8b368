"""YOLO's grids: boxes from offsets, and the rows that suppression leaves (eric612/MobileNet-YOLO)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reference.boxes import iou
from reference.layer import Array

Detection = tuple[float, int, Array]


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), element by element."""
    return np.asarray(1 / (1 + np.exp(-x)))


def box(offset: Array, column: int, row: int, width: int, anchor: tuple[float, float]) -> Array:
    """Left, top, right, bottom as parts of the image, which counts as square: `width` cells, `anchor` relative."""
    center = (np.array([column, row]) + sigmoid(offset[:2])) / width
    half = np.exp(offset[2:4]) * np.array(anchor) / 2
    return np.concatenate([center - half, center + half])


def rows(found: list[Detection], limit: float, images: int) -> NDArray[np.float64]:
    """Detections (score, label, box) -> (1, 1, rows, 7), best first; a box that overlaps a kept one by `limit` goes.

    Every row says image 0, as in the original; without any there is one row of -1 an image.
    """
    kept: list[Detection] = []
    for candidate in sorted(found, key=lambda detection: -detection[0]):
        if all(iou(candidate[2], other[2]) < limit for other in kept):
            kept.append(candidate)
    table = [[0.0, label + 1, score, *place] for score, label, place in kept]
    return np.array(table or [[item, *(-1.0,) * 6] for item in range(images)], np.float64)[None, None]
