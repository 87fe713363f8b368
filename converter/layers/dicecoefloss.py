"""DiceCoefLoss: one minus the Dice coefficient of each item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.losses import expect_equal_items
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("DiceCoefLoss")
class DiceCoefLoss(Operator):
    """1 - mean of (2 a·b + smooth) / (a·a + b·b + smooth) over items; a, b: (n, ...) with as many values, top: ().

    Both get the original's gradient, that of the sum over items. `smooth` is 1 by default.
    Source: HolmesShuan/A-Variation-of-Dice-coefficient-Loss-Caffe-Layer, dice_coef_loss_layer.cpp;
    ZhiwenShao/JAANet, src/dice_coef_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read what smooths, compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("dice_coef_loss_param")
        self.smooth = view.number("smooth", 1.0)
        expect_equal_items(*bottoms)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """DiceCoefLoss."""
        from converter.modules import dice

        return dice.DiceCoefLoss(self.smooth)
