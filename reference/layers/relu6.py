"""ReLU6 (MobileNet forks of Caffe): y = min(max(x, 0), 6) + negative_slope min(x, 0)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "ReLU6"
MESSAGES = ("relu_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    slope = layer.params("relu_param").real("negative_slope")
    return [np.clip(bottoms[0], 0, 6) + slope * np.minimum(bottoms[0], 0)]
