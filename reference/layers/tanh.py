"""TanH: y = tanh(x) (src/caffe/layers/tanh_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "TanH"
MESSAGES = ("tanh_param",)
EXPONENTIAL = True  # as of a sigmoid: near 0 an absolute error of a large bottom is one of the top, whose scale is 1


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    return [np.tanh(bottoms[0])]
