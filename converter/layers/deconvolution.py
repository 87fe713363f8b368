"""Deconvolution: the transpose of a convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.convolution import BaseConvolution
from converter.layers.kit.lazytorch import F
from converter.layers.layer import layer

if TYPE_CHECKING:
    from torch import Tensor


@layer("Deconvolution", "DECONVOLUTION")
class Deconvolution(BaseConvolution):
    """Each input value spreads its kernel over the output: h' = stride (h - 1) + dilation (kh - 1) + 1 - 2 pad.

    x: (n, c_in, h, w) float32, weight: (c_in, c_out / group, kh, kw), bias: (c_out,), y: (n, c_out, h', w').
    Source: src/caffe/layers/deconv_layer.cpp.
    """

    transposed = True

    def convolve(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Torch's transposed convolution, which lays weights out alike."""
        g = self.geometry
        convolve = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[len(g.kernel) - 1]
        return convolve(x, weight, bias, g.stride, g.pad, 0, self.group, g.dilation)
