"""Power: a fixed power of a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Power")
class Power(Operator):
    """(shift + scale x) ^ power, on any shape; where scale or power is 0 a constant, without gradient.

    At a base of exactly 0 Caffe's gradient is not a number for most powers; here it is the derivative.
    Source: src/caffe/layers/power_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the three constants."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("power_param")
        self.power, self.scale, self.shift = view.number("power"), view.number("scale"), view.number("shift")

    def module(self) -> nn.Module:
        """Power."""
        from converter.modules import activations

        return activations.Power(self.power, self.scale, self.shift)
