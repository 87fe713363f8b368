"""LSTMUnit: one step of an LSTM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("LSTMUnit")
class LSTMUnit(Operator):
    """The next state and the output, (1, n, h) each, of one step (`converter.modules.recurrent.lstm_step`).

    Bottoms: the state (1, n, h), gates (1, n, 4h) in the order i, f, o, g, and cont (1, n), 0 to forget the state.

    Source: src/caffe/layers/lstm_unit_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Compare the bottoms."""
        self.expect_bottoms(bottoms, 3)
        state, gates, cont = bottoms
        if len(state) != 3 or gates != (*state[:2], 4 * state[2]) or cont != state[:2]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (1, n, h), (1, n, 4h) and (1, n)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The state's shape, twice."""
        return [bottoms[0]] * 2

    def module(self) -> nn.Module:
        """LSTMUnit."""
        from converter.modules import recurrent

        return recurrent.LSTMUnit()
