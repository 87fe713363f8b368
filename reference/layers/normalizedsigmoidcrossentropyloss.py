"""NormalizedSigmoidCrossEntropyLoss: sigmoid cross entropy over n h w, or weighed by item and class, undivided.

Source: src/caffe/layers/normalized_sigmoid_cross_entropy_loss_layer.cpp of feiyunzhang/caffe and Hexiang-Hu/caffe.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.losses import ignore_label

TYPE = "NormalizedSigmoidCrossEntropyLoss"
MESSAGES = ("loss_param",)
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, c, h, w), target: as many values, weights: (n, c); returns ()."""
    layer.expect(bottoms, 2, 3)
    x, ignore = bottoms[0], ignore_label(layer)
    if x.ndim != 4 or bottoms[1].size != x.size:
        raise layer.error(f"scores have shape {x.shape}, targets {bottoms[1].shape}; expected (n, c, h, w) and as many")
    target = bottoms[1].reshape(x.shape)
    terms = np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x)))
    if len(bottoms) == 2:
        counted = np.ones(x.shape, bool) if ignore is None else np.trunc(target) != ignore
        return [terms[counted].sum() / (len(x) * x.shape[2] * x.shape[3])]
    if ignore is not None or bottoms[2].size != x.shape[0] * x.shape[1]:
        raise layer.error(f"weights have shape {bottoms[2].shape}, ignore_label is {ignore}; expected (n, c) and none")
    return [(terms * bottoms[2].reshape(*x.shape[:2], 1, 1)).sum()]
