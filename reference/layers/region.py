"""Region (forks of YOLOv2): each box's numbers as probabilities.

Three kinds of src/caffe/layers/region_layer.cpp: region_param with num, num_classes or side is that of
openvinotoolkit/training_toolbox_caffe and sokeeffe/caffe_yolo, with boxes_of_each_grid that of lwplw/caffe_yolov2;
region_loss_param makes it zhang-xin/caffe's and zhangnju/caffe's.
"""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer
from reference.losses import softmax
from reference.params import Params
from reference.yolo import sigmoid

TYPE = "Region"
ALSO = ("region",)
MESSAGES = ("region_param", "region_loss_param")
EXPONENTIAL = True
DISCONTINUOUS_FROM = 1
FIELDS = """
region_param: classes 0 int = 20; num_classes 0 int = 20; coords 0 int = 4; num 0 int = 5; side 0 int = 13; boxes_of_each_grid 0 int = 5; softmax 0 bool = false; anchors 0 text*; biases 0 float*; log 0 int = 0; sqrt 0 int = 0; background 0 int = 0; max 0 int = 30; jitter 0 float = 0.2; rescore 0 int = 0; thresh 0 float = 0.5; classfix 0 int = 0; absolute 0 int = 0; random 0 float = 0; coord_scale 0 float = 1; object_scale 0 float = 1; noobject_scale 0 float = 1; mask_scale 0 float = 1; class_scale 0 float = 1; bias_match 0 int = 1; nms_thresh 0 float = 0.3; tree_thresh 0 float = 0.5; relative 0 int = 1; box_thresh 0 float = 0.24
region_loss_param: side 1 int = 13; num_class 2 int = 20; num_classes 0 int = 20; bias_match 3 int = 1; coords 4 int = 4; num 5 int = 5; softmax 6 bool = true; jitter 7 float = 0.2; rescore 8 int = 1; object_scale 9 float = 1; class_scale 10 float = 1; noobject_scale 11 float = 0.5; coord_scale 12 float = 5; absolute 13 int = 1; thresh 14 float = 0.2; threshold 0 float = 0.2; random 15 int = 1; biases 16 float*; batch 0 int = 1
"""  # noqa: E501 (one line a message)


def _cells(layer: Layer, grid: Array, boxes: int, values: int) -> Array:
    """The grid (n, boxes * values, h, w) as (n, boxes, values, h, w)."""
    if grid.ndim != 4 or grid.shape[1] != boxes * values:
        raise layer.error(f"has a grid of shape {grid.shape}; expected {boxes * values} channels")
    return grid.reshape(len(grid), boxes, values, *grid.shape[2:])


def _either(params: Params, name: str, other: str) -> str:
    return name if params.has(name) else other


def _planes(layer: Layer, grid: Array, params: Params) -> Array:
    coords = params.integer("coords")
    classes = params.integer(_either(params, "num_classes", "classes"))
    cells = _cells(layer, grid, params.integer("num"), coords + 1 + classes)
    if (params.has("side") or params.has("num_classes")) and grid.shape[2:] != (params.integer("side"),) * 2:
        raise layer.error(f"has a grid of shape {grid.shape}; expected sides of {params.integer('side')}")
    found = cells.astype(float)
    for entry in (0, 1, coords):
        found[:, :, entry] = np.vectorize(sigmoid)(cells[:, :, entry])
    found[:, :, coords + 1 :] = softmax(cells[:, :, coords + 1 :], 2)
    return found.reshape(grid.shape)


def _rows(layer: Layer, grid: Array, params: Params) -> Array:
    if params.integer("coords") != 4:
        raise layer.error("has other than 4 coordinates")
    boxes, classes = params.integer("boxes_of_each_grid"), params.integer("classes")
    cells = _cells(layer, grid, boxes, 5 + classes)
    top = np.empty(grid.size)
    height, width = grid.shape[2:]
    for at, (item, row, column, box) in enumerate(np.ndindex(len(grid), height, width, boxes)):
        values = cells[item, box, :, row, column]
        likely = softmax(values[5:], 0) if params.flag("softmax") else values[5:]
        top[at * (5 + classes) :][: 5 + classes] = [*values[:4], sigmoid(values[4]), *likely]
    return top.reshape(grid.shape)


def _boxes(layer: Layer, grid: Array, params: Params) -> list[Array]:
    side, num = params.integer("side"), params.integer("num")
    classes = params.integer(_either(params, "num_classes", "num_class"))
    least = params.real(_either(params, "threshold", "thresh"))
    biases = params.reals("biases")
    if params.integer("coords") != 4 or len(biases) != 2 * num or grid.shape[2:] != (side, side):
        raise layer.error(f"has coords other than 4, other than {2 * num} biases, or sides other than {side}")
    cells = _cells(layer, grid, num, 5 + classes)[0]
    boxes, chances = np.zeros((num, side, side, 4)), np.zeros((num, side, side, classes + 1))
    for n, row, column in np.ndindex(num, side, side):
        v = cells[n, :, row, column]
        place = [(column + sigmoid(v[0])) / side, (row + sigmoid(v[1])) / side]
        size = [math.exp(v[2]) * biases[2 * n] / side, math.exp(v[3]) * biases[2 * n + 1] / side]
        boxes[n, row, column] = [*place, *size]
        likely = [sigmoid(v[4]) * one for one in (softmax(v[5:], 0) if params.flag("softmax") else v[5:])]
        chances[n, row, column] = [one if one > least else 0 for one in [*likely, max(0, *likely)]]
    return [boxes, chances]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Grid (n, num * (coords + 1 + classes), h, w); returns the like, or boxes and probabilities of the first item."""
    layer.expect(bottoms, 1)
    params = layer.params("region_param")
    if layer.message.messages("region_loss_param"):
        return _boxes(layer, bottoms[0], layer.params("region_loss_param"))
    if params.has("boxes_of_each_grid"):
        return [_rows(layer, bottoms[0], params)]
    if not any(map(params.has, ("num", "num_classes", "side"))):
        raise layer.error("has neither num nor boxes_of_each_grid, by which forks are told apart")
    return [_planes(layer, bottoms[0], params)]
