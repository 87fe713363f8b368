"""Slice: cuts a blob along an axis at slice_point, or into equal parts (src/caffe/layers/slice_layer.cpp)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from reference.layer import Array, Layer

TYPE = "Slice"
MESSAGES = ("slice_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns one part a top."""
    layer.expect(bottoms, 1)
    params = layer.params("slice_param")
    if params.has("axis") and params.has("slice_dim"):
        raise layer.error("sets axis and slice_dim; Caffe takes one of the two")
    value = params.integer("slice_dim" if params.has("slice_dim") else "axis")
    axis = layer.axis(value, bottoms[0].ndim)
    points, parts, extent = params.integers("slice_point"), len(layer.tops), bottoms[0].shape[axis]
    if points:
        steps = [0, *points, extent]
        if len(points) != parts - 1 or any(a >= b for a, b in pairwise(steps)):
            raise layer.error(f"slice_point {points} does not cut {extent} into {parts} parts")
    elif extent % parts:
        raise layer.error(f"axis {axis} has {extent}; that does not divide into {parts} equal parts")
    return list(np.split(bottoms[0], points or parts, axis))
