"""Concat: bottoms one after the other along an axis, all other axes equal (src/caffe/layers/concat_layer.cpp).

Intel's per_fla_fuse stands for Permute to (n, h, w, c) and Flatten of each bottom before that, along axis 1.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Concat"
MESSAGES = ("concat_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """bottoms: equal shapes but for one axis; with per_fla_fuse (n, c, h, w), the top (n, values, 1, 1)."""
    params = layer.params("concat_param")
    if params.has("axis") and params.has("concat_dim"):
        raise layer.error("sets axis and concat_dim; Caffe takes one of the two")
    value = params.integer("concat_dim" if params.has("concat_dim") else "axis")
    axis = layer.axis(value, bottoms[0].ndim)
    if axis == 1 and params.flag("per_fla_fuse"):
        if any(bottom.ndim != 4 or len(bottom) != len(bottoms[0]) for bottom in bottoms):
            raise layer.error("has bottoms that are not maps of as many items; per_fla_fuse flattens maps")
        rows = [np.moveaxis(bottom, 1, 3).reshape(len(bottom), -1) for bottom in bottoms]
        return [np.hstack(rows)[:, :, None, None]]
    return [np.concatenate(bottoms, axis)]
