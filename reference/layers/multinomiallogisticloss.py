"""MultinomialLogisticLoss: minus the log of the true class's probability (at least 1e-20), over the number of items.

Source: src/caffe/layers/multinomial_logistic_loss_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer
from reference.losses import as_labels

TYPE = "MultinomialLogisticLoss"
MESSAGES = ("loss_param",)
SUMS = True


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """Probabilities: (n, classes), label: (n,); returns ()."""
    layer.expect(bottoms, 2)
    flat = bottoms[0].reshape(len(bottoms[0]), -1)
    label = as_labels(layer, bottoms[1], len(flat), flat.shape[1], None)
    return [-np.log(np.maximum(flat[np.arange(len(flat)), label], 1e-20)).sum() / len(flat)]
