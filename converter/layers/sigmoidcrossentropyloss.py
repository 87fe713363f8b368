"""SigmoidCrossEntropyLoss: the cross entropy of each value's own sigmoid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.lazytorch import F
from converter.layers.kit.losses import read_normalizer
from converter.layers.kit.windows import count_of
from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


@layer("SigmoidCrossEntropyLoss")
class SigmoidCrossEntropyLoss(Operator):
    """Sum of max(x, 0) - x t + log(1 + exp(-|x|)) over the values that count, / the normaliser (default BATCH_SIZE).

    x: (n, ...), t: as many values, 0 to 1, top: (). A value is ignored where t, cut to a whole number, is ignore_label.
    Only x gets a gradient. Source: src/caffe/layers/sigmoid_cross_entropy_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the normaliser and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        self.normalizer = read_normalizer(p.message("loss_param"), "BATCH_SIZE")
        if not bottoms[0] or count_of(bottoms[0]) != count_of(bottoms[1]):
            raise ShapeError(f"targets of shape {bottoms[1]} for scores of shape {bottoms[0]}; expected one a score")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def forward(self, call: Call) -> list[Tensor]:
        """The loss."""
        x = call.bottoms[0]
        target = call.bottoms[1].detach().reshape(x.shape)
        terms = F.binary_cross_entropy_with_logits(x, target, reduction="none")
        ignored = self.normalizer.ignore_label
        valid = target.new_ones(target.shape).bool() if ignored is None else target.trunc() != ignored
        divisor = self.normalizer.divisor(x.shape[0], count_of(x.shape[1:]), valid)
        return [(terms * valid).sum() / divisor][: self.tops]
