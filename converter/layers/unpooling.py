"""Unpooling: the way back from pooling, by mask, by position, by spreading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import nn

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

    def module(self) -> nn.Module:
        """Unpool2d."""
        from converter.modules import upsampling

        mode = {"MAX": "max", "AVE": "mean", "TILE": "tile"}[self.method]
        return upsampling.Unpool2d(mode, self.kernel, self.stride, self.fixed)


def _pair(view: Params, name: str, high: str, wide: str, default: int | None) -> Pair | None:
    if view.has(high) or view.has(wide):
        return view.integer(high), view.integer(wide)
    value = view.integer(name, default)
    return value, value
