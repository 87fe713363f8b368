"""Eltwise: product, weighted sum or maximum of equal shapes (src/caffe/layers/eltwise_layer.cpp).

FlowNet2's fork takes a single bottom, to scale it.
"""

from __future__ import annotations

import functools

import numpy as np

from reference.layer import Array, Layer

TYPE = "Eltwise"
MESSAGES = ("eltwise_param",)
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """bottoms: equal shapes; returns that shape."""
    params = layer.params("eltwise_param")
    operation, coefficients = params.choice("operation"), params.reals("coeff")
    layer.expect(bottoms, 1 if operation == "SUM" else 2, len(bottoms))
    if len({bottom.shape for bottom in bottoms}) != 1:
        raise layer.error(f"bottoms differ in shape: {[bottom.shape for bottom in bottoms]}")
    if coefficients and (operation == "PROD" or len(coefficients) != len(bottoms)):
        raise layer.error(f"has {len(coefficients)} coeff for {operation} of {len(bottoms)} bottoms")
    if operation == "SUM":
        terms = zip(coefficients or [1.0] * len(bottoms), bottoms, strict=True)
        return [functools.reduce(np.add, [factor * bottom for factor, bottom in terms])]
    if operation == "PROD":
        return [functools.reduce(np.multiply, bottoms)]
    best = np.where(bottoms[0] > bottoms[1], bottoms[0], bottoms[1])
    for bottom in bottoms[2:]:
        best = np.where(bottom > best, bottom, best)
    return [best]
