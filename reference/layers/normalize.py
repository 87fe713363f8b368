"""Normalize (SSD's fork): x over its L2 norm across channels, or across the whole item, times a learned scale.

The norm is sqrt(sum of squares + eps). Blob: scale (c,), or a single number with channel_shared.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer, Parameter

TYPE = "Normalize"
MESSAGES = ("norm_param",)
SUMS = True


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """The scale (c,) or (1,), 1 where no filler is named."""
    layer.expect(bottoms, 1)
    params = layer.params("norm_param")
    shape = () if params.flag("channel_shared") else (bottoms[0].shape[1],)
    return [Parameter(shape, params.message("scale_filler", "filler"), 1.0)]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, c, h, w); returns the same shape."""
    params, x = layer.params("norm_param"), bottoms[0]
    axes = tuple(range(1, x.ndim)) if params.flag("across_spatial") else (1,)
    norm = np.sqrt((x * x).sum(axis=axes, keepdims=True) + params.real("eps"))
    return [x / norm * blobs[0].reshape(-1, *(1,) * (x.ndim - 2))]
