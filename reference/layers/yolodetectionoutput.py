"""YoloDetectionOutput (YOLOv2 in MobileNet-YOLO): each box of a grid with its likeliest class, then suppression.

A score is the objectness' sigmoid times the class's softmax; `biases` are the anchors in cells.
"""

from __future__ import annotations

import numpy as np

from reference.grids import Detection, box, rows, sigmoid
from reference.layer import Array, Layer
from reference.params import Params

TYPE = "YoloDetectionOutput"
MESSAGES = ("yolo_detection_output_param",)
DISCONTINUOUS_FROM = 0
FIELDS = """
yolo_detection_output_param: side 0 int = 13; num_classes 0 int = 20; num_box 0 int = 5; coords 0 int = 4; confidence_threshold 0 float = 0.01; nms_threshold 0 float = 0.45; biases 0 float*; label_map_file 0 text
"""  # noqa: E501 (one line a message)


def _grid(params: Params, x: Array) -> list[Detection]:
    boxes, biases = params.integer("num_box"), params.reals("biases")
    n, _, h, w = x.shape
    cells = x.reshape(n, boxes, -1, h, w)
    found = []
    for item, row, column, index in np.ndindex(n, h, w, boxes):
        value = cells[item, index, :, row, column]
        classes = np.exp(value[5:] - value[5:].max())
        label = int(classes.argmax())
        score = float(sigmoid(value[4]) * classes[label] / classes.sum())
        if score >= params.real("confidence_threshold"):
            anchor = biases[2 * index] / w, biases[2 * index + 1] / w
            found.append((score, label, box(value, column, row, w, anchor)))
    return found


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Grids (n, num_box * (5 + num_classes), h, w); returns (1, 1, rows, 7)."""
    layer.expect(bottoms, 1, 2)
    params = layer.params("yolo_detection_output_param")
    channels = params.integer("num_box") * (5 + params.integer("num_classes"))
    if any(x.shape[1] != channels for x in bottoms) or len(params.reals("biases")) != 2 * params.integer("num_box"):
        raise layer.error(f"wants {channels} channels and two biases a box")
    found = [detection for x in bottoms for detection in _grid(params, x)]
    return [rows(found, params.real("nms_threshold"), len(bottoms[0]))]
