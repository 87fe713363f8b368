"""L1Loss: the sum of absolute differences, NVIDIA's loss on DetectNet's boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import nn


@layer("L1Loss")
class L1Loss(Operator):
    """Sum of |a - b| / n; a: (n, ...), b: (n, ...) with as many values, top: (). Both get a gradient.

    Source: NVIDIA's src/caffe/layers/l1_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        a, b = bottoms
        if not a or a[:1] != b[:1] or element_count(a) != element_count(b):
            raise ShapeError(f"bottoms of shapes {a} and {b}; expected as many items, and as many values in each")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """L1Loss."""
        from converter.modules import losses

        return losses.L1Loss()
