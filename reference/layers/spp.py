"""SPP, spatial pyramid pooling: level l pools a plane into 2^l by 2^l bins; levels flattened and joined.

Kernel and stride are ceil(size / bins), the pad half of what they overshoot, rounded up. One level alone stays
unflattened. Source: src/caffe/layers/spp_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.axes import joined
from reference.geometry import Window, pooled_size
from reference.layer import Array, Layer
from reference.pool import average, maximum

TYPE = "SPP"
MESSAGES = ("spp_param",)
SUMS = True


def _window(sizes: tuple[int, ...], bins: int) -> Window:
    kernel = tuple(-(-size // bins) for size in sizes)
    pad = tuple((k * bins - size + 1) // 2 for k, size in zip(kernel, sizes, strict=True))
    return Window(kernel, kernel, pad, (1, 1))


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w); returns (n, c * (1 + 4 + 16 + ...))."""
    layer.expect(bottoms, 1)
    params, x = layer.params("spp_param"), bottoms[0]
    height, method = params.integer("pyramid_height"), params.choice("pool")
    if method == "STOCHASTIC" or not 1 <= height <= 12:
        raise layer.error(f"pools {method} in {height} levels; expected MAX or AVE in 1 to 12 levels")
    levels = []
    for level in range(height):
        window = _window(x.shape[2:], 2**level)
        if any(pad >= kernel for pad, kernel in zip(window.pad, window.kernel, strict=True)):
            raise layer.error(f"level {level} pads a plane of {x.shape[2:]} by as much as its kernel {window.kernel}")
        sizes = pooled_size(window, x.shape[2:])
        levels.append(average(x, window, sizes) if method == "AVE" else maximum(x, window, sizes)[0])
    if height == 1:
        return levels
    return [np.concatenate([joined(level, 1) for level in levels], axis=1)]
