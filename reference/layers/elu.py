"""ELU: y = max(x, 0) + alpha (e^min(x, 0) - 1) (src/caffe/layers/elu_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "ELU"
MESSAGES = ("elu_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    x = bottoms[0]
    return [np.maximum(x, 0) + layer.params("elu_param").real("alpha") * (np.exp(np.minimum(x, 0)) - 1)]
