"""What RNN and LSTM share: their bottoms sorted out, and the part of each step that does not depend on the last one.

Source: src/caffe/layers/recurrent_layer.cpp.
"""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer, Parameter
from reference.memory import check_size


def _exposes_hidden(layer: Layer) -> bool:
    return layer.params("recurrent_param").flag("expose_hidden")


def _static(layer: Layer, bottoms: list[Array], states: int) -> Array | None:
    given = len(bottoms) - (states if _exposes_hidden(layer) else 0)
    if given not in (2, 3):
        raise layer.error(f"has {len(bottoms)} bottoms; expected x, cont, perhaps a static input, and exposed states")
    return bottoms[2] if given == 3 else None


def unrolled_parameters(layer: Layer, bottoms: list[Array], *, gates: int, states: int) -> list[Parameter]:
    """Weight of the input, bias, weight of the static input if there is one, weight of the hidden state."""
    params = layer.params("recurrent_param")
    weight, bias = params.message("weight_filler", "filler"), params.message("bias_filler", "filler")
    size = params.integer("num_output")
    if size < 1:
        raise layer.error(f"num_output is {size}; expected one at least")
    static = _static(layer, bottoms, states)
    found = [Parameter((gates * size, math.prod(bottoms[0].shape[2:])), weight), Parameter((gates * size,), bias)]
    if static is not None:
        found.append(Parameter((gates * size, math.prod(static.shape[1:])), weight))
    return [*found, Parameter((gates * size, size), weight)]


class Sequence:
    """A recurrent layer's bottoms.

    X (t, n, k), cont (t, n), static (n, k_static) or None, initial states (n, d) each.
    """

    def __init__(self, layer: Layer, bottoms: list[Array], states: int) -> None:
        size = layer.params("recurrent_param").integer("num_output")
        self.steps, items = bottoms[0].shape[:2]
        self.x = bottoms[0].reshape(self.steps, items, -1)
        self.cont = bottoms[1]
        if self.cont.shape != (self.steps, items) or self.steps < 1:
            raise layer.error(f"cont has shape {self.cont.shape}; expected {(self.steps, items)}, one step or more")
        static = _static(layer, bottoms, states)
        self.static = None if static is None else static.reshape(items, -1)
        check_size(items, size)
        zeros = [np.zeros((items, size), self.x.dtype)] * states
        self.initial = [state[0] for state in bottoms[-states:]] if _exposes_hidden(layer) else zeros

    def inputs(self, weight: Array, bias: Array, static_weight: Array | None) -> Array:
        """W x + b for every step at once, the static input's share added: (t, n, gates * d)."""
        total = self.x @ weight.T + bias
        if self.static is not None and static_weight is not None:
            total = total + self.static @ static_weight.T
        return np.asarray(total)
