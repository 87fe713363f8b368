"""MarginInnerProduct (SphereFace's A-Softmax): features times unit rows, the label's score lessened by a margin.

Blob: the weight (num_output, k), whose rows are made units before they are used.
Source: tools/caffe-sphereface/src/caffe/layers/margin_inner_product_layer.cpp of wy1iu/sphereface.
"""

from __future__ import annotations

import numpy as np

from reference import margins
from reference.layer import Array, Layer, Parameter

TYPE = "MarginInnerProduct"
MESSAGES = ("margin_inner_product_param",)
BLOBS = ("weight",)
NOT_IN_PLACE = True
SUMS = True
FIELDS = f"margin_inner_product_param: {margins.FIELDS}"


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """One row a class."""
    return margins.weight(layer, layer.params("margin_inner_product_param"), bottoms[0])


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, ...), labels: n numbers; returns (n, num_output) and lambda (1,)."""
    with np.errstate(invalid="ignore"):
        rows = blobs[0] / np.sqrt((blobs[0] ** 2).sum(1, keepdims=True))
    return margins.scores(layer, layer.params("margin_inner_product_param"), bottoms, rows, 0.0)
