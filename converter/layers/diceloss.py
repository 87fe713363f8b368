"""DiceLoss: one minus the Dice coefficient of sigmoids with a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.losses import expect_equal_items
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("DiceLoss")
class DiceLoss(Operator):
    """1 - (2 t·s + 1e-6) / (sum t + sum s + 1e-6) of all values, s = sigmoid(x); x, t: as many values, top: ().

    Source: 198808xc/OrganSegC2F, DiceLossLayer/dice_loss_layer.cpp.
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
        """SigmoidDiceLoss."""
        from converter.modules import dice

        return dice.SigmoidDiceLoss()
