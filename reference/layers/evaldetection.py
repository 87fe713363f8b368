"""EvalDetection (two forks): which boxes of a YOLO grid hit a true box, and how many true boxes there are.

Source: src/caffe/layers/eval_detection_layer.cpp of intel/caffe (YOLOv2's grid), and of yeahkun/caffe-yolo where labels
are a grid, too. Of equal scores the first comes first (std::sort may swap them).
"""

from __future__ import annotations

import math

import numpy as np

from reference.cells import Cells, read_cells
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
    kept = _suppressed(found, params.real("nms")) if params.real("nms") >= 0 else []
    return [box for box in kept if box[1] >= 0.005]


def _suppressed(boxes: list[Box], threshold: float) -> list[Box]:
    """Boxes by falling score, without those that overlap a better one."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda one: -one[1]):
        if threshold < 0 or all(centered_overlap(box[2], other[2]) < threshold for other in kept):
            kept.append(box)
    return kept


def _of_cells(params: Params, cells: Cells) -> Array:
    """One item's row, (classes + 4 boxes side²,)."""
    classes, found = params.integer("num_class"), []
    for cell in range(cells.side**2):
        label = int(np.argmax(cells.scores[:, cell]))
        for number in range(len(cells.sure)):
            factors = {"OBJ": [cells.sure[number, cell]], "PROB": [cells.scores[label, cell]]}
            factors["MULTIPLY"] = factors["OBJ"] + factors["PROB"]
            score = math.prod(float(one) for one in factors[params.choice("score_type")])
            found.append((label, score, cells.box(number, cell).tolist()))
    row = np.zeros(classes + 4 * len(found))
    for label, _, difficult in cells.true.values():
        row[label] += not difficult
    at, taken = classes, set()
    for label, score, box in sorted(_suppressed(found, params.real("nms")), key=lambda one: one[0]):
        own = [
            (centered_overlap(box, true), cell, hard) for cell, (one, true, hard) in cells.true.items() if one == label
        ]
        overlap, cell, hard = max(own, key=lambda one: one[0], default=(-1.0, -1, False))
        row[at : at + 2] = label, score
        hit = overlap >= params.real("threshold") and cell not in taken
        if not (hard and overlap >= params.real("threshold")):
            row[at + 2 : at + 4] = hit, not hit
            taken |= {cell} if hit else set()
        at += 4
    return row


def _of_grid(layer: Layer, params: Params, bottoms: list[Array]) -> Array:
    """Grid (n, 5 * (5 + classes), side, side), true boxes (1, 1, boxes, 8) -> (n, classes + 20 * side * side)."""
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
    return top


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """A grid and true boxes, or labels of 7 * side² numbers an item -> (n, classes + 4 * boxes)."""
    layer.expect(bottoms, 2, max(2, len(bottoms)))
    params = layer.params("eval_detection_param")
    if bottoms[1].size == len(bottoms[0]) * 7 * params.integer("side") ** 2:
        return [np.array([_of_cells(params, cells) for cells in read_cells(layer, params, *bottoms[:2])])]
    return [_of_grid(layer, params, bottoms)]
