"""Boxes as SSD's fork handles them: decoding from priors, overlap, and striking out what overlaps a better one.

Source: src/caffe/util/bbox_util.cpp of the SSD fork. A box is (left, top, right, bottom), relative to the image.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reference.layer import Array


def decode_boxes(code: str, prior: Array, variance: Array, offsets: Array) -> Array:
    """Offsets from priors -> boxes; all arrays (..., 4), `code` CORNER, CENTER_SIZE or CORNER_SIZE."""
    shift = variance * offsets
    if code == "CORNER":
        return np.asarray(prior + shift)
    sizes = prior[..., 2:] - prior[..., :2]
    if code == "CORNER_SIZE":
        return np.asarray(prior + shift * np.concatenate([sizes, sizes], -1))
    centers = shift[..., :2] * sizes + (prior[..., :2] + prior[..., 2:]) / 2
    halves = np.exp(shift[..., 2:]) * sizes / 2
    return np.concatenate([centers - halves, centers + halves], -1)


def _area(box: Array) -> float:
    width, height = float(box[2] - box[0]), float(box[3] - box[1])
    return 0.0 if width < 0 or height < 0 else width * height


def iou(one: Array, other: Array) -> float:
    """The shared area of two boxes (4,) over the area of both together, 0 where they do not meet."""
    width = float(min(one[2], other[2]) - max(one[0], other[0]))
    height = float(min(one[3], other[3]) - max(one[1], other[1]))
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (_area(one) + _area(other) - shared)


def nms(boxes: Array, scores: Array, threshold: float, top_k: int, limit: float, eta: float) -> NDArray[np.int64]:
    """Indices (kept,) int64 of the boxes (n, 4) that stay, best first.

    Boxes that score above `threshold`, the `top_k` best of them (all if -1), are taken in order; one stays if it
    overlaps none that stayed by more than `limit`, which shrinks by `eta` with each one while it is above 0.5.
    """
    candidates = np.flatnonzero(scores > threshold)
    candidates = candidates[np.argsort(-scores[candidates], kind="stable")]
    kept: list[int] = []
    for index in candidates if top_k < 0 else candidates[:top_k]:
        if all(iou(boxes[index], boxes[other]) <= limit for other in kept):
            kept.append(int(index))
            limit = limit * eta if eta < 1 and limit > 0.5 else limit
    return np.array(kept, np.int64)
