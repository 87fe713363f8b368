"""HardSigmoid: a line held within 0 and 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer
from converter.net.params import Params, to_single

if TYPE_CHECKING:
    from torch import nn

_ALPHA, _BETA = to_single(0.2), 0.5
"""ONNX's defaults, which the forks without fields have too."""


@layer("HardSigmoid")
class HardSigmoid(Operator):
    """min(max(alpha * x + beta, 0), 1), on any shape; alpha is 0.2 and beta 0.5 unless stated.

    Source: inisis/caffe, src/caffe/layers/hardsigmoid_layer.cpp (hardsigmoid_param);
    foss-for-synopsys-dwc-arc-processors/synopsys-caffe, src/caffe/layers/hard_sigmoid_layer.cpp (hard_sigmoid_param);
    eric612/MobileNet-YOLO, src/caffe/layers/hard_sigmoid_layer.cpp (no fields).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read slope and offset, from whichever message holds them."""
        self.expect_bottoms(bottoms, 1)
        own = p.message("hardsigmoid_param" if p.has("hardsigmoid_param") else "hard_sigmoid_param")
        self.alpha, self.beta = own.number("alpha", _ALPHA), own.number("beta", _BETA)

    def module(self) -> nn.Module:
        """HardSigmoid."""
        from converter.modules import hard_activations

        return hard_activations.HardSigmoid(self.alpha, self.beta)
