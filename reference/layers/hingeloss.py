"""HingeLoss: sum of max(0, 1 + x_j), with x turned for the true class, or of its square with L2, over the items.

Source: src/caffe/layers/hinge_loss_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.losses import as_labels

TYPE = "HingeLoss"
MESSAGES = ("hinge_loss_param", "loss_param")
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """x: (n, classes), label: (n,); returns ()."""
    layer.expect(bottoms, 2)
    x = bottoms[0].reshape(len(bottoms[0]), -1).copy()
    label = as_labels(layer, bottoms[1], len(x), x.shape[1], None)
    x[np.arange(len(x)), label] *= -1
    margins = np.maximum(0, 1 + x)
    squared = layer.params("hinge_loss_param").choice("norm") == "L2"
    return [(margins * margins if squared else margins).sum() / len(x)]
