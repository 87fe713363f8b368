"""PSROIPooling (R-FCN's fork): the mean of each bin of a box's grid, each bin from channels of its own.

Bin (i, j) of output o reads channel (o g + i) g + j, g the grid's size. A box's corners are rounded, the far ones plus
one, then scaled; it is at least 0.1 wide. An empty bin gives 0; places are float32 (psroi_pooling_layer.cu of that
fork).
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.memory import check_size
from reference.regions import bin_slices, item_of, round_half_away

TYPE = "PSROIPooling"
MESSAGES = ("psroi_pooling_param",)
DISCONTINUOUS_FROM = 0
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, output_dim g g, h, w), boxes: (m, 5) in the image's pixels; returns (m, output_dim, g, g)."""
    layer.expect(bottoms, 2)
    params, x = layer.params("psroi_pooling_param"), bottoms[0]
    grid, outputs = params.integer("group_size"), params.integer("output_dim")
    if min(grid, outputs) < 1 or x.shape[1] != outputs * grid * grid:
        raise layer.error(f"has {x.shape[1]} channels; expected {outputs} times {grid} by {grid}")
    boxes, scale = bottoms[1].reshape(-1, 5), np.float32(params.real("spatial_scale"))
    check_size(len(boxes), outputs, grid, grid)
    top = np.zeros((len(boxes), outputs, grid, grid), x.dtype)
    for number, box in enumerate(boxes):
        left, upper, right, lower = np.array(round_half_away(box[1:]), np.float32) + np.array([0, 0, 1, 1], np.float32)
        spans_y = bin_slices(upper * scale, max((lower - upper) * scale, np.float32(0.1)), grid, x.shape[2])
        spans_x = bin_slices(left * scale, max((right - left) * scale, np.float32(0.1)), grid, x.shape[3])
        planes = x[item_of(layer, box, len(x))].reshape(outputs, grid, grid, *x.shape[2:])
        for row, column in np.ndindex(grid, grid):
            part = planes[:, row, column, spans_y[row], spans_x[column]]
            if part[0].size:
                top[number, :, row, column] = part.mean(axis=(1, 2))
    return [top]
