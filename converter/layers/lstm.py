"""LSTM: long short-term memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.recurrent import Recurrent
from converter.layers.layer import layer

if TYPE_CHECKING:
    from torch import nn


@layer("LSTM")
class LSTM(Recurrent):
    """Gates i, f, o, g = W_xc x[t] + b_c + W_hc cont[t] h[t-1] (+ W_xc_static s); output and next h: o tanh(c).

    c[t] = cont[t] sigmoid(f) c[t-1] + sigmoid(i) tanh(g). Bottoms, tops and blobs as in `Recurrent`; the states are h
    and c in this order. Source: src/caffe/layers/lstm_layer.cpp; Donahue et al. 2015, section 2.
    """

    gates = 4
    states = 2

    def module(self) -> nn.Module:
        """CaffeLSTM."""
        from converter.modules import recurrent

        return recurrent.CaffeLSTM(*self.sizes())
