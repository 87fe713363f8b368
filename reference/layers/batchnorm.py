"""BatchNorm: (x - mean) / sqrt(var + eps) for each channel, no scale or bias of its own.

Blobs: summed mean (c,), summed variance (c,), the number they were summed by (1,); 0 of that means mean 0 and variance
0. With use_global_stats (default in phase TEST) the stored statistics count, otherwise the batch's own, variance over
m. Source: src/caffe/layers/batch_norm_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer, Parameter
from reference.params import Params

TYPE = "BatchNorm"
MESSAGES = ("batch_norm_param",)
BLOBS = ("running_mean", "running_var", "scale_factor")
OLDER_BLOBS = ("mean", "variance", "scale_factor")


def from_state(blobs: list[Array]) -> list[Array]:
    """A state dict's statistics, which are divided by the factor -> Caffe's sums."""
    return [blobs[0] * blobs[2], blobs[1] * blobs[2], blobs[2]] if len(blobs) == 3 else blobs


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """Mean, variance and their factor, all zeros at first."""
    layer.expect(bottoms, 1)
    channels = bottoms[0].shape[1] if bottoms[0].ndim > 1 else 1
    empty = Params("filler", [], layer.where, layer.path)
    return [Parameter((channels,), empty), Parameter((channels,), empty), Parameter((1,), empty)]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, c, ...); returns the same shape."""
    params = layer.params("batch_norm_param")
    x = bottoms[0].reshape(len(bottoms[0]), blobs[0].size, -1)
    use_stored = params.flag("use_global_stats") if params.has("use_global_stats") else layer.phase == "test"
    if use_stored:
        total = blobs[2].astype(x.dtype)[0]
        factor = 0 if total == 0 else 1 / total
        mean, variance = (blob.astype(x.dtype)[:, None] * factor for blob in blobs[:2])
    else:
        mean = x.mean(axis=(0, 2))[:, None]
        variance = ((x - mean) ** 2).mean(axis=(0, 2))[:, None]
    return [((x - mean) / np.sqrt(variance + params.real("eps"))).reshape(bottoms[0].shape)]
