"""HingeLoss: one against all, with a margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("HingeLoss")
class HingeLoss(Operator):
    """Sum of max(0, 1 + x[j]) over the wrong classes and max(0, 1 - x[label]), or (norm L2) of their squares, / n.

    x: (n, ...) with one value a class, label: n whole numbers, top: (). On the margin's edge the gradient is 0.
    Source: src/caffe/layers/hinge_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the norm and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        self.square = p.message("hinge_loss_param").choice("norm", ("L1", "L2")) == "L2"
        if not bottoms[0] or element_count(bottoms[1]) != bottoms[0][0]:
            raise ShapeError(f"labels of shape {bottoms[1]} for scores of shape {bottoms[0]}; expected one an item")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """HingeLoss."""
        from converter.modules import losses

        return losses.HingeLoss(2 if self.square else 1)
