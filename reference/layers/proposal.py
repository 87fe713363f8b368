"""Proposal (PVANet's fork): regions from anchors that offsets move, the best after suppression.

Anchors stand feat_stride apart, cell by cell, in each cell ratio by ratio and scale by scale; corners are whole pixels
that belong to the box. Source: src/caffe/layers/proposal_layer.cpp of sanghoon/caffe.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.params import Params

TYPE = "Proposal"
MESSAGES = ("proposal_param",)
DISCONTINUOUS_FROM = 0
FIELDS = """
proposal_param: feat_stride 0 int = 16; base_size 0 int = 16; min_size 0 int = 16; ratio 0 float*; scale 0 float*; pre_nms_topn 0 int = 6000; post_nms_topn 0 int = 300; nms_thresh 0 float = 0.7
"""  # noqa: E501 (one line a message)


def _anchors(params: Params) -> list[tuple[float, float, float, float]]:
    base = params.integer("base_size")
    center, found = (base - 1) / 2, []
    for ratio in params.reals("ratio"):
        width = int(np.sqrt(base * base / ratio) + 0.5)
        height = int(width * ratio + 0.5)
        for scale in params.reals("scale"):
            reach_x, reach_y = (width * scale - 1) / 2, (height * scale - 1) / 2
            found.append((center - reach_x, center - reach_y, center + reach_x, center + reach_y))
    return found


def _move(box: tuple[float, ...], offset: Array, height: float, width: float) -> list[float]:
    """The anchor moved by parts of its size, scaled by exponentials, cut to the image."""
    w, h = box[2] - box[0] + 1, box[3] - box[1] + 1
    x, y = box[0] + w / 2 + offset[0] * w, box[1] + h / 2 + offset[1] * h
    w, h = w * np.exp(offset[2]), h * np.exp(offset[3])
    corners = zip((x - w / 2, y - h / 2, x + w / 2, y + h / 2), (width, height) * 2, strict=True)
    return [float(min(max(corner, 0), limit - 1)) for corner, limit in corners]


def _iou(one: list[float], other: list[float]) -> float:
    def area(box: list[float]) -> float:
        return max(box[2] - box[0] + 1, 0) * max(box[3] - box[1] + 1, 0)

    shared = area([*map(max, one[:2], other[:2]), *map(min, one[2:], other[2:])])
    return shared / (area(one) + area(other) - shared) if shared else 0.0


def _regions(params: Params, scores: Array, offsets: Array, info: Array) -> list[tuple[float, list[float]]]:
    """One image's candidates as (score, box), in the order of the walk."""
    stride, anchors = params.integer("feat_stride"), _anchors(params)
    wide, high = (params.integer("min_size") * scale for scale in (info[3] if len(info) > 3 else info[2], info[2]))
    found = []
    for row, column in np.ndindex(*scores.shape[1:]):
        for index, anchor in enumerate(anchors):
            place = tuple(side + stride * at for side, at in zip(anchor, (column, row) * 2, strict=True))
            box = _move(place, offsets[4 * index : 4 * index + 4, row, column], float(info[0]), float(info[1]))
            large = box[2] - box[0] + 1 >= wide and box[3] - box[1] + 1 >= high
            found.append((float(scores[len(anchors) + index, row, column]) * large, box))
    return found


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Scores (n, 2a, h, w), offsets (n, 4a, h, w), images' sizes (n, 3 or 4) -> regions (r, 5), their scores (r,)."""
    layer.expect(bottoms, 3)
    params = layer.params("proposal_param")
    rows, scores = [], []
    for item, info in enumerate(bottoms[2].reshape(len(bottoms[0]), -1)):
        candidates = _regions(params, bottoms[0][item], bottoms[1][item], info)
        kept: list[list[float]] = []
        for score, box in sorted(candidates, key=lambda pair: -pair[0])[: params.integer("pre_nms_topn")]:
            clear = all(_iou(box, other) <= params.real("nms_thresh") for other in kept)
            if clear and len(kept) < params.integer("post_nms_topn"):
                kept.append(box)
                rows.append([float(item), *box])
                scores.append(score)
    return [np.array(rows).reshape(-1, 5), np.array(scores)]
