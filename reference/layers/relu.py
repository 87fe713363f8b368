"""ReLU: y = max(x, 0) + negative_slope min(x, 0) (src/caffe/layers/relu_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "ReLU"
MESSAGES = ("relu_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    y = np.minimum(bottoms[0], 0)
    y *= layer.params("relu_param").real("negative_slope")
    y += np.maximum(bottoms[0], 0)
    return [y]
