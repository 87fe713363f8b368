"""InnerProduct: the axes from `axis` on, flattened row by row, times a matrix, plus a bias.

Blobs: weight (num_output, k), or (k, num_output) with `transpose`; bias (num_output,). `normalize` (a fork's) divides
each row of the weight by sqrt(its squares' sum + 1e-12).
Source: src/caffe/layers/inner_product_layer.cpp; for `normalize` inner_product_layer.cu of happynear/caffe-windows.
"""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer, Parameter

TYPE = "InnerProduct"
MESSAGES = ("inner_product_param",)
SUMS = True


def _axis(layer: Layer, x: Array) -> int:
    return layer.axis(layer.params("inner_product_param").integer("axis"), x.ndim)


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """The weight (outputs, inputs), and the bias (outputs,) unless bias_term is off."""
    layer.expect(bottoms, 1)
    params = layer.params("inner_product_param")
    outputs, inputs = params.integer("num_output"), math.prod(bottoms[0].shape[_axis(layer, bottoms[0]) :])
    shape = (inputs, outputs) if params.flag("transpose") else (outputs, inputs)
    weight = Parameter(shape, params.message("weight_filler", "filler"))
    bias = Parameter((outputs,), params.message("bias_filler", "filler"))
    return [weight, bias] if params.flag("bias_term") else [weight]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (*lead, *flattened); returns (*lead, num_output)."""
    lead, params = bottoms[0].shape[: _axis(layer, bottoms[0])], layer.params("inner_product_param")
    weight = blobs[0] if params.flag("transpose") else blobs[0].T
    if params.flag("normalize"):
        if params.flag("transpose"):
            raise layer.error("sets normalize and transpose, which the fork knows apart only")
        weight = weight / np.sqrt((weight * weight).sum(axis=0) + 1e-12)
    rows = bottoms[0].reshape(math.prod(lead), weight.shape[0])
    y = np.matmul(rows, weight).reshape(*lead, weight.shape[1])
    return [y + blobs[1] if len(blobs) > 1 else y]
