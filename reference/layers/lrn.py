"""LRN, local response normalization, over neighboring channels or over a square in each plane.

ACROSS_CHANNELS: y = x (k + alpha / n sum x_j^2)^-beta over n channels around each, zeros beyond the ends.
WITHIN_CHANNEL: y = x (1 + alpha mean x_j^2)^-beta over an n by n square, zeros beyond the edge; k does not count.
Source: src/caffe/layers/lrn_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.geometry import Window
from reference.layer import Array, Layer
from reference.memory import check_size
from reference.pool import average

TYPE = "LRN"
MESSAGES = ("lrn_param",)
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w); returns the same shape."""
    layer.expect(bottoms, 1)
    params, x = layer.params("lrn_param"), bottoms[0]
    size, alpha, beta = params.integer("local_size"), params.real("alpha"), params.real("beta")
    if size < 1 or size % 2 == 0 or x.ndim != 4:
        raise layer.error(f"local_size is {size} on {x.ndim} axes; expected an odd number on 4 axes")
    if params.choice("norm_region") == "WITHIN_CHANNEL":
        window = Window((size, size), (1, 1), (size // 2, size // 2), (1, 1))
        return [x * (1 + alpha * average(x * x, window, x.shape[2:])) ** -beta]
    half = min(size // 2, x.shape[1])  # beyond that there is nothing to add
    check_size(len(x), x.shape[1] + 2 * half, *x.shape[2:])
    squares = np.pad(x * x, ((0, 0), (half, half), (0, 0), (0, 0)))
    total = np.zeros_like(x)
    for offset in range(2 * half + 1):
        total += squares[:, offset : offset + x.shape[1]]
    return [x * (params.real("k") + alpha / size * total) ** -beta]
