"""Deconvolution: the transpose of a convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.convolution import BaseConvolution
from converter.layers.layer import layer

if TYPE_CHECKING:
    from torch import nn


@layer("Deconvolution", "DECONVOLUTION")
class Deconvolution(BaseConvolution):
    """Each input value spreads its kernel over the output: h' = stride (h - 1) + dilation (kh - 1) + 1 - 2 pad.

    x: (n, c_in, h, w) float32, weight: (c_in, c_out / group, kh, kw), bias: (c_out,), y: (n, c_out, h', w').
    Source: src/caffe/layers/deconv_layer.cpp.
    """

    transposed = True

    def module(self) -> nn.Module:
        """nn.ConvTranspose1d, 2d or 3d, which lay weights out alike."""
        g, bias = self.geometry, len(self.blobs) > 1
        make = self.convolution_class("ConvTranspose")
        return make(
            self.channels, self.outputs, g.kernel, g.stride, g.pad, groups=self.group, bias=bias, dilation=g.dilation
        )
