"""Correlation (FlowNet's fork): patches of one map compared with displaced ones of another, a channel a displacement.

Patch centers lie stride_1 apart, max_displacement and half a kernel from the edge of the maps with `pad` zeros around.
Channel (p, o) is the mean of first[y, x] second[y + stride_2 p, x + stride_2 o], or of the magnitude of their
difference (SUBTRACT), over patch and channels. Source: src/caffe/layers/correlation_layer.cu of lmb-freiburg/flownet2.
"""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer
from reference.memory import check_size

TYPE = "Correlation"
MESSAGES = ("correlation_param",)
SUMS = True
FIELDS = """
correlation_param: pad 0 int = 0; kernel_size 0 int; max_displacement 0 int; stride_1 0 int = 1; stride_2 0 int = 1; single_direction 0 int = 0; do_abs 0 bool = false; correlation_type 0 enum(MULTIPLY=0 SUBTRACT=1) = MULTIPLY
"""  # noqa: E501 (one line a message)


def correlate(layer: Layer, bottoms: list[Array], rows: range, columns: range, tall: int) -> Array:
    """The means for displacements rows by columns, in steps of stride_2; `tall` is how far they reach up and down."""
    layer.expect(bottoms, 2)
    if bottoms[0].shape != bottoms[1].shape or bottoms[0].ndim != 4:
        raise layer.error(f"compares shapes {bottoms[0].shape} and {bottoms[1].shape}; expected equal ones of 4 axes")
    params = layer.params("correlation_param")
    size, wide, pad = params.integer("kernel_size"), params.integer("max_displacement"), params.integer("pad")
    stride, step = params.integer("stride_1"), params.integer("stride_2")
    if size % 2 == 0 or min(stride, step) < 1:
        raise layer.error(f"kernel_size {size}, stride_1 {stride}, stride_2 {step}; expected an odd one and 1 or more")
    beyond = max(0, -step * min(columns) - wide)  # zeros that a lone direction to the left reads, wider than the pad
    around = ((0, 0), (0, 0), (pad,) * 2 if tall else (0, 0), (pad + beyond, pad))
    first, second = (np.pad(bottom, around) for bottom in bottoms)
    n, c, height, width = first.shape
    across = math.ceil((width - beyond - 2 * wide - size + 1) / stride)
    down = math.ceil((height - 2 * tall - size + 1) / stride)
    if min(across, down) < 1:
        raise layer.error(f"a {size}x{size} patch displaced by {wide} does not fit into {height}x{width - beyond}")
    check_size(n, len(rows), len(columns), down, across)
    top = np.zeros((n, len(rows) * len(columns), down, across), first.dtype)
    subtract = params.choice("correlation_type") == "SUBTRACT"
    for y, x in np.ndindex(down, across):
        upper, left = y * stride + tall, x * stride + wide + beyond
        patch = first[:, :, upper : upper + size, left : left + size]
        for channel, (p, o) in enumerate((p, o) for p in rows for o in columns):
            at_y, at_x = upper + step * p, left + step * o
            other = second[:, :, at_y : at_y + size, at_x : at_x + size]
            top[:, channel, y, x] = (np.abs(patch - other) if subtract else patch * other).sum(axis=(1, 2, 3))
    return np.asarray(top / (size * size * c))


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Two maps (n, c, h, w); returns (n, d d, h_out, w_out), d = 2 (max_displacement // stride_2) + 1."""
    params = layer.params("correlation_param")
    radius = params.integer("max_displacement") // max(1, params.integer("stride_2"))
    span = range(-radius, radius + 1)
    return [correlate(layer, bottoms, span, span, params.integer("max_displacement"))]
