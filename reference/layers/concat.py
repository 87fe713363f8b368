"""Concat: bottoms one after the other along an axis, all other axes equal (src/caffe/layers/concat_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Concat"
MESSAGES = ("concat_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """bottoms: equal shapes but for one axis."""
    params = layer.params("concat_param")
    if params.has("axis") and params.has("concat_dim"):
        raise layer.error("sets axis and concat_dim; Caffe takes one of the two")
    value = params.integer("concat_dim" if params.has("concat_dim") else "axis")
    return [np.concatenate(bottoms, layer.axis(value, bottoms[0].ndim))]
