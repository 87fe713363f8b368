"""RegionLoss (three forks): YOLOv2's loss, the squares of what each box of a grid lacks.

Labels of eight numbers a row make it intel/caffe's, of five eric612/MobileNet-YOLO's, num_classes or threshold
zhang-xin/caffe's; all: src/caffe/layers/region_loss_layer.cpp.
"""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer
from reference.losses import softmax
from reference.params import Params
from reference.yolo import cell_of, centered_overlap, check_class, rows_until_empty, sigmoid, total

TYPE = "RegionLoss"
MESSAGES = ("region_loss_param",)
SUMS = True
EXPONENTIAL = True
DISCONTINUOUS_FROM = 0
FIELDS = """
region_loss_param: side 1 int = 13; num_class 2 int = 20; num_classes 0 int = 20; bias_match 3 int = 1; coords 4 int = 4; num 5 int = 5; softmax 6 bool = true; jitter 7 float = 0.2; rescore 8 int = 1; object_scale 9 float = 1; class_scale 10 float = 1; noobject_scale 11 float = 0.5; coord_scale 12 float = 5; absolute 13 int = 1; thresh 14 float = 0.2; threshold 0 float = 0.2; random 15 int = 1; biases 16 float*; softmax_tree 17 text; class_map 18 text; batch 0 int = 1
"""  # noqa: E501 (one line a message)


