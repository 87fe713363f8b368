"""DetectionOutput (SSD's fork): decoded boxes, the best of them for each class, overlapping ones struck out.

Source: detection_output_layer.cpp and bbox_util.cpp of the SSD fork. Rows are item, class, score, left, top, right,
bottom, by item, then class, then score; without any detection one row of -1 an item, its first entry the item.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reference.boxes import decode_boxes, nms
from reference.layer import Array, Layer
from reference.params import Params

TYPE = "DetectionOutput"
MESSAGES = ("detection_output_param",)
DISCONTINUOUS_FROM = 0
_LOWEST = -float(np.finfo(np.float32).max)


def _keep_top(kept: dict[int, NDArray[np.int64]], scores: Array, limit: int) -> dict[int, NDArray[np.int64]]:
    if limit < 0 or sum(map(len, kept.values())) <= limit:
        return kept
    pairs = [(scores[box, label], label, box) for label, boxes in kept.items() for box in boxes]
    pairs.sort(key=lambda pair: -pair[0])
    best: dict[int, list[int]] = {}
    for _, label, box in pairs[:limit]:
        best.setdefault(label, []).append(box)
    return {label: np.array(best[label], np.int64) for label in sorted(best)}


def _detect_item(layer: Layer, params: Params, boxes: Array, scores: Array) -> list[tuple[float, ...]]:
    suppress = params.message("nms_param", "nms_param")
    threshold = params.real("confidence_threshold") if params.has("confidence_threshold") else _LOWEST
    top_k = suppress.integer("top_k") if suppress.has("top_k") else -1
    eta = suppress.real("eta")
    if not 0 < eta <= 1:
        raise layer.error(f"eta is {eta}; expected more than 0, at most 1")
    kept = {}
    for label in range(scores.shape[1]):
        if label != params.integer("background_label_id"):
            own = boxes[:, 0 if boxes.shape[1] == 1 else label]
            kept[label] = nms(own, scores[:, label], threshold, top_k, suppress.real("nms_threshold"), eta)
    rows = []
    for label, chosen in _keep_top(kept, scores, params.integer("keep_top_k")).items():
        for box in chosen:
            corners = boxes[box, 0 if boxes.shape[1] == 1 else label]
            rows.append((float(label), float(scores[box, label]), *map(float, corners)))
    return rows


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Offsets (n, priors * 4 [* classes]), scores (n, priors * classes), priors (1, 2, priors * 4) -> (1, 1, m, 7)."""
    layer.expect(bottoms, 3)
    params = layer.params("detection_output_param")
    classes = params.integer("num_classes")
    prior, variance = bottoms[2].reshape(2, -1, 4)
    items, count = len(bottoms[0]), len(prior)
    offsets = bottoms[0].reshape(items, count, 1 if params.flag("share_location") else classes, 4)
    scores = bottoms[1].reshape(items, count, classes)
    if params.flag("variance_encoded_in_target"):
        variance = np.ones_like(variance)
    boxes = decode_boxes(params.choice("code_type"), prior[:, None], variance[:, None], offsets)
    rows = [
        (float(item), *row) for item in range(items) for row in _detect_item(layer, params, boxes[item], scores[item])
    ]
    if not rows:
        rows = [(float(item), *(-1.0,) * 6) for item in range(items)]
    return [np.array(rows)[None, None]]
