"""Log: a logarithm to a fixed base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.exp import read_base
from converter.layers.kit.lazytorch import torch
from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


@layer("Log")
class Log(Operator):
    """log(shift + scale x) / log(base), on any shape; base -1 is e. Source: src/caffe/layers/log_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the three constants."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("log_param")
        self.log_base = read_base(view)
        if self.log_base == 0:
            raise view.error("base", "is 1", "every power of 1 is 1: expected another base")
        self.scale, self.shift = view.number("scale"), view.number("shift")

    def forward(self, call: Call) -> list[Tensor]:
        """One top, shaped as the bottom."""
        return [torch.log(call.bottoms[0] * self.scale + self.shift) / self.log_base]
