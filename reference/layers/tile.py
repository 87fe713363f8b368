"""Tile: the whole blob along an axis again and again, abc -> abcabc (src/caffe/layers/tile_layer.cpp)."""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.memory import LARGEST_COUNT, check_size

TYPE = "Tile"
MESSAGES = ("tile_param",)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: any shape; returns it with one axis longer."""
    layer.expect(bottoms, 1)
    params = layer.params("tile_param")
    axis = layer.axis(params.integer("axis"), bottoms[0].ndim)
    tiles = params.integer("tiles")
    if not 1 <= tiles <= LARGEST_COUNT // max(1, bottoms[0].size):
        raise layer.error(f"tiles is {tiles}; expected 1 or more, for at most {LARGEST_COUNT} numbers in all")
    check_size(tiles, bottoms[0].size)
    return [np.concatenate([bottoms[0]] * tiles, axis)]
