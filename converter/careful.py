"""Small convolutions the way Caffe computes them: the windows as columns, one matrix product (im2col, then BLAS).

Which sums a convolution rounds, and in which order, differs between libraries. On narrow nets oneDNN's direct kernels
end up to a tenth further from the exact result than Caffe does; the matrix product ends where Caffe does, and a small
problem can afford it. Large ones (the published nets' own layers) go to oneDNN, which is faster there and more exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.geometry import Geometry, count_of
from converter.lazytorch import F, torch

if TYPE_CHECKING:
    from torch import Tensor

_WORK = 1_000_000_000
"""Multiply-adds up to which a convolution counts as small: some milliseconds."""

_COLUMNS = 1 << 25
"""Values that the columns may hold: 128 MiB in float32."""


def convolution2d(x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry, group: int) -> Tensor:
    """x: (n, c_in, h, w), weight: (c_out, c_in / group, kh, kw) -> (n, c_out, h', w')."""
    g = geometry
    if not _is_small(x, weight, g, group):
        return F.conv2d(x, weight, bias, g.stride, g.pad, g.dilation, group)
    kernel = list(weight.shape[2:])
    if set(g.dilation) == {1}:
        y: Tensor = torch.ops.aten.thnn_conv2d(x, weight, kernel, bias, g.stride, g.pad)
    else:
        y = torch.ops.aten.slow_conv_dilated2d(x, weight, kernel, bias, g.stride, g.pad, g.dilation)
    return y


def _is_small(x: Tensor, weight: Tensor, geometry: Geometry, group: int) -> bool:
    """Whether torch's own im2col convolution can take it at little cost: on the CPU, ungrouped, not short floats."""
    if x.device.type != "cpu" or group != 1 or x.dtype not in (torch.float32, torch.float64) or not x.numel():
        return False
    columns = count_of(weight.shape[1:]) * count_of(geometry.convolved(tuple(x.shape[2:])))
    return columns <= _COLUMNS and columns * weight.shape[0] * x.shape[0] <= _WORK
