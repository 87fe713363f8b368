"""TripletLoss: an anchor is to be nearer to a positive than to a negative, by a margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("TripletLoss")
class TripletLoss(Operator):
    """Sum of max(0, margin + |anchor - positive|² - |anchor - negative|²) / 2n; bottoms: (n, ...) each; top: ().

    Forks that draw their triplets from features and labels, of two bottoms, or have other fields, are refused.
    Source: xuzhenqi/caffe, src/caffe/layers/triplet_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the margin and compare the bottoms."""
        self.expect_bottoms(bottoms, 3)
        self.margin = p.message("triplet_loss_param").number("margin", 1.0)
        sizes = {(shape[:1], element_count(shape)) for shape in bottoms}
        if len(sizes) > 1 or not bottoms[0]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected as many items and values in each")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()]

    def module(self) -> nn.Module:
        """TripletLoss."""
        from converter.modules import face_losses

        return face_losses.TripletLoss(self.margin)
