"""Bias: adds a blob, learned or the second bottom, spread over the axes before and after its own.

Blobs: one of the bottom's axes [axis, axis + num_axes); num_axes -1 reaches to the end, 0 is a single number.
Source: src/caffe/layers/bias_layer.cpp.
"""

from __future__ import annotations

from reference.layer import Array, Layer, Parameter
from reference.layers.scale import shape_from_axis, spread

TYPE = "Bias"
MESSAGES = ("bias_param",)
BLOBS = ("bias",)


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """None where the second bottom is the term."""
    layer.expect(bottoms, 1, 2)
    params = layer.params("bias_param")
    shape = shape_from_axis(layer, params, bottoms[0])
    return [] if len(bottoms) == 2 else [Parameter(shape, params.message("filler", "filler"))]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: any shape; returns the same shape."""
    term = bottoms[1] if len(bottoms) == 2 else blobs[0]
    return [bottoms[0] + spread(layer, layer.params("bias_param"), term, bottoms[0])]
