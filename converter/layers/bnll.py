"""BNLL: the binomial normal log likelihood, a smooth rectifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("BNLL")
class BNLL(Operator):
    """log(1 + exp(x)), on any shape, kept from overflowing. Source: src/caffe/layers/bnll_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Nothing to read."""
        self.expect_bottoms(bottoms, 1)

    def module(self) -> nn.Module:
        """nn.Softplus; beyond 50 the two differ by less than float64 can tell."""
        from torch import nn

        return nn.Softplus(threshold=50)
