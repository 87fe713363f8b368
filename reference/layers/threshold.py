"""Threshold: 1 where x > t, else 0 (src/caffe/layers/threshold_layer.cpp)."""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Threshold"
MESSAGES = ("threshold_param",)
DISCONTINUOUS_FROM = 0


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    return [(bottoms[0] > layer.params("threshold_param").real("threshold")).astype(bottoms[0].dtype)]
