"""Mish: a value times the hyperbolic tangent of its softplus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Mish")
class Mish(Operator):
    """x tanh(log(1 + exp(x))), on any shape. The gradient is the derivative; the source's own takes the top for x.

    Source: foss-for-synopsys-dwc-arc-processors/synopsys-caffe, src/caffe/layers/mish_layer.cpp (arXiv:1908.08681).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Look at the number of bottoms."""
        self.expect_bottoms(bottoms, 1)

    def module(self) -> nn.Module:
        """nn.Mish."""
        from torch import nn

        return nn.Mish()
