"""ReLU6: a ReLU that ends at 6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("ReLU6", "RELU6")
class ReLU6(Operator):
    """min(max(x, 0), 6), with negative_slope * x below 0; the gradient is 0 from 6 on.

    Source: src/caffe/layers/relu6_layer.cpp (eric612/MobileNet-YOLO, chuanqi305/MobileNetv2-SSDLite).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the slope, from whichever message holds it."""
        self.expect_bottoms(bottoms, 1)
        self.slope = p.message("relu6_param").number("negative_slope", 0.0)
        if p.has("relu_param"):
            self.slope = p.message("relu_param").number("negative_slope", self.slope)

    def module(self) -> nn.Module:
        """nn.ReLU6, or one with a slope."""
        from torch import nn

        from converter.modules import activations

        return activations.LeakyReLU6(self.slope) if self.slope else nn.ReLU6()
