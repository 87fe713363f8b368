"""Power: y = (shift + scale x)^power; constant where scale or power is 0 (src/caffe/layers/power_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Power"
MESSAGES = ("power_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    params = layer.params("power_param")
    power, scale, shift = params.real("power"), params.real("scale"), params.real("shift")
    if power * scale == 0:
        return [np.full_like(bottoms[0], 1.0 if power == 0 else shift**power)]
    base = shift + scale * bottoms[0]
    return [base if power == 1 else base**power]
