"""SigmoidCrossEntropyLoss: the cross entropy of each value's own sigmoid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.losses import read_normalizer
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("SigmoidCrossEntropyLoss")
class SigmoidCrossEntropyLoss(Operator):
    """Sum of max(x, 0) - x t + log(1 + exp(-|x|)) over the values that count, / the normalizer (default BATCH_SIZE).

    x: (n, ...), t: as many values, 0 to 1, top: (). A value is ignored where t, cut to a whole number, is ignore_label.
    Only x gets a gradient. Source: src/caffe/layers/sigmoid_cross_entropy_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the normalizer and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        self.normalizer = read_normalizer(p.message("loss_param"), "BATCH_SIZE")
        if not bottoms[0] or element_count(bottoms[0]) != element_count(bottoms[1]):
            raise ShapeError(f"targets of shape {bottoms[1]} for scores of shape {bottoms[0]}; expected one a score")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """SigmoidCrossEntropyLoss."""
        from converter.modules import losses

        return losses.SigmoidCrossEntropyLoss(self.normalizer.mode, self.normalizer.ignore_label)
