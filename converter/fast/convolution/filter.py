"""A convolution as the fast algorithms take it: its numbers, where it runs, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from converter.errors import ShapeError
from converter.files.mapping import release

Pair: TypeAlias = tuple[int, int]
Algorithm: TypeAlias = Callable[[Tensor], Tensor]
"""x: (n, c_in, h, w) of its dtype and device -> (n, c_out, h', w'), channels-last, rectified if asked for."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A two-dimensional convolution: weight (c_out, c_in / group, kh, kw), bias (c_out,) or None."""

    weight: Tensor
    bias: Tensor | None
    stride: Pair
    pad: Pair
    dilation: Pair
    group: int
    rectified: bool

    @property
    def kernel(self) -> Pair:
        """(kh, kw)."""
        return self.weight.shape[2], self.weight.shape[3]

    @property
    def plain(self) -> bool:
        """Whether every output position looks at every channel: no stride, no groups."""
        return self.stride == (1, 1) and self.group == 1

    def output_size(self, height: int, width: int) -> Pair:
        """(h', w') of an input of that height and width."""
        sizes = zip((height, width), self.kernel, self.stride, self.pad, self.dilation, strict=True)
        rows, columns = ((size + 2 * pad - gap * (k - 1) - 1) // step + 1 for size, k, step, pad, gap in sizes)
        return rows, columns


@dataclass(frozen=True, slots=True)
class Place:
    """Where and in what type a net computes; `tf32`: CUDA may round the factors of float32 products.

    `float32_ends`: a net's first convolution, its last one and what follows compute in float32 all the same.
    """

    dtype: torch.dtype
    device: torch.device
    tf32: bool = False
    float32_ends: bool = False


def bias_of(given: Filter, place: Place, dtype: torch.dtype | None = None) -> Tensor | None:
    """The bias (c_out,) on the device, rounded to the place's type, in `dtype`."""
    return None if given.bias is None else given.bias.detach().to(place.device, place.dtype).to(dtype or place.dtype)


def refuse_small(given: Filter, x: Tensor, error: RuntimeError) -> None:
    """Say what a kernel's own words for it do not: x (n, c_in, h, w) is smaller than the kernel.

    Called where the kernel failed, so that nothing is asked on the way there.

    Raises:
        ShapeError: it is.
    """
    if x.ndim != 4 or min(given.output_size(x.shape[2], x.shape[3])) >= 1:
        return
    rows, columns = x.shape[2] + 2 * given.pad[0], x.shape[3] + 2 * given.pad[1]
    height, width = (gap * (size - 1) + 1 for size, gap in zip(given.kernel, given.dilation, strict=True))
    seen = f"a blob of {rows}×{columns}, padding included"
    raise ShapeError(f"{seen}, is smaller than its kernel's {height}×{width}; give a larger input") from error


def release_pages(weight: Tensor, *packed: Tensor) -> None:
    """Let the system have the pages of a mapped weight (c_out, c_in, k, k) again that now lies packed elsewhere."""
    if weight.device.type == "cpu" and all(other.data_ptr() != weight.data_ptr() for other in packed):
        release(weight.detach().numpy())
