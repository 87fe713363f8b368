"""Flatten: merges the axes from `axis` to `end_axis`, both included (src/caffe/layers/flatten_layer.cpp)."""

from __future__ import annotations

import math

from reference.layer import Array, Layer

TYPE = "Flatten"
NOT_IN_PLACE = True
MESSAGES = ("flatten_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns the same numbers in fewer axes."""
    layer.expect(bottoms, 1)
    params = layer.params("flatten_param")
    shape = bottoms[0].shape
    first = layer.axis(params.integer("axis"), len(shape))
    last = layer.axis(params.integer("end_axis"), len(shape), "end_axis")
    if last < first - 1:  # one before it merges nothing: Caffe makes a new axis of one
        raise layer.error(f"end_axis {last} lies before axis {first}")
    return [bottoms[0].reshape(*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :])]
