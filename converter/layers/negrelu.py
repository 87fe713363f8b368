"""NegReLU: what a ReLU leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("NegReLU")
class NegReLU(Operator):
    """min(x, 0) + negative_slope * max(x, 0), on any shape; at 0 the gradient is the slope.

    Source: lmb-freiburg/flownet2, src/caffe/layers/neg_relu_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the slope."""
        self.expect_bottoms(bottoms, 1)
        self.slope = p.message("relu_param").number("negative_slope")

    def module(self) -> nn.Module:
        """NegReLU."""
        from converter.modules import activations

        return activations.NegReLU(self.slope)
