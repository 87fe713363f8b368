"""YoloSeg (eric612/MobileNet-YOLO): squares of what maps of several classes lack, src/caffe/layers/yolo_seg.cpp."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.yolo import sigmoid

TYPE = "YoloSeg"
MESSAGES = ("yolo_seg_param",)
SUMS = True
EXPONENTIAL = True
FIELDS = """
yolo_seg_param: num_class 1 int = 0; object_scale 2 float = 5; class_scale 3 float = 1; use_logic_gradient 4 bool = false; use_hardsigmoid 5 bool = false
"""  # noqa: E501 (one line a message)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Scores and labels (n, c, h, w), areas of labels (n, c); returns ()."""
    layer.expect(bottoms, 3)
    scores, labels, areas = bottoms
    if scores.shape != labels.shape or areas.size != scores.shape[0] * scores.shape[1]:
        raise layer.error(f"has bottoms of shapes {[bottom.shape for bottom in bottoms]}")
    items, classes = scores.shape[:2]
    pixels, scale, total = scores[0, 0].size, layer.params("yolo_seg_param").real("object_scale"), 0.0
    for label in range(classes):
        own = [float(value) for value in areas.reshape(items, classes)[:, label]]
        rare = 2 - sum(own) / sum(pixels - value for value in own)
        for score, wanted in zip(scores[:, label].ravel(), labels[:, label].ravel(), strict=True):
            lacking = (sigmoid(float(score)) - wanted) * scale * (rare if wanted > 0.5 else 1)
            total += float(lacking**2)
    return [np.asarray(total / items)]
