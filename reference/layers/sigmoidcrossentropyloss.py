"""SigmoidCrossEntropyLoss: max(x, 0) - x t + log(1 + e^-|x|), summed and divided by the normalizer.

Positions whose target is ignore_label do not count; BATCH_SIZE is the default normalizer.
Source: src/caffe/layers/sigmoid_cross_entropy_loss_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.losses import ignore_label, normalizer

TYPE = "SigmoidCrossEntropyLoss"
MESSAGES = ("loss_param", "sigmoid_param")
SUMS = True
EXPONENTIAL = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x, target: equal counts; returns the loss ()."""
    layer.expect(bottoms, 2)
    x, target, ignore = bottoms[0], bottoms[1].reshape(bottoms[0].shape), ignore_label(layer)
    counted = np.ones(x.shape, bool) if ignore is None else np.trunc(target) != ignore
    terms = np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x)))
    divisor = normalizer(layer, len(x), x.size // max(1, len(x)), int(counted.sum()), "BATCH_SIZE")
    return [terms[counted].sum() / divisor]
