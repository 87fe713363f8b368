"""Reverse (text-recognition forks): the entries along an axis, default 0, back to front."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Reverse"
MESSAGES = ("reverse_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    axis = layer.axis(layer.params("reverse_param").integer("axis"), bottoms[0].ndim)
    return [np.flip(bottoms[0], axis)]
