"""Convolution over any number of spatial axes, with groups, strides, pads, dilation; the kernel is not flipped.

Blobs: weight (num_output, c / group, *kernel), bias (num_output,). Several bottoms of one shape give several tops with
the same weights. Source: src/caffe/layers/conv_layer.cpp, base_conv_layer.cpp.
"""

from __future__ import annotations

from reference.convolve import convolve
from reference.geometry import convolution_window
from reference.layer import Array, Layer, Parameter

TYPE = "Convolution"
MESSAGES = ("convolution_param",)
SUMS = True


def split_axes(layer: Layer, x: Array) -> tuple[tuple[int, ...], int, tuple[int, ...]]:
    """A bottom's shape as batch axes, channels, spatial sizes, cut at `axis`."""
    axis = layer.axis(layer.params("convolution_param").integer("axis"), x.ndim)
    return x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """The weight (outputs, inputs / group, *kernel), and the bias (outputs,) unless bias_term is off."""
    return grouped_parameters(layer, bottoms, layer.params("convolution_param").integer("group"))


def grouped_parameters(layer: Layer, bottoms: list[Array], groups: int) -> list[Parameter]:
    """The same for this number of groups."""
    params = layer.params("convolution_param")
    layer.expect(bottoms, 1, max(1, len(layer.tops)))
    _, channels, sizes = split_axes(layer, bottoms[0])
    outputs = params.integer("num_output")
    if groups < 1 or outputs < 1 or channels % groups or outputs % groups:
        raise layer.error(f"{channels} inputs and {outputs} outputs do not divide into {groups} groups")
    kernel = convolution_window(layer, len(sizes)).kernel
    weight = Parameter((outputs, channels // groups, *kernel), params.message("weight_filler", "filler"))
    bias = Parameter((outputs,), params.message("bias_filler", "filler"))
    return [weight, bias] if params.flag("bias_term") else [weight]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, c, *sizes) each; returns (n, num_output, *output sizes) each."""
    return grouped_forward(layer, bottoms, blobs, layer.params("convolution_param").integer("group"))


def grouped_forward(layer: Layer, bottoms: list[Array], blobs: list[Array], groups: int) -> list[Array]:
    """The same for this number of groups."""
    bias = blobs[1] if len(blobs) > 1 else None
    if any(x.shape != bottoms[0].shape for x in bottoms):
        raise layer.error(f"its bottoms differ in shape: {', '.join(str(x.shape) for x in bottoms)}")
    tops = []
    for x in bottoms:
        lead, channels, sizes = split_axes(layer, x)
        window = convolution_window(layer, len(sizes))
        top = convolve(x.reshape(-1, channels, *sizes), blobs[0], window, groups, bias)
        tops.append(top.reshape(*lead, *top.shape[1:]))
    return tops
