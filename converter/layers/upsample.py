"""Upsample: nearest neighbor with one bottom (YOLO), back to where a mask says with two (SegNet)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.examples import pooled_places
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.net import Shape
    from converter.net.params import Params


@layer("Upsample", "UPSAMPLE")
class Upsample(Operator):
    """x: (n, c, h, w) to (n, c, h', w').

    One bottom: each value `scale` times in both directions. Source: src/caffe/layers/upsample_layer.cpp of
    eric612/MobileNet-YOLO. Two bottoms, values and the positions that max pooling took them from: each value goes back
    to its position in a plane of zeros of upsample_h by upsample_w, or scale (or scale_h, scale_w; 2) times the size,
    less one row or column where pad_out_h or pad_out_w says so. Source: the same file of alexgkendall/caffe-segnet.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Tell the two meanings apart by the bottoms and read their fields."""
        self.expect_bottoms(bottoms, 1, 2)
        view = p.message("upsample_param")
        self.by_mask = len(bottoms) == 2
        self.fixed: tuple[int, int] | None = None
        self.cut = (0, 0)
        if any(len(shape) != 4 for shape in bottoms) or bottoms[-1] != bottoms[0]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected equal ones of 4 axes (n, c, h, w)")
        scale = view.integer("scale", 2 if self.by_mask else 1)
        self.scale = (scale, scale)
        if self.by_mask:
            self._read_size(view)
        if min(self.scale) < 1:
            raise view.error("scale", f"is {list(self.scale)}", "expected at least 1")

    def _read_size(self, view: Params) -> None:
        if view.has("upsample_h") and view.has("upsample_w"):
            self.fixed = view.integer("upsample_h"), view.integer("upsample_w")
            return
        if view.has("scale_h") and view.has("scale_w"):
            self.scale = view.integer("scale_h"), view.integer("scale_w")
        self.cut = int(view.flag("pad_out_h", False)), int(view.flag("pad_out_w", False))

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """The mask: positions in the plane."""
        return pooled_places(random, self._size(bottoms[0][2:]), bottoms[1]) if place == 1 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, h', w')."""
        return [(*bottoms[0][:2], *self._size(bottoms[0][2:]))]

    def _size(self, plane: Shape) -> tuple[int, int]:
        if self.fixed is not None:
            return self.fixed
        return plane[0] * self.scale[0] - self.cut[0], plane[1] * self.scale[1] - self.cut[1]

    def module(self) -> nn.Module:
        """MaskUnpool2d with a mask, else RepeatUpsample2d."""
        from converter.modules import upsampling

        if self.by_mask:
            return upsampling.MaskUnpool2d(self.scale, self.cut, self.fixed)
        return upsampling.RepeatUpsample2d(self.scale)
