"""ConvolutionDepthwise (forks of Caffe): one kernel a channel, as many outputs as inputs.

What `group` and `num_output` say is not looked at, as in src/caffe/layers/conv_dw_layer.cpp.
Blobs: weight (c, 1, *kernel), bias (c,).
"""

from __future__ import annotations

from reference.convolve import convolve
from reference.geometry import convolution_window
from reference.layer import Array, Layer, Parameter

TYPE = "ConvolutionDepthwise"
MESSAGES = ("convolution_param",)
SUMS = True


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """The weight (c, 1, k, k), and the bias (c,) unless bias_term is off."""
    layer.expect(bottoms, 1)
    params = layer.params("convolution_param")
    channels = bottoms[0].shape[1]
    kernel = convolution_window(layer, bottoms[0].ndim - 2).kernel
    weight = Parameter((channels, 1, *kernel), params.message("weight_filler", "filler"))
    bias = Parameter((channels,), params.message("bias_filler", "filler"))
    return [weight, bias] if params.flag("bias_term") else [weight]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, c, *sizes); returns (n, c, *output sizes)."""
    window = convolution_window(layer, bottoms[0].ndim - 2)
    return [convolve(bottoms[0], blobs[0], window, bottoms[0].shape[1], blobs[1] if len(blobs) > 1 else None)]
