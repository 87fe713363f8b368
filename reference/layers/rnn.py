"""RNN: h = tanh(W_xh x + W_hh (cont h_before) + b_h), o = tanh(W_ho h + b_o), unrolled over time.

Blobs: W_xh (d, k), b_h (d,), [W_xh_static (d, k_static),] W_hh (d, d), W_ho (d, d), b_o (d,). With expose_hidden, h
comes in as the last bottom and goes out as the last top. Source: src/caffe/layers/rnn_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer, Parameter
from reference.recurrent import Sequence, unrolled_parameters

TYPE = "RNN"
MESSAGES = ("recurrent_param",)
SUMS = True
EXPONENTIAL = True  # its gates, sigmoids and tangents of sums of x, are of a scale of 1 however large x is


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """Input, bias, static input if any, hidden, output, output's bias."""
    found = unrolled_parameters(layer, bottoms, gates=1, states=1)
    return [*found, found[-1], found[1]]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (t, n, ...), cont: (t, n), static: (n, ...), h: (1, n, d); returns (t, n, d), and h if exposed."""
    run = Sequence(layer, bottoms, states=1)
    fixed = run.inputs(blobs[0], blobs[1], blobs[2] if run.static is not None else None)
    (hidden,) = run.initial
    outputs = []
    for at in range(run.steps):
        hidden = np.tanh(fixed[at] + (run.cont[at][:, None] * hidden) @ blobs[-3].T)
        outputs.append(np.tanh(hidden @ blobs[-2].T + blobs[-1]))
    return [np.stack(outputs), hidden[None]]
