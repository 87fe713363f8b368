"""Exp: y = base^(shift + scale x), base -1 meaning e (src/caffe/layers/exp_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Exp"
MESSAGES = ("exp_param",)
EXPONENTIAL = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    params = layer.params("exp_param")
    base = params.real("base")
    if base != -1 and base <= 0:
        raise layer.error(f"base is {base}; expected a positive number, or -1 for e")
    return [np.exp((1.0 if base == -1 else np.log(base)) * (params.real("shift") + params.real("scale") * bottoms[0]))]
