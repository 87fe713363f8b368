"""Split: every top is the bottom (src/caffe/layers/split_layer.cpp)."""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Split"
NOT_IN_PLACE = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same shape."""
    layer.expect(bottoms, 1)
    return [bottoms[0]] * len(layer.tops)
