"""SoftmaxWithLossOHEM (R-FCN's fork): SoftmaxWithLoss, and as third top each position's loss, 0 where ignored.

Source: Intel's src/caffe/layers/softmax_loss_ohem_layer.cpp, and daijifeng001/caffe-rfcn's SoftmaxWithLoss.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.losses import FLOAT_MIN, as_labels, ignore_label, pre_fixed_normalizer, rows, softmax

TYPE = "SoftmaxWithLossOHEM"
MESSAGES = ("loss_param", "softmax_param")
SUMS = True
EXPONENTIAL = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, classes, ...), label: one a position; returns the loss (), probabilities like x, losses like label.

    The losses have four axes at least, of length 1 where label has less: R-FCN adds those of its boxes, (n, 1, 1, 1).
    """
    layer.expect(bottoms, 2)
    x, label = bottoms
    axis = layer.axis(layer.params("softmax_param").integer("axis"), x.ndim)
    ignore, probabilities = ignore_label(layer), softmax(x, axis)
    flat = rows(probabilities, axis)
    classes = as_labels(layer, label, len(flat), x.shape[axis], ignore)
    losses = np.zeros(len(flat))
    for place, chosen in enumerate(classes):
        if ignore is None or chosen != ignore:
            losses[place] = -np.log(max(flat[place, chosen], FLOAT_MIN))
    valid = classes.size if ignore is None else int((classes != ignore).sum())
    outer = int(np.prod(x.shape[:axis]))
    divisor = pre_fixed_normalizer(layer, outer, len(flat) // max(1, outer), valid)
    return [losses.sum() / divisor, probabilities, losses.reshape(*label.shape, *[1] * (4 - label.ndim))]
