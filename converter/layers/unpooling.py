"""Unpooling: the way back from pooling, by mask, by position, by spreading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.examples import pooled_places
from converter.layers.kit.windows import read_pair
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params


@layer("Unpooling", "UNPOOLING")
class Unpooling(Operator):
    """x: (n, c, h, w) to a plane of unpool_h by unpool_w, which must be stated, as unpool_size or both.

    MAX puts each value where the second bottom (a pooling mask) says, or without one at the first place of its window.
    AVE spreads it evenly over its window, TILE writes it to all of the window; where windows overlap the values add up.
    Windows are cut at the plane's end. TILE's gradient is, as in the source, the window's mean. Source: DeconvNet's
    src/caffe/layers/unpooling_layer.cpp (HyeonwooNoh/caffe, arXiv:1505.04366).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read method, window and size."""
        self.expect_bottoms(bottoms, 1, 2)
        view = p.message("unpooling_param")
        self.method = view.choice("unpool", ("MAX", "AVE", "TILE"), "MAX")
        self.kernel = read_pair(view, "kernel_size", "kernel_h", "kernel_w", None)
        self.stride = read_pair(view, "stride", "stride_h", "stride_w", 1)
        self.size = read_pair(view, "unpool_size", "unpool_h", "unpool_w", None)
        least = min(*self.kernel, *self.stride, *self.size)
        if least < 1:
            raise view.error("unpool_size", f"kernel, stride or this is {least}", "expected at least 1 of each")
        pad = read_pair(view, "pad", "pad_h", "pad_w", 0)
        if pad != (0, 0):
            raise view.error("pad", f"is {pad}", "unpooling is defined without padding only")
        if any(len(shape) != 4 for shape in bottoms) or bottoms[-1] != bottoms[0]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected equal ones of 4 axes (n, c, h, w)")

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """The mask: positions in the plane."""
        return pooled_places(random, self.size, bottoms[1]) if place == 1 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, unpool_h, unpool_w)."""
        return [(*bottoms[0][:2], *self.size)]

    def module(self) -> nn.Module:
        """Unpool2d."""
        from converter.modules import upsampling

        mode = {"MAX": "max", "AVE": "mean", "TILE": "tile"}[self.method]
        return upsampling.Unpool2d(mode, self.kernel, self.stride, self.size)
