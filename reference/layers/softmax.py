"""Softmax along an axis, default 1 (src/caffe/layers/softmax_layer.cpp)."""

from __future__ import annotations

from reference.layer import Array, Layer
from reference.losses import softmax

TYPE = "Softmax"
MESSAGES = ("softmax_param",)
SUMS = True
EXPONENTIAL = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    axis = layer.axis(layer.params("softmax_param").integer("axis"), bottoms[0].ndim)
    return [softmax(bottoms[0], axis)]
