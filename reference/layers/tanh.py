"""TanH: y = tanh(x) (src/caffe/layers/tanh_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "TanH"
MESSAGES = ("tanh_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    return [np.tanh(bottoms[0])]
