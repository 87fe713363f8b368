"""BNLL: y = log(1 + e^x), taken so that e^x never overflows (src/caffe/layers/bnll_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "BNLL"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    x = bottoms[0]
    return [np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))]
