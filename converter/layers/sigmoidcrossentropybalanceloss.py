"""SigmoidCrossEntropyBalanceLoss: cross entropy of sigmoids with labels weighted by the other's share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("SigmoidCrossEntropyBalanceLoss")
class SigmoidCrossEntropyBalanceLoss(Operator):
    """Sum of w (max(x, 0) - x t + log(1 + exp(-|x|))) / n over targets t of 0 and 1; x: (n, ...), top: ().

    w is the other label's share of the zeros and ones of an item. Only x gets a gradient, the original's: other targets
    add theirs at weight 1. Source: kmaninis/OSVOS-caffe (HED's loss, arXiv:1504.06375),
    caffe-osvos/src/caffe/layers/sigmoid_cross_entropy_balance_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        x, target = bottoms
        if not x or x[:1] != target[:1] or element_count(x) != element_count(target):
            raise ShapeError(f"targets of shape {target} for scores of shape {x}; expected one a score")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """SigmoidCrossEntropyBalanceLoss."""
        from converter.modules import balanced_losses

        return balanced_losses.SigmoidCrossEntropyBalanceLoss()
