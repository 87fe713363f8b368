"""Small convolutions summed in float64 and rounded once: closer to the exact result than Caffe's own float32 is.

Which sums a convolution rounds, and in which order, differs between libraries. On narrow nets oneDNN's direct kernels
end up to a tenth further from the exact result than Caffe does, and the identity initialisation of the Large context
module, which adds 32 equal parts, would not give back its input bit for bit. A small problem can afford better; large
ones (the published nets' own layers) go to oneDNN, which there is both faster and more exact than Caffe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.geometry import Geometry, count_of
from converter.lazytorch import F, torch

if TYPE_CHECKING:
    from torch import Tensor

_WORK = 1_000_000_000
"""Multiply-adds up to which a convolution counts as small: some tens of milliseconds."""

_COLUMNS = 1 << 25
"""Values that the windows, laid out as columns, may hold: 256 MiB in float64."""


def convolution2d(x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry, group: int) -> Tensor:
    """x: (n, c_in, h, w), weight: (c_out, c_in / group, kh, kw) -> (n, c_out, h', w') of x's type."""
    g = geometry
    if not _is_small(x, weight, g, group):
        return F.conv2d(x, weight, bias, g.stride, g.pad, g.dilation, group)
    wide = None if bias is None else bias.double()
    return F.conv2d(x.double(), weight.double(), wide, g.stride, g.pad, g.dilation, group).to(x.dtype)


def _is_small(x: Tensor, weight: Tensor, geometry: Geometry, group: int) -> bool:
    """Whether float64 comes at little cost: a float32 problem on the CPU, ungrouped, of few products."""
    if x.device.type != "cpu" or x.dtype != torch.float32 or group != 1:
        return False
    columns = count_of(weight.shape[1:]) * count_of(geometry.convolved(tuple(x.shape[2:])))
    return columns <= _COLUMNS and columns * weight.shape[0] * x.shape[0] <= _WORK
