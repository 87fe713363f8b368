"""Clip: y = max(min, min(x, max)), both bounds required (src/caffe/layers/clip_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Clip"
MESSAGES = ("clip_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    params = layer.params("clip_param")
    return [np.maximum(params.real("min"), np.minimum(bottoms[0], params.real("max")))]
