"""Split: one blob under several names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


@layer("Split")
class Split(Operator):
    """Every top is the bottom; their gradients add up. Source: src/caffe/layers/split_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Nothing to read."""
        self.expect_bottoms(bottoms, 1)

    def forward(self, call: Call) -> list[Tensor]:
        """The bottom, once for each top."""
        return [call.bottoms[0]] * self.tops
