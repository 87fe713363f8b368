"""SegAccuracy (DeepLab's fork): accuracy, mean accuracy of classes, mean intersection over union of one pass.

Source: src/caffe/layers/seg_accuracy_layer.cpp and src/caffe/util/confusion_matrix.cpp of hszhao/PSPNet. Of a tie the
later class is seen. The oracle knows no earlier passes, so that `reset` makes no difference.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "SegAccuracy"
MESSAGES = ("seg_accuracy_param",)
DISCONTINUOUS_FROM = 0
FIELDS = """
seg_accuracy_param: metric 0 enum(PixelAccuracy=0 ClassAccuracy=1 PixelIOU=2) = PixelAccuracy; ignore_label 0 int*; reset 0 bool = true
"""  # noqa: E501 (one line a message)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w), labels: (n, 1, h, w); returns (1, 1, 1, 3)."""
    layer.expect(bottoms, 2)
    params = layer.params("seg_accuracy_param")
    params.choice("metric")
    params.flag("reset")
    x, labels = bottoms
    classes = x.shape[1]
    if labels.shape != (len(x), 1, *x.shape[2:]):
        raise layer.error(f"has labels of shape {labels.shape} for scores of shape {x.shape}")
    confusion: dict[tuple[int, int], int] = {}
    for item, row, column in np.ndindex(len(x), *x.shape[2:]):
        label = int(labels[item, 0, row, column])
        if label in params.integers("ignore_label"):
            continue
        if not 0 <= label < classes:
            raise layer.error(f"has label {label} of {classes} classes")
        seen = max((score, index) for index, score in enumerate(x[item, :, row, column]))[1]
        confusion[label, seen] = confusion.get((label, seen), 0) + 1
    right = [confusion.get((label, label), 0) for label in range(classes)]
    meant = [sum(count for (label, _), count in confusion.items() if label == one) for one in range(classes)]
    taken = [sum(count for (_, seen), count in confusion.items() if seen == one) for one in range(classes)]
    recalls = [hits / count for hits, count in zip(right, meant, strict=True) if count]
    unions = [a + b - c for a, b, c in zip(meant, taken, right, strict=True)]
    overlaps = [hits / union if union != hits else 1 for hits, union in zip(right, unions, strict=True)]
    accuracy = sum(right) / sum(meant) if sum(meant) else 0
    recall = sum(recalls) / len(recalls) if recalls else 0
    return [np.array([accuracy, recall, sum(overlaps) / classes]).reshape(1, 1, 1, 3)]
