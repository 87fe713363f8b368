"""ArgMax: the places of the top_k largest, the later of equals first (src/caffe/layers/argmax_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.axes import joined
from reference.layer import Array, Layer

TYPE = "ArgMax"
MESSAGES = ("argmax_param",)
DISCONTINUOUS_FROM = 0


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, ...); returns top_k entries along `axis`; without axis (n, 1, top_k), with values (n, 2, top_k)."""
    layer.expect(bottoms, 1)
    params = layer.params("argmax_param")
    x, count, values = bottoms[0], params.integer("top_k"), params.flag("out_max_val")
    along = layer.axis(params.integer("axis"), x.ndim) if params.has("axis") else None
    lines = np.moveaxis(x, along, -1) if along is not None else joined(x, 1)
    if not 1 <= count <= lines.shape[-1]:
        raise layer.error(f"top_k is {count}; expected 1 to {lines.shape[-1]}")
    places = lines.shape[-1] - 1 - np.argsort(-lines[..., ::-1], axis=-1, kind="stable")[..., :count]
    best = np.take_along_axis(lines, places, -1)
    if along is not None:
        return [np.moveaxis(best if values else places.astype(x.dtype), -1, along)]
    both = np.stack([places.astype(x.dtype), best], 1) if values else places[:, None].astype(x.dtype)
    return [both.reshape(both.shape + (1,) * (x.ndim - 3))]
