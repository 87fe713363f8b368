"""MultinomialLogisticLoss: the cross entropy of given probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("MultinomialLogisticLoss")
class MultinomialLogisticLoss(Operator):
    """-sum of log(max(p[label], 1e-20)) / n; p: (n, ...) with one probability a class, label: n whole numbers, top: ().

    The gradient is that of the held value, whether it was held or not.
    Source: src/caffe/layers/multinomial_logistic_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        if not bottoms[0] or element_count(bottoms[1]) != bottoms[0][0]:
            raise ShapeError(f"labels of shape {bottoms[1]} for scores of shape {bottoms[0]}; expected one an item")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """MultinomialLogisticLoss."""
        from converter.modules import losses

        return losses.MultinomialLogisticLoss()
