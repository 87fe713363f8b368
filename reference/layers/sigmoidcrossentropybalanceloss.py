"""SigmoidCrossEntropyBalanceLoss (kmaninis/OSVOS-caffe): each label's cross entropy by the other label's share.

Source: caffe-osvos/src/caffe/layers/sigmoid_cross_entropy_balance_loss_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "SigmoidCrossEntropyBalanceLoss"
MESSAGES = ("loss_param", "sigmoid_param")
SUMS = True
EXPONENTIAL = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x, target: equal counts; returns the loss ()."""
    layer.expect(bottoms, 2)
    loss = 0.0
    for x, target in zip(*(bottom.reshape(len(bottoms[0]), -1) for bottom in bottoms), strict=True):
        costs = np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x)))
        ones, zeros = target == 1, target == 0
        both = ones.sum() + zeros.sum()
        loss += costs[ones].sum() * zeros.sum() / both + costs[zeros].sum() * ones.sum() / both
    return [np.asarray(loss / len(bottoms[0]))]
