"""Power: a fixed power of a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.lazytorch import torch
from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


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

    def forward(self, call: Call) -> list[Tensor]:
        """One top, shaped as the bottom."""
        x = call.bottoms[0]
        if self.power * self.scale == 0:
            base = torch.full_like(x, self.shift)
            return [base**self.power]
        if self.scale != 1:
            x = x * self.scale
        if self.shift != 0:
            x = x + self.shift
        return [x if self.power == 1 else x**self.power]
