"""ROIPooling (Fast R-CNN's fork): the largest value in each bin of a box's grid, 0 for a bin without a pixel.

A box (item, left, top, right, bottom) is scaled and rounded half away from zero; both ends count. Bins are rounded
outwards and cut at the edge; places are float32, as in the original (src/caffe/layers/roi_pooling_layer.cpp of that
fork).
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.memory import check_size
from reference.regions import bin_slices, item_of, round_half_away

TYPE = "ROIPooling"
MESSAGES = ("roi_pooling_param",)
DISCONTINUOUS_FROM = 0


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w), boxes: (m, 5) in the image's pixels; returns (m, c, pooled_h, pooled_w)."""
    layer.expect(bottoms, 2)
    params, x = layer.params("roi_pooling_param"), bottoms[0]
    rows, columns, scale = params.integer("pooled_h"), params.integer("pooled_w"), params.real("spatial_scale")
    if min(rows, columns) < 1:
        raise layer.error(f"pools to {rows} by {columns}; expected 1 or more each")
    boxes = bottoms[1].reshape(-1, 5)
    check_size(len(boxes), x.shape[1], rows, columns)
    top = np.zeros((len(boxes), x.shape[1], rows, columns), x.dtype)
    for number, box in enumerate(boxes):
        left, upper, right, lower = round_half_away(box[1:].astype(np.float32) * np.float32(scale))
        spans_y = bin_slices(upper, np.float32(max(lower - upper + 1, 1)), rows, x.shape[2])
        spans_x = bin_slices(left, np.float32(max(right - left + 1, 1)), columns, x.shape[3])
        plane = x[item_of(layer, box, len(x))]
        for row, column in np.ndindex(rows, columns):
            part = plane[:, spans_y[row], spans_x[column]]
            if part.size:
                top[number, :, row, column] = part.max(axis=(1, 2))
    return [top]
