"""Padding: zeros around maps, or as much cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Padding")
class Padding(Operator):
    """(n, c, h, w): pad_beg zeros above and to the left, pad_end below and to the right; below 0 as much is cut off.

    Source: TheLegendAli/DeepLab-Context (DeepLab v1), src/caffe/layers/padding_layer.cpp.
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read both sides."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("padding_param")
        self.sides = view.integer("pad_beg", 0), view.integer("pad_end", 0)
        if min(self.sides) < 0 < max(self.sides):
            raise view.error("pad_beg", f"and pad_end are {list(self.sides)}", "expected both from 0 on, or up to 0")
        if len(bottoms[0]) != 4:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected 4 axes (n, c, h, w)")
        if min(bottoms[0][2:]) + sum(self.sides) < 1:
            raise ShapeError(f"bottom of shape {bottoms[0]}; cutting {list(self.sides)} off leaves nothing")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """Sizes with both sides."""
        n, c, height, width = bottoms[0]
        return [(n, c, height + sum(self.sides), width + sum(self.sides))]

    def module(self) -> nn.Module:
        """Torch's ZeroPad2d, which cuts off below 0."""
        from torch import nn

        return nn.ZeroPad2d((*self.sides, *self.sides))
