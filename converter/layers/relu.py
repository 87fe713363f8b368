"""ReLU: rectification, leaky where a negative slope is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("ReLU", "RELU")
class ReLU(Operator):
    """max(x, 0) + negative_slope * min(x, 0), on any shape; the gradient at 0 is the slope.

    Source: src/caffe/layers/relu_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the slope."""
        self.expect_bottoms(bottoms, 1)
        self.negative_slope = p.message("relu_param").number("negative_slope")

    def module(self) -> nn.Module:
        """nn.ReLU, or nn.LeakyReLU with a slope."""
        from torch import nn

        return nn.LeakyReLU(self.negative_slope) if self.negative_slope else nn.ReLU()
