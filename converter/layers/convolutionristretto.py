"""ConvolutionRistretto: a convolution on numbers cut to few bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.convolution import Convolution
from converter.layers.kit.ristretto import Quantization
from converter.layers.layer import Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("ConvolutionRistretto")
class ConvolutionRistretto(Convolution):
    """Convolution over two axes whose input, weight, bias and output are cut as quantization_param says.

    In TRAIN only weight and bias are, rounded at random; else all four, INTEGER_POWER_OF_2_WEIGHTS the weight alone.
    Gradients pass through the cuts. The bottom itself stays, which the original overwrites with its cut numbers.
    Source: pmgysel/caffe (Ristretto), src/caffe/ristretto/layers/conv_ristretto_layer.cpp; arXiv:1604.03168.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """As Convolution, and how numbers are cut."""
        super().setup(p, bottoms)
        self.quantization = Quantization(p.message("quantization_param"), self.phase)
        if self.axis != 1 or len(self.geometry.kernel) != 2 or self.overhangs:
            raise ShapeError(
                f"bottom of shape {bottoms[0]}, axis {self.axis}; expected (n, c, h, w), the window within"
            )

    def module(self) -> nn.Module:
        """FakeQuantizedConv2d."""
        from converter.modules.quantization import FakeQuantizedConv2d

        g, bias = self.geometry, len(self.blobs) > 1
        sizes = (self.channels, self.outputs, g.kernel, g.stride, g.pad, g.dilation, self.group, bias)
        return FakeQuantizedConv2d(*sizes, **self.quantization.options())
