"""Two-dimensional convolutions that round with care where the order of float32 sums would show.

Which sums a convolution rounds, and in which order, differs between libraries. On narrow nets oneDNN's direct kernels
end up to a tenth further from the exact result than Caffe does. A small problem can afford better: it is summed in
float64 and rounded once. Large ones (the published nets' own layers) go to oneDNN, which there is both faster and more
exact than Caffe.

The identity start of the Large context module adds up to 32 equal parts in one output. A float32 sum of 32 equal parts
need not be 32 times the part, whatever the order; of parts of 12 significant bits it is. There the input is taken apart
into two such halves, and the answer is the sum of two convolutions.
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


_HALF = 4097.0
"""2**12 + 1: Veltkamp's factor, which leaves the upper 12 of float32's 24 significant bits."""

_EXACT_PARTS = 2
"""Equal float32 numbers whose sum is exact in any order."""


def convolution2d(
    x: Tensor, weight: Tensor, bias: Tensor | None, geometry: Geometry, group: int, equal_parts: int = 1
) -> Tensor:
    """x: (n, c_in, h, w), weight: (c_out, c_in / group, kh, kw) -> (n, c_out, h', w') of x's type.

    With `equal_parts` n, an output that adds n equal products (equation 5's identity, weights powers of two) is exact,
    whatever the size, in float32 and float64.
    """
    g = geometry
    if _is_small(x, weight, g, group):
        wide = None if bias is None else bias.double()
        return F.conv2d(x.double(), weight.double(), wide, g.stride, g.pad, g.dilation, group).to(x.dtype)
    if equal_parts > _EXACT_PARTS and x.dtype == torch.float32 and not torch.is_autocast_enabled(x.device.type):
        upper, lower = halves(x)
        y = F.conv2d(upper, weight, bias, g.stride, g.pad, g.dilation, group)
        return y + F.conv2d(lower, weight, None, g.stride, g.pad, g.dilation, group)
    return F.conv2d(x, weight, bias, g.stride, g.pad, g.dilation, group)


def halves(x: Tensor) -> tuple[Tensor, Tensor]:
    """Two tensors of at most 12 significant bits whose sum is x, float32: Veltkamp's splitting (Dekker, 1971).

    Gradients pass through the second alone, which gives a convolution of the two x's own.
    """
    fixed = x.detach()
    scaled = fixed * _HALF
    upper = scaled - (scaled - fixed)
    return upper, x - upper


def _is_small(x: Tensor, weight: Tensor, geometry: Geometry, group: int) -> bool:
    """Whether float64 comes at little cost: a float32 problem on the CPU, ungrouped, of few products."""
    if x.device.type != "cpu" or x.dtype != torch.float32 or group != 1:
        return False
    columns = count_of(weight.shape[1:]) * count_of(geometry.convolved(tuple(x.shape[2:])))
    return columns <= _COLUMNS and columns * weight.shape[0] * x.shape[0] <= _WORK
