"""Yolov3 (eric612/MobileNet-YOLO): YOLOv3's loss of one grid, src/caffe/layers/yolov3_layer.cpp, iou_loss MSE."""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer
from reference.params import Params
from reference.yolo import cell_of, centered_overlap, check_class, rows_until_empty, sigmoid, total

TYPE = "Yolov3"
MESSAGES = ("yolov3_param",)
SUMS = True
EXPONENTIAL = True
DISCONTINUOUS_FROM = 0
FIELDS = """
yolov3_param: side 1 int = 13; num_class 2 int = 20; num 3 int = 5; object_scale 4 float = 1; class_scale 5 float = 1; noobject_scale 6 float = 0.5; coord_scale 7 float = 5; thresh 8 float = 0.2; anchors_scale 9 int = 32; biases 10 float*; mask 11 int*; use_logic_gradient 12 bool = false; use_focal_loss 13 bool = false; iou_loss 14 enum(IOU=0 GIOU=1 MSE=2 DIOU=3 CIOU=4) = MSE; iou_normalizer 15 float = 0.25; iou_thresh 16 float = 0.5; max_delta 17 float = 10; accumulate 18 bool = true; label_smooth_eps 19 float = 0.1
"""  # noqa: E501 (one line a message)


def _anchors_of(sizes: Array, mask: list[int], box: Array, limit: float) -> list[int]:
    """Places in the mask that a true box falls to; the fork compares an anchor's number with a place in the mask."""
    fits = [centered_overlap((0, 0, *size), (0, 0, *box[3:])) for size in sizes]
    best, chosen = int(np.argmax(fits)), []
    if best in mask:
        best = mask.index(best)
        chosen.append(best)
    for number, fit in enumerate(fits):
        if number in mask and number != best and limit < 1 and fit > limit:
            chosen.append(mask.index(number))
    return chosen


def _image(layer: Layer, params: Params, x: Array, true: list[Array]) -> Array:
    """One image's deltas; x: (boxes, 5 + classes, h, w)."""
    mask = params.integers("mask")
    pixels = params.integer("anchors_scale")
    height, width = x.shape[2:]
    sizes = np.array(params.reals("biases")).reshape(-1, 2) / [width * pixels, height * pixels]
    deltas, eps = np.zeros_like(x), params.real("label_smooth_eps")
    near = np.vectorize(sigmoid, otypes=[np.float64])(x)
    near[:, 2:4] = x[:, 2:4]
    for n, row, column in np.ndindex(len(mask), height, width):
        v, (wide, high) = near[n, :, row, column], sizes[mask[n]]
        box = [(column + v[0]) / width, (row + v[1]) / height, math.exp(v[2]) * wide, math.exp(v[3]) * high]
        if max((centered_overlap(box, one[1:]) for one in true), default=0) <= params.real("thresh"):
            deltas[n, 4, row, column] = v[4]
    for one in true:
        row, column = cell_of(layer, one, height, width)
        scale = params.real("coord_scale") * (2 - one[3] * one[4])
        label = check_class(layer, int(one[0]), x.shape[1] - 5)
        for n in _anchors_of(sizes, mask, one, params.real("iou_thresh")):
            v, delta = near[n, :, row, column], deltas[n, :, row, column]
            delta[0] = scale * (v[0] - (one[1] * width - column))
            delta[1] = scale * (v[1] - (one[2] * height - row))
            delta[2:4] = scale * (v[2:4] - np.log(one[3:] / sizes[mask[n]]))
            delta[4] = (v[4] - 1) * (params.real("object_scale") if params.flag("use_logic_gradient") else 1)
            taken = delta[5 + label] != 0
            for other in range(x.shape[1] - 5):
                if not taken or other == label:
                    wanted = (1 - eps if other == label else 0) + eps / 2
                    delta[5 + other] = params.real("class_scale") * (v[5 + other] - wanted)
    return deltas


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Grid (n, boxes * (5 + classes), h, w), labels (n, 1, boxes, 5); returns ()."""
    layer.expect(bottoms, 2)
    params = layer.params("yolov3_param")
    if params.choice("iou_loss") != "MSE" or params.flag("use_focal_loss"):
        raise layer.error("has an iou_loss other than MSE, or a focal loss, which the oracle does not know")
    grid = bottoms[0]
    x = grid.reshape(len(grid), -1, 5 + params.integer("num_class"), *grid.shape[2:])
    true = rows_until_empty(bottoms[1], len(grid))
    deltas = [_image(layer, params, *pair) for pair in zip(x, true, strict=True)]
    return [np.asarray(total(np.array(deltas)) / len(grid))]
