"""LargeMarginInnerProduct: L-Softmax's scores, whose true class has to win by a margin of its angle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.margins import MarginProduct
from converter.layers.layer import layer

if TYPE_CHECKING:
    from torch import nn


@layer("LargeMarginInnerProduct")
class LargeMarginInnerProduct(MarginProduct):
    """x: (n, ...), labels: n numbers, to x W^T, (n, N), and lambda, (1,), which may be left out.

    A label's score is (|x| |w| psi(m angle) + lambda x·w) / (1 + lambda), psi(m a) = (-1)^k cos(m a) - 2k; `type`
    SINGLE to QUADRUPLE is m, 1 to 4, in both phases. lambda = max(base (1 + gamma t)^-power, lambda_min), t the passes
    in training, this one included, from `iteration` on: counted in the module, kept by copies, in no file, as Caffe's;
    in evaluation the next training pass's. |x| |w| is 1e-9 more, as in the .cpp; the .cu gives NaN for a feature of 0.
    Source: wy1iu/LargeMargin_Softmax_Loss, src/caffe/layers/largemargin_inner_product_layer.cpp (arXiv:1612.02295).
    """

    message = "largemargin_inner_product_param"

    def module(self) -> nn.Module:
        """LargeMarginLinear."""
        from converter.modules import margin_linear

        return margin_linear.LargeMarginLinear(self.inputs, self.outputs, self.margin, **self.options)
