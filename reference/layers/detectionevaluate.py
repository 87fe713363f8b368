"""DetectionEvaluate (SSD's fork): which detections hit a true box, and how many true boxes there are.

Source: src/caffe/layers/detection_evaluate_layer.cpp. Of equal scores the first comes first (std::sort may swap them).
"""

from __future__ import annotations

import numpy as np

from reference.anchors import overlap
from reference.boxes import iou
from reference.layer import Array, Layer
from reference.named import find_named
from reference.params import Params

TYPE = "DetectionEvaluate"
MESSAGES = ("detection_evaluate_param",)
DISCONTINUOUS_FROM = 0
FIELDS = """
detection_evaluate_param: num_classes 1 int; background_label_id 2 int = 0; overlap_threshold 3 float = 0.5; evaluate_difficult_gt 4 bool = true; name_size_file 5 text; resize_param 6 message
"""  # noqa: E501 (one line a message)


def _sizes(layer: Layer, params: Params) -> list[tuple[int, int]]:
    name = params.text("name_size_file")
    if params.has("resize_param"):
        raise layer.error("has a resize_param, which the oracle does not know")
    words = find_named(layer, name).read_text().split() if name else []
    return [(int(words[at + 1]), int(words[at + 2])) for at in range(0, len(words), 3)]


def _in_pixels(box: Array, size: tuple[int, int]) -> Array:
    return np.clip(box, 0, 1) * [size[1], size[0], size[1], size[0]]


def _marks(params: Params, found: list[Array], true: list[Array], size: tuple[int, int] | None) -> list[list[float]]:
    """Rows of one image's detections of one class."""
    rows, taken = [], set()
    for one in sorted(found, key=lambda row: -row[2]) if true else found:
        if size is None:
            overlaps = [iou(one[3:7], box[3:7]) for box in true]
        else:
            overlaps = [overlap(_in_pixels(one[3:7], size), _in_pixels(box[3:7], size)) for box in true]
        best = int(np.argmax(overlaps)) if true else -1
        marks = [0.0, 1.0]
        if true and overlaps[best] >= params.real("overlap_threshold"):
            if true[best][7] and not params.flag("evaluate_difficult_gt"):
                marks = [0.0, 0.0]
            elif best not in taken:
                marks = [1.0, 0.0]
                taken.add(best)
        rows.append([float(int(one[0])), float(int(one[1])), float(one[2]), *marks])
    return rows


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Detections (1, 1, d, 7), true boxes (1, 1, g, 8) -> (1, 1, classes + detections, 5)."""
    layer.expect(bottoms, 2)
    params = layer.params("detection_evaluate_param")
    background, sizes = params.integer("background_label_id"), _sizes(layer, params)
    found = [row for row in bottoms[0].reshape(-1, 7) if int(row[0]) != -1]
    true: list[Array] = []
    for row in bottoms[1].reshape(-1, 8):
        if int(row[0]) == -1:
            break
        true.append(row)
    if any(int(row[1]) == background for row in (*found, *true)):
        raise layer.error(f"a box has the background's label {background}")
    counted = [row for row in true if params.flag("evaluate_difficult_gt") or not row[7]]
    labels = [label for label in range(params.integer("num_classes")) if label != background]
    rows = [[-1.0, label, sum(int(row[1]) == label for row in counted), -1.0, -1.0] for label in labels]
    for image, item in enumerate(sorted({int(row[0]) for row in found})):
        size = sizes[image % len(sizes)] if sizes else None
        for label in sorted({int(row[1]) for row in found if int(row[0]) == item} - {-1}):
            own, boxes = (
                [row for row in every if (int(row[0]), int(row[1])) == (item, label)] for every in (found, true)
            )
            rows += _marks(params, own, boxes, size)
    return [np.array(rows, np.float64).reshape(1, 1, -1, 5)]
