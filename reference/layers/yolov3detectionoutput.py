"""Yolov3DetectionOutput (MobileNet-YOLO): every class of every box that is likely enough, then suppression.

A score is the product of the objectness' and the class's sigmoids; `mask` picks each grid's anchors from `biases`,
which are pixels of an image w * anchors_scale wide.
"""

from __future__ import annotations

import numpy as np

from reference.grids import Detection, box, rows, sigmoid
from reference.layer import Array, Layer
from reference.params import Params

TYPE = "Yolov3DetectionOutput"
MESSAGES = ("yolov3_detection_output_param",)
DISCONTINUOUS_FROM = 0
FIELDS = """
yolov3_detection_output_param: num_classes 0 int = 20; num_box 0 int = 3; confidence_threshold 0 float = 0.01; nms_threshold 0 float = 0.45; biases 0 float*; anchors_scale 0 int*; mask_group_num 0 int = 2; mask 0 int*
"""  # noqa: E501 (one line a message)


def _grid(params: Params, x: Array, number: int) -> list[Detection]:
    boxes, biases = params.integer("num_box"), params.reals("biases")
    mask = params.integers("mask")[number * boxes : (number + 1) * boxes]
    n, _, h, w = x.shape
    pixels = w * params.integers("anchors_scale")[number]
    cells = x.reshape(n, boxes, -1, h, w)
    found = []
    for item, row, column, index in np.ndindex(n, h, w, boxes):
        value = cells[item, index, :, row, column]
        anchor = biases[2 * mask[index]] / pixels, biases[2 * mask[index] + 1] / pixels
        place = box(value, column, row, w, anchor)
        for label, score in enumerate(sigmoid(value[4]) * sigmoid(value[5:])):
            if score > params.real("confidence_threshold"):
                found.append((float(score), label, place))
    return found


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Grids (n, num_box * (5 + num_classes), h, w); returns (1, 1, rows, 7)."""
    params = layer.params("yolov3_detection_output_param")
    layer.expect(bottoms, params.integer("mask_group_num"))
    if len(params.integers("anchors_scale")) != len(bottoms):
        raise layer.error(f"has {len(bottoms)} grids; expected one anchors_scale each")
    found = [detection for number, x in enumerate(bottoms) for detection in _grid(params, x, number)]
    return [rows(found, params.real("nms_threshold"), len(bottoms[0]))]
