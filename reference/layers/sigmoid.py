"""Sigmoid: y = tanh(x / 2) / 2 + 1 / 2 (src/caffe/layers/sigmoid_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Sigmoid"
MESSAGES = ("sigmoid_param",)
EXPONENTIAL = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    return [0.5 * np.tanh(0.5 * bottoms[0]) + 0.5]
