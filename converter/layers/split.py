"""Split: one blob under several names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Split")
class Split(Operator):
    """Every top is the bottom; their gradients add up. Source: src/caffe/layers/split_layer.cpp."""

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Nothing to read."""
        self.expect_bottoms(bottoms, 1)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """The bottom's, for every top."""
        return [bottoms[0]] * self.tops

    def module(self) -> nn.Module:
        """Split."""
        from converter.modules import select

        return select.Split(self.tops)
