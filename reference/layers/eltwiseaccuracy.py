"""EltwiseAccuracy (DeconvNet's fork): the share of pixels whose label is among the top_k; of a tie the later is first.

Source: src/caffe/layers/eltwise_accuracy_layer.cpp of HyeonwooNoh/caffe.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "EltwiseAccuracy"
MESSAGES = ("eltwise_accuracy_param",)
DISCONTINUOUS_FROM = 0
FIELDS = """
eltwise_accuracy_param: top_k 0 int = 1; ignore_label 0 int; use_label 0 int
"""


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w), labels: (n, 1, h, w); returns (1, 1, 1, 1)."""
    layer.expect(bottoms, 2)
    params = layer.params("eltwise_accuracy_param")
    x, labels = bottoms
    if params.integer("top_k") > x.shape[1]:
        raise layer.error(f"top_k is {params.integer('top_k')}; there are {x.shape[1]} classes")
    hits = total = 0
    for item, row, column in np.ndindex(x.shape[0], *x.shape[2:]):
        label = int(labels[item, 0, row, column])
        if params.has("use_label") and label != params.integer("use_label"):
            continue
        if params.has("ignore_label") and label == params.integer("ignore_label"):
            continue
        pairs = sorted(zip(x[item, :, row, column].tolist(), range(x.shape[1]), strict=True), reverse=True)
        hits += label in [index for _, index in pairs[: params.integer("top_k")]]
        total += 1
    return [np.full((1, 1, 1, 1), hits / total if total else np.nan)]
