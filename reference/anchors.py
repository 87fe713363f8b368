"""Faster R-CNN's boxes: anchors over a map, what moves them and where to, overlap; corners are pixels of the box.

Source: rbgirshick/py-faster-rcnn, lib/rpn/generate_anchors.py, lib/fast_rcnn/bbox_transform.py, lib/utils/bbox.pyx.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reference.layer import Array

Box = tuple[float, ...]
Corners = Sequence[float] | Array


def first_anchors(base: int, ratios: Sequence[float], scales: Sequence[float]) -> list[Box]:
    """Boxes around the center of the first cell: ratio by ratio (height over width), in each scale by scale."""
    center = (base - 1) / 2
    found: list[Box] = []
    for ratio in ratios:
        width = int(np.sqrt(base * base / ratio) + 0.5)
        height = int(width * ratio + 0.5)
        for scale in scales:
            reach_x, reach_y = (width * scale - 1) / 2, (height * scale - 1) / 2
            found.append((center - reach_x, center - reach_y, center + reach_x, center + reach_y))
    return found


def every_anchor(anchors: Sequence[Box], stride: int, height: int, width: int) -> list[Box]:
    """The anchors at each position of a map, row by row, at each position in their order."""
    return [
        tuple(side + stride * at for side, at in zip(anchor, (column, row) * 2, strict=True))
        for row, column in np.ndindex(height, width)
        for anchor in anchors
    ]


def move(box: Box, offset: Array, height: float, width: float) -> list[float]:
    """The box moved by parts of its size, scaled by exponentials, cut to an image."""
    w, h = box[2] - box[0] + 1, box[3] - box[1] + 1
    x, y = box[0] + w / 2 + offset[0] * w, box[1] + h / 2 + offset[1] * h
    w, h = w * np.exp(offset[2]), h * np.exp(offset[3])
    corners = zip((x - w / 2, y - h / 2, x + w / 2, y + h / 2), (width, height) * 2, strict=True)
    return [float(min(max(corner, 0), limit - 1)) for corner, limit in corners]


def offset_between(box: Corners, true: Corners) -> list[float]:
    """What moves a box to a true one."""
    w, h, true_w, true_h = box[2] - box[0] + 1, box[3] - box[1] + 1, true[2] - true[0] + 1, true[3] - true[1] + 1
    x, y = true[0] + 0.5 * true_w - (box[0] + 0.5 * w), true[1] + 0.5 * true_h - (box[1] + 0.5 * h)
    return [float(x / w), float(y / h), float(np.log(true_w / w)), float(np.log(true_h / h))]


def overlap(one: Corners, other: Corners) -> float:
    """The shared area over that of both."""

    def area(box: Corners) -> float:
        return max(box[2] - box[0] + 1, 0) * max(box[3] - box[1] + 1, 0)

    shared = area([*map(max, one[:2], other[:2]), *map(min, one[2:4], other[2:4])])
    return shared / (area(one) + area(other) - shared) if shared else 0.0


class Candidate(NamedTuple):
    """A moved anchor, its score, and whether it is as wide and high as asked."""

    score: float
    box: list[float]
    large: bool


def candidates(
    anchors: Sequence[Box], stride: int, scores: Array, offsets: Array, info: Array, least: float
) -> list[Candidate]:
    """One image's moved anchors: scores (2a, h, w), offsets (4a, h, w), info of height, width and scale (or two)."""
    height, width = scores.shape[1:]
    scale_y, scale_x = info[2], info[3] if len(info) > 3 else info[2]
    found = []
    for at, anchor in enumerate(every_anchor(anchors, stride, height, width)):
        position, index = divmod(at, len(anchors))
        row, column = divmod(position, width)
        box = move(anchor, offsets[4 * index : 4 * index + 4, row, column], float(info[0]), float(info[1]))
        large = box[2] - box[0] + 1 >= least * scale_x and box[3] - box[1] + 1 >= least * scale_y
        found.append(Candidate(float(scores[len(anchors) + index, row, column]), box, bool(large)))
    return found


def suppress(found: Sequence[Candidate], before: int, after: int, limit: float) -> list[Candidate]:
    """Of the `before` best up to `after` that overlap none before them by more than the limit, best first."""
    kept: list[Candidate] = []
    for candidate in sorted(found, key=lambda one: -one.score)[:before]:
        if len(kept) < after and all(overlap(candidate.box, other.box) <= limit for other in kept):
            kept.append(candidate)
    return kept
