"""SeLuDropout: dropout to the value that SeLu saturates at, in training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer
from converter.net.params import Params, to_single

if TYPE_CHECKING:
    from torch import nn

_ALPHA = to_single(-1.75809934)
"""The schema's default, and torch's."""


@layer("SeLuDropout", "SeLUDropout", "SELU_DROPOUT")
class SeLuDropout(Operator):
    """Training: each value becomes alpha with probability dropout_ratio, all then a line that keeps mean and variance.

    alpha is -1.75809934, the limit of SeLu; another is refused. Phase TEST: nothing.
    Source: foss-for-synopsys-dwc-arc-processors/synopsys-caffe, src/caffe/layers/selu_dropout_layer.cpp
    (arXiv:1706.02515, equation 14).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the ratio and alpha."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("selu_dropout_param")
        self.ratio = view.number("dropout_ratio", 0.1)
        if not 0 < self.ratio < 1:
            raise view.error("dropout_ratio", f"is {self.ratio:g}", "expected 0 < ratio < 1")
        if abs(view.number("alpha", _ALPHA) - _ALPHA) > 1e-5:
            raise view.error("alpha", f"is {view.number('alpha'):g}", "expected -1.75809934, the limit of SeLu")

    def module(self) -> nn.Module:
        """nn.AlphaDropout."""
        from torch import nn

        return nn.AlphaDropout(self.ratio)
