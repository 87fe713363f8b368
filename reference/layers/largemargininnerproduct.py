"""LargeMarginInnerProduct (L-Softmax): features times a weight, the label's score lessened by a margin.

Blob: the weight (num_output, k). The product of lengths is 1e-9 more.
Source: src/caffe/layers/largemargin_inner_product_layer.cpp of wy1iu/LargeMargin_Softmax_Loss.
"""

from __future__ import annotations

from reference import margins
from reference.layer import Array, Layer, Parameter

TYPE = "LargeMarginInnerProduct"
MESSAGES = ("largemargin_inner_product_param",)
BLOBS = ("weight",)
NOT_IN_PLACE = True
SUMS = True
FIELDS = f"largemargin_inner_product_param: {margins.FIELDS}"


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """One row a class."""
    return margins.weight(layer, layer.params("largemargin_inner_product_param"), bottoms[0])


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, ...), labels: n numbers; returns (n, num_output) and lambda (1,)."""
    return margins.scores(layer, layer.params("largemargin_inner_product_param"), bottoms, blobs[0], 1e-9)
