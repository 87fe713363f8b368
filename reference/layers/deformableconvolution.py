"""DeformableConvolution (unsky/Deformable-ConvNets-caffe): taps read where offsets move them (arXiv:1703.06211).

Source: deformable_conv_cxx/deformable_conv_layer.cpp, deformable_im2col.cu.
"""

from __future__ import annotations

import math

import numpy as np

from reference.layer import Array, Layer, Parameter
from reference.memory import check_size
from reference.params import Params

TYPE = "DeformableConvolution"
MESSAGES = ("deformable_convolution_param",)
NOT_IN_PLACE = True
SUMS = True
FIELDS = (
    "deformable_convolution_param: num_output 1 int; bias_term 2 bool = true; pad 3 int*; kernel_size 4 int*; "
    "group 5 int = 1; stride 6 int*; weight_filler 7 filler; bias_filler 8 filler; pad_h 9 int; pad_w 10 int; "
    "kernel_h 11 int; kernel_w 12 int; stride_h 13 int; stride_w 14 int; dilation 18 int*; "
    "deformable_group 19 int = 4"
)


def _pair(params: Params, name: str, absent: int) -> tuple[int, int]:
    halves = [f"{name.removesuffix('_size')}_{side}" for side in "hw"]
    if name != "dilation" and any(params.has(half) for half in halves):
        return params.integer(halves[0]), params.integer(halves[1])
    given = [*params.integers(name)] or [absent]
    return given[0], given[-1]


def parameters(layer: Layer, bottoms: list[Array]) -> list[Parameter]:
    """Weight (num_output, c / group, kh, kw) and, unless bias_term is off, bias."""
    params = layer.params("deformable_convolution_param")
    layer.expect(bottoms, 2)
    outputs, groups = params.integer("num_output"), params.integer("group")
    shape = (outputs, bottoms[0].shape[1] // groups, *_pair(params, "kernel_size", 0))
    weight = Parameter(shape, params.message("weight_filler", "filler"))
    bias = Parameter((outputs,), params.message("bias_filler", "filler"))
    return [weight, bias] if params.flag("bias_term") else [weight]


def _read(planes: Array, y: float, x: float) -> Array:
    """Planes (c, h, w) between pixels: (c,)."""
    height, width = planes.shape[1:]
    if not (0 <= y < height and 0 <= x < width):
        return np.zeros(len(planes), planes.dtype)
    y, x = min(y, height - 1.0), min(x, width - 1.0)
    top, left = math.floor(y), math.floor(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    upper = planes[:, top, left] * (1 - (x - left)) + planes[:, top, right] * (x - left)
    lower = planes[:, bottom, left] * (1 - (x - left)) + planes[:, bottom, right] * (x - left)
    return np.asarray(upper * (1 - (y - top)) + lower * (y - top))


def forward(layer: Layer, bottoms: list[Array], blobs: list[Array]) -> list[Array]:
    """X (n, c, h, w), offset (n, 2 deformable_group kh kw, h', w'); returns (n, num_output, h', w')."""
    params = layer.params("deformable_convolution_param")
    x, offset = bottoms
    stride, pad, dilation = (_pair(params, name, at) for name, at in (("stride", 1), ("pad", 0), ("dilation", 1)))
    weight, spread, groups = blobs[0], params.integer("deformable_group"), params.integer("group")
    outputs, depth, high, wide = weight.shape
    sizes = offset.shape[2:]
    check_size(len(x), x.shape[1], high * wide, *sizes)
    share = x.shape[1] // spread
    top = np.zeros((len(x), outputs, *sizes), x.dtype)
    for item, row, column in np.ndindex(len(x), *sizes):
        seen = np.zeros((x.shape[1], high, wide), x.dtype)
        for part, i, j in np.ndindex(spread, high, wide):
            channel = 2 * ((part * high + i) * wide + j)
            y = row * stride[0] - pad[0] + i * dilation[0] + offset[item, channel, row, column]
            at = column * stride[1] - pad[1] + j * dilation[1] + offset[item, channel + 1, row, column]
            own = slice(part * share, (part + 1) * share)
            seen[own, i, j] = _read(x[item, own], float(y), float(at))
        for output in range(outputs):
            first = output // (outputs // groups) * depth
            top[item, output, row, column] = (weight[output] * seen[first : first + depth]).sum()
    return [top + blobs[1].reshape(-1, 1, 1) if len(blobs) > 1 else top]
