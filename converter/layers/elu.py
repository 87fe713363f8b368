"""ELU: a rectifier with an exponential tail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("ELU")
class ELU(Operator):
    """max(x, 0) + alpha (exp(min(x, 0)) - 1), on any shape; the gradient at 0 is alpha.

    Source: src/caffe/layers/elu_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read alpha."""
        self.expect_bottoms(bottoms, 1)
        self.alpha = p.message("elu_param").number("alpha")

    def module(self) -> nn.Module:
        """nn.ELU."""
        from torch import nn

        return nn.ELU(self.alpha)
