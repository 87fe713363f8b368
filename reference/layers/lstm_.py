"""Lstm (caffe_ocr's and junhyukoh's forks): a long short-term memory over x (t, n, d) or (t batch_size, d), from zeros.

Blobs: W_i (4 h, d), W_h (4 h, h), b (4 h,); gates in LSTMUnit's order. A second bottom of one number a step, for one
item, forgets h and c where it is 0. Source: src/caffe/layers/lstm_layer_Junhyuk.cpp of senlinuc/caffe_ocr.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer, Parameter
from reference.layers.lstmunit import step
from reference.memory import check_size

TYPE = "Lstm"
MESSAGES = ("lstm_param",)
BLOBS = ("weight", "hidden_weight", "bias")
NOT_IN_PLACE = True
SUMS = True
EXPONENTIAL = True  # its gates, sigmoids and tangents of sums of x, are of a scale of 1 however large x is
FIELDS = """
lstm_param: num_output 0 int; clipping_threshold 0 float = 0; weight_filler 0 message; bias_filler 0 message; batch_size 0 int = 1
"""  # noqa: E501 (one line a message)


def _sequence(layer: Layer, bottoms: list[Array]) -> Array:
    x, batch = bottoms[0], layer.params("lstm_param").integer("batch_size")
    if x.ndim == 2 and batch > 0 and len(x) % batch == 0:
        return x.reshape(-1, batch, x.shape[1])
    if x.ndim < 3 or x[0, 0].size != x.shape[2]:
        raise layer.error(f"bottom has shape {x.shape}; expected (t, n, d) or (t batch_size, d)")
    return x.reshape(x.shape[:3])


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """Input weight, hidden weight, bias."""
    layer.expect(bottoms, 1, 2)
    params, size = layer.params("lstm_param"), layer.params("lstm_param").integer("num_output")
    if size < 1:
        raise layer.error(f"num_output is {size}; expected one at least")
    weight, bias = params.message("weight_filler", "filler"), params.message("bias_filler", "filler")
    shapes = (4 * size, _sequence(layer, bottoms).shape[2]), (4 * size, size)
    return [*(Parameter(shape, weight) for shape in shapes), Parameter((4 * size,), bias)]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (t, n, d) or (t n, d), cont: t numbers; returns (t, n, h) or (t n, h)."""
    x = _sequence(layer, bottoms)
    steps, items = x.shape[:2]
    size = layer.params("lstm_param").integer("num_output")
    check_size(steps, items, 4 * size)
    cont = np.ones(steps)
    if len(bottoms) == 2:
        if items != 1 or bottoms[1].size != steps:
            raise layer.error(f"cont has shape {bottoms[1].shape}; it takes one item and {steps} numbers")
        cont = (bottoms[1].ravel() != 0).astype(float)
    hidden = cell = np.zeros((items, size), x.dtype)
    outputs = []
    for at in range(steps):
        going = np.full((items, 1), cont[at], x.dtype)
        gates = x[at] @ blobs[0].T + blobs[2] + (going * hidden) @ blobs[1].T
        cell, hidden = step(cell, gates, going)
        outputs.append(hidden)
    return [np.stack(outputs).reshape(*bottoms[0].shape[: 1 if bottoms[0].ndim == 2 else 2], size)]
