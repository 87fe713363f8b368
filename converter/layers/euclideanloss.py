"""EuclideanLoss: half the mean squared distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.losses import expect_equal_items
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("EuclideanLoss")
class EuclideanLoss(Operator):
    """Sum of (a - b)² / 2n; a: (n, ...), b: (n, ...) with as many values, top: (). Both get a gradient.

    Source: src/caffe/layers/euclidean_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        expect_equal_items(*bottoms)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """EuclideanLoss."""
        from converter.modules import losses

        return losses.EuclideanLoss()
