"""SeLuDropout (synopsys-caffe writes SeLUDropout): nothing in phase TEST; in TRAIN it draws, which the oracle does not.

Source: src/caffe/layers/selu_dropout_layer.cpp of foss-for-synopsys-dwc-arc-processors/synopsys-caffe.
"""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "SeLuDropout"
ALSO = ("SeLUDropout",)
MESSAGES = ("selu_dropout_param",)
FIELDS = "selu_dropout_param: dropout_ratio 0 float = 0.1; alpha 0 float = -1.75809934"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns it."""
    layer.expect(bottoms, 1)
    if layer.phase == "train":
        raise layer.error("draws in phase train; the oracle runs it in phase test alone")
    return [bottoms[0]]
