"""Log: y = log_base(shift + scale x), base -1 meaning e (src/caffe/layers/log_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Log"
MESSAGES = ("log_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    params = layer.params("log_param")
    base = params.real("base")
    if base != -1 and (base <= 0 or base == 1):  # log 1 is 0, and Caffe divides by it
        raise layer.error(f"base is {base}; expected a positive number other than 1, or -1 for e")
    return [np.log(params.real("shift") + params.real("scale") * bottoms[0]) / (1.0 if base == -1 else np.log(base))]
