"""Dropout: the identity in phase TEST; TRAIN draws random numbers and is refused.

Source: src/caffe/layers/dropout_layer.cpp. Without scale_train (rbgirshick/caffe-fast-rcnn) TEST multiplies by what
TRAIN keeps on average; sample_weights_test (alexgkendall/caffe-segnet) draws in TEST.
"""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Dropout"
MESSAGES = ("dropout_param",)
FIELDS = "dropout_param: scale_train 0 bool = true; sample_weights_test 0 bool = false"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    params = layer.params("dropout_param")
    if layer.phase == "train" or params.flag("sample_weights_test"):
        where = f"phase {layer.phase.upper()}"
        raise layer.error(f"draws random numbers in {where}, which cannot be drawn as Caffe drew them")
    return [bottoms[0] if params.flag("scale_train") else bottoms[0] * (1 - params.real("dropout_ratio"))]
