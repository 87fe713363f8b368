"""NegReLU (FlowNet2's fork): y = min(x, 0) + negative_slope max(x, 0).

Source: src/caffe/layers/neg_relu_layer.cpp of lmb-freiburg/flownet2.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "NegReLU"
MESSAGES = ("relu_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    slope = layer.params("relu_param").real("negative_slope")
    return [np.minimum(bottoms[0], 0) + slope * np.maximum(bottoms[0], 0)]
