"""BoxAnnotatorOHEM (R-FCN's fork): of each image the boxes of greatest loss keep their labels and weights.

Source: src/caffe/layers/box_annotator_ohem_layer.cu.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from reference.layer import Array, Layer

TYPE = "BoxAnnotatorOHEM"
MESSAGES = ("box_annotator_ohem_param",)
NOT_IN_PLACE = True
DISCONTINUOUS_FROM = 0
FIELDS = """
box_annotator_ohem_param: roi_per_img 0 int; ignore_label 0 int = -1
"""


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Regions (n, 5, h, w), losses and labels (n, 1, h, w), weights (n, c, h, w) -> labels and weights."""
    layer.expect(bottoms, 4)
    params = layer.params("box_annotator_ohem_param")
    regions, losses, labels, weights = (blob.reshape(*blob.shape, *[1] * (4 - blob.ndim)) for blob in bottoms)
    chosen_labels = np.full(labels.shape, float(params.integer("ignore_label")))
    chosen_weights = np.zeros(weights.shape)
    taken: Counter[int] = Counter()
    for index in np.argsort(-losses.ravel(), kind="stable"):
        item, _, row, column = np.unravel_index(index, losses.shape)
        image = int(regions[item, 0, row, column])
        if taken[image] < params.integer("roi_per_img"):
            taken[image] += 1
            chosen_labels[item, 0, row, column] = labels[item, 0, row, column]
            chosen_weights[item, :, row, column] = weights[item, :, row, column]
    return [chosen_labels, chosen_weights]
