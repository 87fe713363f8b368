"""SmoothL1LossOHEM (R-FCN's fork): d^2 / 2 where |d| < 1, else |d| - 1/2, summed; the second top sums channels only.

d is the difference, times the third bottom if there is one. Source: src/caffe/layers/smooth_l1_loss_ohem_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.losses import pre_fixed_normalizer

TYPE = "SmoothL1LossOHEM"
MESSAGES = ("loss_param",)
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x, target, weights: (n, c, h, w) or fewer axes; returns () and (n, 1, h, w)."""
    layer.expect(bottoms, 2, 3)
    items, channels = bottoms[0].shape[:2]
    places = (*bottoms[0].shape[2:], 1, 1)[:2]
    x, target = (bottom.reshape(items, channels, *places) for bottom in bottoms[:2])
    scale = bottoms[2].reshape(x.shape) if len(bottoms) == 3 else np.ones_like(x)
    size = np.abs(scale * (x - target))
    terms = np.where(size < 1, size * size / 2, size - 0.5)
    inner = places[0] * places[1]
    return [terms.sum() / pre_fixed_normalizer(layer, items, inner, items * inner), terms.sum(axis=1, keepdims=True)]
