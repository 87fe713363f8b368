"""FocalLoss: minus log of the true class's probability p, times alpha (1 - p)^gamma, summed, over the normalizer.

p is held above float32's smallest normal number in the logarithm.
Source: focal_loss_layer.cpp of zimenglan-sysu-512/Focal-Loss.
"""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer
from reference.losses import FLOAT_MIN, as_labels, ignore_label, normalizer, rows, softmax

TYPE = "FocalLoss"
MESSAGES = ("loss_param", "softmax_param", "focal_loss_param")
FIELDS = """
focal_loss_param: type 1 enum(ORIGIN=0 LINEAR=1) = ORIGIN; gamma 2 float = 2; alpha 3 float = 0.25; beta 4 float = 1
"""
SUMS = True
EXPONENTIAL = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, classes, ...), label: one a position; returns the loss () and probabilities like x."""
    layer.expect(bottoms, 2)
    x, params = bottoms[0], layer.params("focal_loss_param")
    alpha, gamma = params.real("alpha"), params.real("gamma")
    if params.choice("type") != "ORIGIN" or alpha <= 0 or gamma < 0:
        raise layer.error("is LINEAR, or has an alpha of 0 or less, or a gamma below 0")
    axis = layer.axis(layer.params("softmax_param").integer("axis"), x.ndim)
    probabilities, ignored = softmax(x, axis), ignore_label(layer)
    flat = rows(probabilities, axis)
    label = as_labels(layer, bottoms[1], len(flat), x.shape[axis], ignored)
    if ignored is not None:
        flat, label = flat[label != ignored], label[label != ignored]
    p = flat[np.arange(len(label)), label]
    total = -(alpha * (1 - p) ** gamma * np.log(np.maximum(p, FLOAT_MIN))).sum()
    outer = math.prod(x.shape[:axis])
    inner = bottoms[1].size // max(1, outer)
    return [np.asarray(total / normalizer(layer, outer, inner, len(label), "VALID")), probabilities]
