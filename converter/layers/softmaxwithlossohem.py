"""SoftmaxWithLossOHEM: SoftmaxWithLoss that also tells each box's own loss, R-FCN's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.losses import read_pre_fixed_normalizer
from converter.layers.layer import Shapes, layer
from converter.layers.softmaxwithloss import SoftmaxWithLoss

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("SoftmaxWithLossOHEM")
class SoftmaxWithLossOHEM(SoftmaxWithLoss):
    """SoftmaxWithLoss; further tops hold the probabilities and each position's loss, as its third top does.

    A position of ignore_label has loss 0. No gradient passes through the third top.
    Source: R-FCN's src/caffe/layers/softmax_loss_ohem_layer.cpp, which daijifeng001/caffe-rfcn has as SoftmaxWithLoss.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """As SoftmaxWithLoss, with R-FCN's normalizer."""
        self.normalizer = read_pre_fixed_normalizer(p.message("loss_param"), "VALID")
        self.read_axis(p, bottoms)

    def module(self) -> nn.Module:
        """SoftmaxWithLossOHEM."""
        from converter.modules import hard_examples

        n, probabilities, per_box = self.normalizer, self.tops > 1, self.tops > 2
        return hard_examples.SoftmaxWithLossOHEM(
            self.axis, n.mode, n.ignore_label, n.pre_fixed, probabilities=probabilities, per_box=per_box
        )
