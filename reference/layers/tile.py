"""Tile: the whole blob along an axis again and again, abc -> abcabc (src/caffe/layers/tile_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Tile"
MESSAGES = ("tile_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns it with one axis longer."""
    layer.expect(bottoms, 1)
    params = layer.params("tile_param")
    axis = layer.axis(params.integer("axis"), bottoms[0].ndim)
    if params.integer("tiles") < 1:
        raise layer.error(f"tiles is {params.integer('tiles')}; expected 1 or more")
    return [np.concatenate([bottoms[0]] * params.integer("tiles"), axis)]
