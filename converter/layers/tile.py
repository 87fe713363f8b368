"""Tile: a blob repeated along one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.windows import canonical_axis
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Tile")
class Tile(Operator):
    """`tiles` copies of the bottom, one behind the other along `axis`. Source: src/caffe/layers/tile_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis and the number."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("tile_param")
        self.axis = canonical_axis(view.integer("axis"), len(bottoms[0]))
        self.tiles = view.integer("tiles")
        if self.tiles < 1:
            raise view.error("tiles", f"is {self.tiles}", "expected at least 1")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The bottom's shape, `tiles` times as long along the axis."""
        shape = bottoms[0]
        return [(*shape[: self.axis], shape[self.axis] * self.tiles, *shape[self.axis + 1 :])]

    def module(self) -> nn.Module:
        """Tile."""
        from converter.modules import shapes

        return shapes.Tile(self.tiles, self.axis)
