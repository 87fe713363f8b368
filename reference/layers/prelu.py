"""PReLU: y = max(x, 0) + a min(x, 0), a learned for each channel, or once. Blob: slope (c,), or a single number.

Source: src/caffe/layers/prelu_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer, Parameter

TYPE = "PReLU"
MESSAGES = ("prelu_param",)
AXES_OF_ONE = True


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """The slopes (c,), or (1,) shared; 0.25 where no filler is named."""
    layer.expect(bottoms, 1)
    params = layer.params("prelu_param")
    if bottoms[0].ndim < 2:
        raise layer.error(f"the bottom has {bottoms[0].ndim} axes; expected 2 or more")
    shape = () if params.flag("channel_shared") else (bottoms[0].shape[1],)
    return [Parameter(shape, params.message("filler", "filler"), 0.25)]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, ...); returns the same shape."""
    x = bottoms[0]
    slope = blobs[0].reshape(-1, *(1,) * (x.ndim - 2))
    return [np.maximum(x, 0) + slope * np.minimum(x, 0)]
