"""Swish: y = x sigmoid(beta x) (src/caffe/layers/swish_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Swish"
MESSAGES = ("swish_param",)
EXPONENTIAL = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    x = bottoms[0]
    return [x * (0.5 * np.tanh(0.5 * layer.params("swish_param").real("beta") * x) + 0.5)]
