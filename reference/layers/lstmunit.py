"""LSTMUnit: one step of a long short-term memory; gates in the order input, forget, output, candidate.

c = cont f c_before + i g, h = o tanh(c). Source: src/caffe/layers/lstm_unit_layer.cpp.
"""

from __future__ import annotations

import numpy as np

from reference.layer import Array, Layer

TYPE = "LSTMUnit"
SUMS = True


def step(before: Array, gates: Array, cont: Array) -> tuple[Array, Array]:
    """The next cell and output. before: (n, d), gates: (n, 4 d), cont: (n, 1); returns (n, d) twice."""
    opening, forget, out, candidate = np.split(gates, 4, axis=-1)
    cell = cont * _sigmoid(forget) * before + _sigmoid(opening) * np.tanh(candidate)
    return cell, _sigmoid(out) * np.tanh(cell)


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * np.tanh(0.5 * x) + 0.5)


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:  # noqa: ARG001
    """c_before: (1, n, d), gates: (1, n, 4 d), cont: (1, n); returns c and h, (1, n, d) each."""
    layer.expect(bottoms, 3)
    return list(step(bottoms[0], bottoms[1], bottoms[2][..., None]))
