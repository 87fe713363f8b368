"""SmoothL1Loss (Fast R-CNN's and SSD's forks): with s = sigma^2, s d^2 / 2 where |d| < 1 / s, else |d| - 1 / (2 s).

d is the difference times the third bottom, if any; the fourth weighs each term. The sum is divided by the number of
items. With a second top, or a normalization, it is what daijifeng001/caffe-rfcn has under this name (R-FCN).
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.layers import smoothl1lossohem

TYPE = "SmoothL1Loss"
MESSAGES = ("smooth_l1_loss_param", "loss_param")
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x, target, inner weight, outer weight: (n, ...) each; returns ()."""
    loss = layer.params("loss_param")
    if len(layer.tops) > 1 or any(map(loss.has, ("normalization", "normalize", "pre_fixed_normalizer"))):
        return smoothl1lossohem.forward(layer, bottoms, blobs)
    layer.expect(bottoms, 2, 4)
    square = layer.params("smooth_l1_loss_param").real("sigma") ** 2
    difference = bottoms[0] - bottoms[1].reshape(bottoms[0].shape)
    if len(bottoms) > 2:
        difference = difference * bottoms[2].reshape(difference.shape)
    size = np.abs(difference)
    terms = np.where(size < 1 / square, 0.5 * square * difference**2, size - 0.5 / square)
    if len(bottoms) > 3:
        terms = terms * bottoms[3].reshape(terms.shape)
    return [terms.sum() / len(terms)]
