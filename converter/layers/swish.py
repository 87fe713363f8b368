"""Swish: a value gated by its own sigmoid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Swish")
class Swish(Operator):
    """x / (1 + exp(-beta x)), on any shape. Source: src/caffe/layers/swish_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read beta."""
        self.expect_bottoms(bottoms, 1)
        self.beta = p.message("swish_param").number("beta")

    def module(self) -> nn.Module:
        """Swish; nn.SiLU is the one with beta 1."""
        from torch import nn

        from converter.modules import activations

        return activations.Swish(self.beta) if self.beta != 1 else nn.SiLU()
