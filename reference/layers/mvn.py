"""MVN: each plane (or each item) less its mean, over its deviation plus eps (src/caffe/layers/mvn_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "MVN"
MESSAGES = ("mvn_param",)
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, ...); returns the same shape."""
    layer.expect(bottoms, 1)
    params = layer.params("mvn_param")
    x = bottoms[0]
    axes = tuple(range(1 if params.flag("across_channels") else 2, x.ndim))
    centered = x - x.mean(axis=axes, keepdims=True)
    if not params.flag("normalize_variance"):
        return [centered]
    deviation = np.sqrt((centered * centered).mean(axis=axes, keepdims=True))
    return [centered / (deviation + params.real("eps"))]
