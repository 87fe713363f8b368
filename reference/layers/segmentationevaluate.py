"""SegmentationEvaluate (eric612/MobileNet-YOLO): the overlap of each class's map with its labels.

Source: src/caffe/layers/segmentation_evaluate_layer.cpp, which hands INTER_AREA to cv::resize in the place of a factor,
so that maps of another size are resized linearly: OpenCV's bytes, weights in 2048ths, imgproc/src/resize.cpp.
"""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer

TYPE = "SegmentationEvaluate"
MESSAGES = ("segmentation_evaluate_param",)
DISCONTINUOUS_FROM = 0
FIELDS = "segmentation_evaluate_param: num_classes 1 int; threshold 2 float = 0.5"


def _taps(source: int, target: int) -> list[tuple[int, int, int]]:
    """(low, high, high's weight) of each place."""
    found = []
    for place in range(target):
        at = min(max(float(np.float32((place + 0.5) * (source / target) - 0.5)), 0.0), source - 1.0)
        low = math.floor(at)
        found.append((low, min(low + 1, source - 1), round((at - low) * 2048)))
    return found


def _resized(plane: Array, height: int, width: int) -> Array:
    cut = [[int(value * 255) % 256 for value in row] for row in plane]
    columns, rows = _taps(plane.shape[1], width), _taps(plane.shape[0], height)
    wide = [[row[low] * (2048 - w) + row[high] * w for low, high, w in columns] for row in cut]
    result = np.zeros((height, width))
    for y, (low, high, w) in enumerate(rows):
        for x in range(width):
            parts = ((2048 - w) * (wide[low][x] >> 4)) >> 16, (w * (wide[high][x] >> 4)) >> 16
            result[y, x] = (sum(parts) + 2) >> 2
    return result


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Probabilities (n, c, h, w), labels (n, c, H, W) -> (1, 1, 1, c), of the first item."""
    layer.expect(bottoms, 2)
    threshold = layer.params("segmentation_evaluate_param").real("threshold")
    layer.params("segmentation_evaluate_param").integer("num_classes")
    found = []
    for plane, wanted in zip(bottoms[0][0], bottoms[1][0], strict=True):
        resized = plane.shape != wanted.shape
        seen = _resized(plane, *wanted.shape) > int(threshold * 255) if resized else plane > threshold
        true = wanted > threshold
        common = int((seen & true).sum())
        nothing = -1.0 if resized and not true.any() else 0.0
        found.append(common / int((seen | true).sum()) if common else nothing)
    return [np.array(found, np.float64).reshape(1, 1, 1, -1)]
