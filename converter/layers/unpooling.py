"""Unpooling: the way back from pooling, by mask, by position, by spreading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.lazytorch import F, torch
from converter.layers.layer import Call, Operator, Shapes, layer
from converter.layers.upsample import scattered
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor

Pair = tuple[int, int]


@layer("Unpooling", "UNPOOLING")
class Unpooling(Operator):
    """x: (n, c, h, w) to a plane of unpool_h by unpool_w, or max((h - 1) stride + kernel, h * stride + 1).

    MAX puts each value where the second bottom (a pooling mask) says, or without one at the first place of its window.
    AVE spreads it evenly over its window, TILE writes it to all of the window; where windows overlap the values add up.
    TILE's gradient is, as in the source, the window's mean. Source: DeconvNet's
    src/caffe/layers/unpooling_layer.cpp (HyeonwooNoh/caffe, arXiv:1505.04366).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read method, window and size."""
        self.expect_bottoms(bottoms, 1, 2)
        view = p.message("unpooling_param")
        self.method = view.choice("unpool", ("MAX", "AVE", "TILE"), "MAX")
        kernel = _pair(view, "kernel_size", "kernel_h", "kernel_w", None)
        assert kernel is not None
        self.kernel: Pair = kernel
        self.stride = _pair(view, "stride", "stride_h", "stride_w", 1) or (1, 1)
        sized = view.has("unpool_size") or view.has("unpool_h")
        self.fixed = _pair(view, "unpool_size", "unpool_h", "unpool_w", None) if sized else None
        pad = _pair(view, "pad", "pad_h", "pad_w", 0)
        if pad != (0, 0):
            raise view.error("pad", f"is {pad}", "unpooling is defined without padding only")
        if any(len(shape) != 4 for shape in bottoms) or bottoms[-1] != bottoms[0]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected equal ones of 4 axes (n, c, h, w)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, h', w')."""
        n, c, h, w = bottoms[0]
        return [(n, c, *self._size((h, w)))]

    def _size(self, plane: Pair) -> Pair:
        if self.fixed is not None:
            return self.fixed
        rows, columns = (
            max((size - 1) * s + k, size * s + 1) for size, s, k in zip(plane, self.stride, self.kernel, strict=True)
        )
        return rows, columns

    def forward(self, call: Call) -> list[Tensor]:
        """One top."""
        x = call.bottoms[0]
        size = self._size((x.shape[2], x.shape[3]))
        if self.method == "MAX":
            mask = call.bottoms[1] if len(call.bottoms) > 1 else self._places(x, size)
            return [scattered(x, mask, size)]
        rows, columns = (self._extent(axis, x, size[axis]) for axis in (0, 1))
        mean = self._spread(x / (rows[:, None] * columns), size)
        if self.method == "AVE":
            return [mean]
        return [mean + (self._spread(x, size) - mean).detach()]

    def _places(self, x: Tensor, size: Pair) -> Tensor:
        """The flat position of each window's first value."""
        rows = (torch.arange(x.shape[2], device=x.device) * self.stride[0]).clamp(max=size[0] - 1)
        columns = (torch.arange(x.shape[3], device=x.device) * self.stride[1]).clamp(max=size[1] - 1)
        return (rows[:, None] * size[1] + columns).expand(x.shape)

    def _extent(self, axis: int, x: Tensor, size: int) -> Tensor:
        """How much of each window along an axis lies within the plane, at least 1."""
        start = torch.arange(x.shape[2 + axis], device=x.device, dtype=x.dtype) * self.stride[axis]
        return ((start + self.kernel[axis]).clamp(max=size) - start).clamp(min=1)

    def _spread(self, x: Tensor, size: Pair) -> Tensor:
        """Each value added to every place of its window, the plane cut or filled up to `size`."""
        c = x.shape[1]
        y = F.conv_transpose2d(x, x.new_ones(c, 1, *self.kernel), stride=self.stride, groups=c)
        return F.pad(y, (0, size[1] - y.shape[3], 0, size[0] - y.shape[2]))


def _pair(view: Params, name: str, high: str, wide: str, default: int | None) -> Pair | None:
    if view.has(high) or view.has(wide):
        return view.integer(high), view.integer(wide)
    value = view.integer(name, default)
    return value, value