def _true(labels: Array, items: int) -> list[list[Array]]:
    if labels.shape[-1] != 8:
        return rows_until_empty(labels, items)
    found: list[list[Array]] = [[] for _ in range(items)]
    for item, label, _, left, top, right, bottom, _ in labels.reshape(-1, 8):
        if 0 <= int(item) < items:
            box = [label - 1, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
            found[int(item)].append(np.array(box))
    return found


def _image(layer: Layer, params: Params, x: Array, true: list[Array], intel: bool) -> Array:
    """One image's deltas; x: (anchors, 5 + classes, side, side)."""
    biases = np.array(params.reals("biases")).reshape(-1, 2)
    side = x.shape[3]
    deltas, boxes = np.zeros_like(x), {}
    for n, row, column in np.ndindex(len(biases), side, side):
        v = x[n, :, row, column]
        box = [(column + sigmoid(v[0])) / side, (row + sigmoid(v[1])) / side]
        boxes[n, row, column] = [*box, math.exp(v[2]) * biases[n, 0] / side, math.exp(v[3]) * biases[n, 1] / side]
        p = sigmoid(v[4])
        if max((centered_overlap(boxes[n, row, column], one[1:]) for one in true), default=0) <= params.real("thresh"):
            deltas[n, 4, row, column] = params.real("noobject_scale") * p * p * (1 - p)
    for one in true:
        row, column = cell_of(layer, one, side, side)
        sizes = (
            biases / side if params.integer("bias_match") else [boxes[n, row, column][2:] for n in range(len(biases))]
        )
        fits = [centered_overlap((0, 0, *size), (0, 0, *one[3:])) for size in sizes]
        n = int(np.argmax(fits))
        v, p = x[n, :, row, column], sigmoid(x[n, 4, row, column])
        place = [sigmoid(v[i]) - (one[1 + i] * side - (column, row)[i]) for i in (0, 1)]
        size = [v[2 + i] - np.log(one[3 + i] * side / biases[n, i]) for i in (0, 1)]
        lacking = np.clip([*place, *size], -1, 1) if intel else np.array([*place, *size])
        slopes = [sigmoid(v[i]) * (1 - sigmoid(v[i])) for i in (0, 1)] + [1, 1]
        scale = params.real("coord_scale")
        wanted = centered_overlap(boxes[n, row, column], one[1:]) if params.integer("rescore") else 1
        if not intel and not params.integer("rescore"):
            scale *= 2 - one[3] * one[4]
        object_delta = -2 * (1 - p) ** 3 * p * (1 - p) if intel else (p - wanted) * p * (1 - p)
        likely = softmax(v[5:], 0)
        likely[check_class(layer, int(one[0]), len(likely))] -= 1
        deltas[n, :4, row, column] = scale * lacking * slopes
        deltas[n, 4, row, column] = params.real("object_scale") * object_delta
        deltas[n, 5:, row, column] = params.real("class_scale") * likely
    return deltas


def _plain(params: Params) -> bool:
    return params.has("num_classes") or params.has("threshold")


def _either(params: Params, name: str, other: str) -> str:
    return name if params.has(name) else other


def _without_slopes(layer: Layer, params: Params, x: Array, true: list[Array]) -> Array:
    """One image's deltas in zhang-xin's form; x: (anchors, 5 + classes, side, side)."""
    biases, side = np.array(params.reals("biases")).reshape(-1, 2), x.shape[3]
    deltas, boxes = np.zeros_like(x), {}
    for n, row, column in np.ndindex(len(biases), side, side):
        v = x[n, :, row, column]
        place = [(column + sigmoid(v[0])) / side, (row + sigmoid(v[1])) / side]
        boxes[n, row, column] = [*place, *(math.exp(v[2 + i]) * biases[n, i] / side for i in (0, 1))]
        nearest = max((centered_overlap(boxes[n, row, column], one[1:]) for one in true), default=0)
        if nearest <= params.real(_either(params, "threshold", "thresh")):
            deltas[n, 4, row, column] = params.real("noobject_scale") * sigmoid(v[4])
    for one in true:
        row, column = cell_of(layer, one, side, side)
        matched = params.integer("bias_match")
        sizes = [size / side if matched else boxes[n, row, column][2:] for n, size in enumerate(biases)]
        n = int(np.argmax([centered_overlap((0, 0, *size), (0, 0, *one[3:])) for size in sizes]))
        v = x[n, :, row, column]
        lacking = [sigmoid(v[0]) - (one[1] * side - column), sigmoid(v[1]) - (one[2] * side - row)]
        lacking += [v[2 + i] - math.log(one[3 + i] * side / biases[n, i]) for i in (0, 1)]
        wanted = centered_overlap(boxes[n, row, column], one[1:]) if params.integer("rescore") else 1
        likely = softmax(v[5:], 0)
        likely[check_class(layer, int(one[0]), len(likely))] -= 1
        deltas[n, :4, row, column] = params.real("coord_scale") * (2 - one[3] * one[4]) * np.array(lacking)
        deltas[n, 4, row, column] = params.real("object_scale") * (sigmoid(v[4]) - wanted)
        deltas[n, 5:, row, column] = params.real("class_scale") * likely
    return deltas


def _rows(labels: Array, items: int) -> list[list[Array]]:
    """Each item's rows up to the first of x 0."""
    found = []
    for rows in labels.reshape(items, -1, 5):
        ends = np.flatnonzero(rows[:, 1] == 0)
        found.append(list(rows[: ends[0]] if ends.size else rows))
    return found


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Grid (n, anchors * (5 + classes), s, s), labels (1, 1, boxes, 8) or (n, 1, boxes, 5); returns ()."""
    layer.expect(bottoms, 2)
    params = layer.params("region_loss_param")
    if params.text("softmax_tree") or params.text("class_map"):
        raise layer.error("has softmax_tree or class_map, which the oracle does not know")
    grid, labels = bottoms
    if _plain(params):
        classes = params.integer(_either(params, "num_classes", "num_class"))
        cells = grid.reshape(len(grid), -1, 5 + classes, *grid.shape[2:])
        pairs = zip(cells, _rows(labels, len(grid)), strict=True)
        return [np.asarray(total(np.array([_without_slopes(layer, params, *pair) for pair in pairs])))]
    intel = labels.shape[-1] == 8
    x = grid.reshape(len(grid), -1, 5 + params.integer("num_class"), *grid.shape[2:])
    true = _true(labels, len(grid))
    deltas = [_image(layer, params, *pair, intel) for pair in zip(x, true, strict=True)]
    return [np.asarray(total(np.array(deltas)) / (1 if intel else len(grid)))]
