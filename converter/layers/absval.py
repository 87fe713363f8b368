"""AbsVal: magnitudes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("AbsVal")
class AbsVal(Operator):
    """|x|, on any shape; the gradient at 0 is 0. Source: src/caffe/layers/absval_layer.cpp."""

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Nothing to read."""
        self.expect_bottoms(bottoms, 1)

    def module(self) -> nn.Module:
        """Abs."""
        from converter.modules import activations

        return activations.Abs()
