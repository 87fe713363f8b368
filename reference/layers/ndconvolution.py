"""NdConvolution (video-caffe): a Convolution whose kernel_shape, stride_shape and pad_shape say one size an axis."""

from __future__ import annotations

from reference.convolve import convolve
from reference.layer import Array, Layer, Parameter
from reference.layers.convolution import split_axes
from reference.shapes import shaped_window

TYPE = "NdConvolution"
MESSAGES = ("convolution_param",)
SUMS = True


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """Weight (num_output, c / group, *kernel) and, unless bias_term is off, bias."""
    params = layer.params("convolution_param")
    layer.expect(bottoms, 1, max(1, len(layer.tops)))
    _, channels, sizes = split_axes(layer, bottoms[0])
    outputs, groups = params.integer("num_output"), params.integer("group")
    if groups < 1 or channels % groups or outputs % groups:
        raise layer.error(f"{channels} inputs and {outputs} outputs do not divide into {groups} groups")
    kernel = shaped_window(layer, "convolution_param", len(sizes)).kernel
    weight = Parameter((outputs, channels // groups, *kernel), params.message("weight_filler", "filler"))
    bias = Parameter((outputs,), params.message("bias_filler", "filler"))
    return [weight, bias] if params.flag("bias_term") else [weight]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, c, *sizes) each; returns (n, num_output, *output sizes) each."""
    groups = layer.params("convolution_param").integer("group")
    tops = []
    for x in bottoms:
        lead, channels, sizes = split_axes(layer, x)
        window = shaped_window(layer, "convolution_param", len(sizes))
        top = convolve(x.reshape(-1, channels, *sizes), blobs[0], window, groups, blobs[1] if len(blobs) > 1 else None)
        tops.append(top.reshape(*lead, *top.shape[1:]))
    return tops
