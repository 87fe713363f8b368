"""RNN: a simple recurrent layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.recurrent import Recurrent
from converter.layers.layer import layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("RNN")
class RNN(Recurrent):
    """h[t] = tanh(W_hh cont[t] h[t-1] + W_xh x[t] + b_h (+ W_xh_static s)), o[t] = tanh(W_ho h[t] + b_o).

    Bottoms, tops and the first blobs as in `Recurrent`; two blobs more: W_ho (h, h) and b_o (h,).
    Source: src/caffe/layers/rnn_layer.cpp.
    """

    def add_own_blobs(self, weight: Params, bias: Params) -> None:
        """The output's weight and bias."""
        self.add_blob((self.size, self.size), weight)
        self.add_blob((self.size,), bias)

    def module(self) -> nn.Module:
        """CaffeRNN."""
        from converter.modules import recurrent

        return recurrent.CaffeRNN(*self.sizes())
