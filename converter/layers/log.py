"""Log: a logarithm to a fixed base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.exp import read_base
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Log")
class Log(Operator):
    """log(shift + scale x) / log(base), on any shape; base -1 is e. Source: src/caffe/layers/log_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the three constants."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("log_param")
        self.base = read_base(view)
        if self.base == 1:
            raise view.error("base", "is 1", "every power of 1 is 1: expected another base")
        self.scale, self.shift = view.number("scale"), view.number("shift")

    def module(self) -> nn.Module:
        """Log."""
        from converter.modules import activations

        return activations.Log(self.base, self.scale, self.shift)
