"""CenterLoss (ydwen/caffe-face): half the mean squared distance to class centers, center_loss_layer.cpp.

Blob: the centers (num_output, values).
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer, Parameter
from reference.losses import as_labels

TYPE = "CenterLoss"
MESSAGES = ("center_loss_param",)
BLOBS = ("weight",)
SUMS = True
FIELDS = "center_loss_param: num_output 1 int; center_filler 2 message; axis 3 int = 1"


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """One center a class."""
    layer.expect(bottoms, 2)
    params = layer.params("center_loss_param")
    if layer.axis(params.integer("axis"), bottoms[0].ndim) != 1:
        raise layer.error("has an axis other than 1, which the oracle does not know")
    shape = (params.integer("num_output"), int(np.prod(bottoms[0].shape[1:])))
    return [Parameter(shape, params.message("center_filler", "filler"))]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """Features (n, ...), labels (n,); returns ()."""
    items = len(bottoms[0])
    labels = as_labels(layer, bottoms[1], items, len(blobs[0]), None)
    total = 0.0
    for item, label in zip(bottoms[0].reshape(items, -1), labels, strict=True):
        total += float(((item - blobs[0][label]) ** 2).sum())
    return [np.asarray(total / items / 2)]
