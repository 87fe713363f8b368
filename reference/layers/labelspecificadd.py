"""LabelSpecificAdd (AM-Softmax): in phase train the bias is added to the true class's score, if that is above -bias.

In happynear/caffe-windows it may fall with the passes; that of the first is the oracle's.
Source: src/caffe/layers/label_specific_add_layer.cpp of zhanglaplace/Caffe-ZF, label_specific_add.cpp of the other.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.losses import as_labels

TYPE = "LabelSpecificAdd"
MESSAGES = ("label_specific_add_param",)
DISCONTINUOUS_FROM = 0
FIELDS = """
label_specific_add_param: bias 0 float = 0; transform_test 0 bool = false; bias_base 0 float = 0; bias_gamma 0 float = 0; bias_power 0 float = 1; bias_min 0 float = 0; bias_max 0 float = 0; iteration 0 int = 0
"""  # noqa: E501 (one line a message)


def _first_bias(layer: Layer) -> float:
    """Of the first pass in training."""
    params = layer.params("label_specific_add_param")
    if not params.has("bias_base"):
        return params.real("bias")
    grown = (1 + params.real("bias_gamma") * params.integer("iteration")) ** params.real("bias_power")
    return float(min(max(params.real("bias_base") + grown - 1, params.real("bias_min")), params.real("bias_max")))


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, ...), labels: n numbers; returns x's shape, and the bias (1,)."""
    layer.expect(bottoms, 2)
    x = bottoms[0].copy()
    bias = _first_bias(layer) if layer.phase == "train" else 0.0
    if layer.phase == "train":
        flat = x.reshape(len(x), -1)
        for row, label in zip(flat, as_labels(layer, bottoms[1], len(x), flat.shape[1], None), strict=True):
            row[label] += bias if row[label] > -bias else 0
    tops: list[Array] = [x, np.array([bias], x.dtype)]
    return tops[: len(layer.tops)]
