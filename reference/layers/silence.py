"""Silence: reads its bottoms so that they are no outputs; makes nothing (src/caffe/layers/silence_layer.cpp)."""

from __future__ import annotations

from reference.layer import Array, Layer

TYPE = "Silence"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """bottoms: any; returns nothing."""
    return []
