"""EvalDetection (intel/caffe): which boxes of YOLOv2's grid hit a true box, and how many true boxes there are.

Source: src/caffe/layers/eval_detection_layer.cpp. Of equal scores the first comes first (std::sort may swap them).
"""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer
from reference.losses import softmax
from reference.params import Params
from reference.yolo import centered_overlap, check_class, sigmoid

TYPE = "EvalDetection"
MESSAGES = ("eval_detection_param",)
SUMS = True
EXPONENTIAL = True
DISCONTINUOUS_FROM = 0
FIELDS = """
eval_detection_param: side 1 int = 7; num_class 2 int = 20; num_object 3 int = 2; threshold 4 float = 0.5; sqrt 5 bool = true; constriant 6 bool = true; score_type 7 enum(OBJ=0 PROB=1 MULTIPLY=2) = MULTIPLY; nms 8 float = -1; biases 9 float*
"""  # noqa: E501 (one line a message)

Box = tuple[int, float, list[float]]
"""Class, score, and x, y, width, height."""


def _predicted(params: Params, grid: Array) -> list[Box]:
    """The boxes that suppression leaves, best first; grid: (5 boxes, 5 + classes, side, side)."""
    side, biases, found = grid.shape[3], params.reals("biases"), []
    for row, column, n in np.ndindex(side, side, 5):
        v = grid[n, :, row, column]
        place = [(column + sigmoid(v[0])) / side, (row + sigmoid(v[1])) / side]
        size = [math.exp(v[2]) * biases[2 * n] / side, math.exp(v[3]) * biases[2 * n + 1] / side]
        chances = softmax(v[5:], 0)
        label = int(np.argmax(chances))
        factors = {"OBJ": [sigmoid(v[4])], "PROB": [chances[label]], "MULTIPLY": [sigmoid(v[4]), chances[label]]}
        found.append((label, math.prod(factors[params.choice("score_type")]), [*place, *size]))
    kept: list[Box] = []
    for box in sorted(found, key=lambda one: -one[1]) if params.real("nms") >= 0 else []:
        if all(centered_overlap(box[2], other[2]) < params.real("nms") for other in kept):
            kept.append(box)
    return [box for box in kept if box[1] >= 0.005]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Grid (n, 5 * (5 + classes), side, side), true boxes (1, 1, boxes, 8) -> (n, classes + 20 * side * side)."""
    layer.expect(bottoms, 2, max(2, len(bottoms)))
    params = layer.params("eval_detection_param")
    classes, side = params.integer("num_class"), params.integer("side")
    if params.integer("num_object") != 5 or len(params.reals("biases")) != 10:
        raise layer.error("has not five boxes a cell")
    if bottoms[0].shape[1:] != (5 * (5 + classes), side, side):
        raise layer.error(f"has a grid of shape {bottoms[0].shape}")
    top = np.zeros((len(bottoms[0]), classes + 20 * side * side))
    for item, grid in enumerate(bottoms[0]):
        true: dict[int, list[list[float]]] = {}
        for of, label, _, left, above, right, below, _ in bottoms[1].reshape(-1, 8):
            if int(of) == item:
                box = [(left + right) / 2, (above + below) / 2, right - left, below - above]
                true.setdefault(check_class(layer, int(label) - 1, classes), []).append(box)
        for label, boxes in true.items():
            top[item, label] = len(boxes)
        at, taken = classes, set()
        for label, score, box in sorted(_predicted(params, grid.reshape(5, -1, side, side)), key=lambda one: one[0]):
            overlaps = [centered_overlap(box, other) for other in true.get(label, [])]
            best = int(np.argmax(overlaps)) if overlaps else -1
            top[item, at : at + 2] = label, score
            if not overlaps or (overlaps[best] >= params.real("threshold") and (label, best) in taken):
                top[item, at + 3] = 1
            elif overlaps[best] >= params.real("threshold"):
                top[item, at + 2] = 1
                taken.add((label, best))
            at += 4
    return [top]
