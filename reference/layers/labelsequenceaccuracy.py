"""LabelsequenceAccuracy (yalecyu/crnn.caffe): sequences whose best path is their label.

Source: src/caffe/layers/labelsequence_accuracy_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "LabelsequenceAccuracy"
MESSAGES = ("labelsequence_accuracy_param",)
DISCONTINUOUS_FROM = 0
FIELDS = "labelsequence_accuracy_param: blank_label 1 int = 0"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Scores (n, t, c), labels (n, l) -> ()."""
    layer.expect(bottoms, 2)
    blank, right = layer.params("labelsequence_accuracy_param").integer("blank_label"), 0
    for scores, labels in zip(bottoms[0], bottoms[1].reshape(len(bottoms[1]), -1), strict=True):
        read, last = [], blank
        for step in scores:
            best = int(np.argmax(step))
            read += [best] if best not in (last, blank) else []
            last = best
        right += read == [int(label) for label in labels if label != blank]
    return [np.asarray(right / len(bottoms[0]))]
