"""Reduction: SUM, ASUM, SUMSQ or MEAN over the axes from `axis` on, times coeff.

Source: src/caffe/layers/reduction_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.axes import joined
from reference.layer import Array, Layer

TYPE = "Reduction"
MESSAGES = ("reduction_param",)
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns its axes before `axis`."""
    layer.expect(bottoms, 1)
    params = layer.params("reduction_param")
    axis = layer.axis(params.integer("axis"), bottoms[0].ndim)
    x = joined(bottoms[0], axis)
    operation = params.choice("operation")
    if operation == "ASUM":
        x = np.abs(x)
    elif operation == "SUMSQ":
        x = x * x
    total = x.mean(axis=-1) if operation == "MEAN" else x.sum(axis=-1)
    return [np.asarray(params.real("coeff") * total)]
