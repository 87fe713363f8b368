"""Convolution3D (C3D): a convolution over length, height and width.

Source: facebookarchive/C3D, C3D-v1.1/src/caffe/layers/convolution3d_layer.cpp; V1 nets write convolution_param.
"""

from __future__ import annotations

from reference.convolve import convolve
from reference.layer import Array, Layer, Parameter
from reference.params import Params
from reference.volumes import volume_window

TYPE = "Convolution3D"
MESSAGES = ("convolution3d_param", "convolution_param")
SUMS = True
_LENGTH = (
    "kernel_depth 0 int; temporal_stride 0 int = 1; temporal_pad 0 int = 0; filter_group 0 int = 1; kernel_l 0 int; "
    "stride_l 0 int = 1; pad_l 0 int = 0"
)
_PLANE = "kernel_h 0 int; kernel_w 0 int; stride_h 0 int; stride_w 0 int; pad_h 0 int; pad_w 0 int"
FIELDS = (
    "convolution3d_param: num_output 0 int; bias_term 0 bool = true; pad 0 int = 0; kernel_size 0 int; "
    f"stride 0 int = 1; weight_filler 0 filler; bias_filler 0 filler; {_PLANE}; {_LENGTH}\nconvolution_param: {_LENGTH}"
)


def _params(layer: Layer) -> Params:
    own = layer.params("convolution3d_param")
    return own if own.has("num_output") else layer.params("convolution_param")


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """Weight (num_output, c / filter_group, depth, k, k) and, unless bias_term is off, bias."""
    params = _params(layer)
    layer.expect(bottoms, 1)
    outputs, groups = params.integer("num_output"), params.integer("filter_group")
    if bottoms[0].ndim != 5 or groups < 1 or bottoms[0].shape[1] % groups or outputs % groups:
        raise layer.error(f"does not divide a bottom of shape {bottoms[0].shape} into {groups} groups of {outputs}")
    shape = (outputs, bottoms[0].shape[1] // groups, *volume_window(params).kernel)
    weight = Parameter(shape, params.message("weight_filler", "filler"))
    bias = Parameter((outputs,), params.message("bias_filler", "filler"))
    return [weight, bias] if params.flag("bias_term") else [weight]


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """x: (n, c, length, h, w); returns (n, num_output, length', h', w')."""
    params = _params(layer)
    bias = blobs[1] if len(blobs) > 1 else None
    return [convolve(bottoms[0], blobs[0], volume_window(params), params.integer("filter_group"), bias)]
