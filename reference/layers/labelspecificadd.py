"""LabelSpecificAdd (AM-Softmax): in phase train the bias is added to the true class's score, if that is above -bias.

Source: src/caffe/layers/label_specific_add_layer.cpp of zhanglaplace/Caffe-ZF.
"""

from __future__ import annotations

from reference.layer import Array, Layer
from reference.losses import as_labels

TYPE = "LabelSpecificAdd"
MESSAGES = ("label_specific_add_param",)
DISCONTINUOUS_FROM = 0
FIELDS = "label_specific_add_param: bias 0 float = 0; transform_test 0 bool = false"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, ...), labels: n numbers; returns x's shape."""
    layer.expect(bottoms, 2)
    x = bottoms[0].copy()
    if layer.phase != "train":
        return [x]
    bias, flat = layer.params("label_specific_add_param").real("bias"), x.reshape(len(x), -1)
    for row, label in zip(flat, as_labels(layer, bottoms[1], len(x), flat.shape[1], None), strict=True):
        row[label] += bias if row[label] > -bias else 0
    return [x]
