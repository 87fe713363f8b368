"""Dropout: the identity in phase TEST; TRAIN draws random numbers and is refused.

Source: src/caffe/layers/dropout_layer.cpp.
"""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Dropout"
MESSAGES = ("dropout_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    if layer.phase == "train":
        raise layer.error("draws random numbers in phase TRAIN, which cannot be drawn as Caffe drew them")
    return [bottoms[0]]
