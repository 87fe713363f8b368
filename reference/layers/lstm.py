"""LSTM: a long short-term memory unrolled over time; `cont` 0 forgets the cell and the output before that step.

Blobs: W_xc (4 d, k), b_c (4 d,), [W_xc_static (4 d, k_static),] W_hc (4 d, d); gates in LSTMUnit's order. With
expose_hidden, h and c come in as last bottoms and go out as last tops. Source: src/caffe/layers/lstm_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer, Parameter
from reference.layers.lstmunit import step
from reference.recurrent import Sequence, unrolled_parameters

TYPE = "LSTM"
MESSAGES = ("recurrent_param",)
SUMS = True
EXPONENTIAL = True  # its gates, sigmoids and tangents of sums of x, are of a scale of 1 however large x is


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """Input, bias, static input if any, hidden."""
    return unrolled_parameters(layer, bottoms, gates=4, states=2)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (t, n, ...), cont: (t, n), static: (n, ...), h, c: (1, n, d); returns (t, n, d), and h, c if exposed."""
    run = Sequence(layer, bottoms, states=2)
    fixed = run.inputs(blobs[0], blobs[1], blobs[2] if run.static is not None else None)
    hidden, cell = run.initial
    outputs = []
    for at in range(run.steps):
        cont = run.cont[at][:, None]
        cell, hidden = step(cell, fixed[at] + (cont * hidden) @ blobs[-1].T, cont)
        outputs.append(hidden)
    return [np.stack(outputs), hidden[None], cell[None]]
