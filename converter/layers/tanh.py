"""TanH: the hyperbolic tangent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("TanH")
class TanH(Operator):
    """tanh(x), on any shape. Source: src/caffe/layers/tanh_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Nothing to read but the engine."""
        self.expect_bottoms(bottoms, 1)
        p.message("tanh_param")

    def module(self) -> nn.Module:
        """nn.Tanh."""
        from torch import nn

        return nn.Tanh()
