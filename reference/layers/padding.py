"""Padding (DeepLab v1): zeros around maps, or as much cut off.

Source: src/caffe/layers/padding_layer.cpp of TheLegendAli/DeepLab-Context.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "Padding"
MESSAGES = ("padding_param",)
NOT_IN_PLACE = True
FIELDS = "padding_param: pad_beg 0 int = 0; pad_end 0 int = 0"


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w); returns (n, c, h + pad_beg + pad_end, w + pad_beg + pad_end)."""
    layer.expect(bottoms, 1)
    params = layer.params("padding_param")
    begin, end = params.integer("pad_beg"), params.integer("pad_end")
    n, c, height, width = bottoms[0].shape
    rows, columns = height + begin + end, width + begin + end
    if begin * end < 0 or min(rows, columns) < 1:
        raise layer.error(f"pads {begin} and {end} a blob of {bottoms[0].shape}")
    top = np.zeros((n, c, rows, columns))
    for row, column in np.ndindex(rows, columns):
        if 0 <= row - begin < height and 0 <= column - begin < width:
            top[:, :, row, column] = bottoms[0][:, :, row - begin, column - begin]
    return [top]
