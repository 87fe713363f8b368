"""LabelSpecificAdd: a margin taken from the true class's score, AM-Softmax's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("LabelSpecificAdd")
class LabelSpecificAdd(Operator):
    """x: (n, ...) with one score a class, labels: n numbers, to x with `bias` added at the label, in phase TRAIN.

    Only a score above -bias gets it, so that none changes its sign; the bias is negative (-0.35). In phase TEST the
    scores pass: the source reads `transform_test` in TRAIN alone. The gradient passes unchanged. A bias that changes
    with the iteration (bias_base, bias_gamma, bias_power) is refused.
    Source: zhanglaplace/Caffe-ZF, src/caffe/layers/label_specific_add_layer.cpp (AM-Softmax, arXiv:1801.05599).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the bias and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        x, labels = bottoms
        if not x or element_count(labels) != x[0]:
            raise ShapeError(f"labels of shape {labels} for scores of shape {x}; expected one an item")
        view = p.message("label_specific_add_param")
        self.bias = view.number("bias", 0.0)
        view.flag("transform_test", False)

    def module(self) -> nn.Module:
        """LabelMargin in phase TRAIN, with no bias in TEST."""
        from converter.modules import metric_losses

        return metric_losses.LabelMargin(self.bias if self.phase == "train" else 0.0)
