"""SeLu: a rectifier with a scaled exponential tail, which keeps mean and variance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer
from converter.net.params import Params, to_single

if TYPE_CHECKING:
    from torch import nn

_LAMBDA, _ALPHA = (to_single(value) for value in (1.050700987, 1.67326324))
"""The schema's defaults, as it holds them."""


@layer("SeLu", "SeLU", "SELU")
class SeLu(Operator):
    """lambda * x where x > 0, else lambda * alpha * (exp(x) - 1), on any shape; at 0 the gradient is lambda * alpha.

    Source: arXiv:1706.02515; foss-for-synopsys-dwc-arc-processors/synopsys-caffe, src/caffe/layers/selu_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the two factors."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("selu_param")
        self.factor, self.alpha = view.number("lambda", _LAMBDA), view.number("alpha", _ALPHA)

    def module(self) -> nn.Module:
        """ScaledELU."""
        from converter.modules import activations

        return activations.ScaledELU(self.factor, self.alpha)
