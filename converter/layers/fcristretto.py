"""FcRistretto: an InnerProduct on numbers cut to few bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.innerproduct import InnerProduct
from converter.layers.kit.ristretto import Quantization
from converter.layers.layer import Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("FcRistretto")
class FcRistretto(InnerProduct):
    """InnerProduct whose input, weight, bias and output are cut as quantization_param says.

    In TRAIN only weight and bias are, rounded at random; else all four, INTEGER_POWER_OF_2_WEIGHTS the weight alone.
    Gradients pass through the cuts. The bottom itself stays, which the original overwrites with its cut numbers.
    Refused: transpose, for which the original's program lays out its cut weights wrongly.
    Source: pmgysel/caffe (Ristretto), src/caffe/ristretto/layers/fc_ristretto_layer.cpp; arXiv:1604.03168.
    """

    knows_normalize = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """As InnerProduct, and how numbers are cut."""
        super().setup(p, bottoms)
        self.quantization = Quantization(p.message("quantization_param"), self.phase)
        if self.transpose:
            raise p.message("inner_product_param").error("transpose", "is true", "expected false")

    def module(self) -> nn.Module:
        """FakeQuantizedLinear."""
        from converter.modules.quantization import FakeQuantizedLinear

        return FakeQuantizedLinear(self.inputs, self.outputs, len(self.blobs) > 1, **self.quantization.options())
