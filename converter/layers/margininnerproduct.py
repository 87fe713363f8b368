"""MarginInnerProduct: SphereFace's scores, whose true class has to win by a margin of its angle (A-Softmax)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.margins import MarginProduct
from converter.layers.layer import layer

if TYPE_CHECKING:
    from torch import nn


@layer("MarginInnerProduct")
class MarginInnerProduct(MarginProduct):
    """x: (n, ...), labels: n numbers, to x W^T of unit rows, (n, N), and lambda, (1,), which may be left out.

    A label's score is (|x| psi(m angle) + lambda x·w) / (1 + lambda), psi(m a) = (-1)^k cos(m a) - 2k; `type` SINGLE to
    QUADRUPLE is m, 1 to 4, in both phases. lambda = max(base (1 + gamma t)^-power, lambda_min), t the passes in
    training, this one included, from `iteration` on: counted in the module, kept by copies, in no file, as Caffe's; in
    evaluation the next training pass's. In training the stored weight's rows become units; a feature of 0 gives NaN.
    Source: wy1iu/sphereface, tools/caffe-sphereface/src/caffe/layers/margin_inner_product_layer.cpp (arXiv:1704.08063).
    """

    message = "margin_inner_product_param"

    def module(self) -> nn.Module:
        """AngularMarginLinear."""
        from converter.modules import margin_linear

        return margin_linear.AngularMarginLinear(self.inputs, self.outputs, self.margin, **self.options)
