"""SoftmaxWithLoss: the multinomial logistic loss of a softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from converter.errors import ShapeError
from converter.layers.kit.losses import read_class_weights, read_deeplabs_label, read_normalizer
from converter.layers.kit.windows import canonical_axis, element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params

FLOAT_MIN: Final = 1.1754943508222875e-38


@layer("SoftmaxWithLoss", "SOFTMAX_LOSS", "SoftmaxLoss")
class SoftmaxWithLoss(Operator):
    """-sum of log softmax(x)[label] over the positions that count, divided by the normalizer.

    x: (outer..., c, inner...) with c along softmax_param.axis, labels: outer * inner values in x's order. A
    second top holds the probabilities; a third each position's loss, 0 where ignored, through which no gradient passes
    (R-FCN's fork daijifeng001/caffe-rfcn). It has the labels' shape with axes of length 1 behind it up to four: labels
    of py-R-FCN's target layer have them, and its nets add the boxes' other loss, (n, 1, 1, 1); py-faster-rcnn's do not.
    SegNet's fork weights classes, see `ClassWeights`; DeepLab v1 has the ignored label in softmaxloss_param, of which
    weight_source and several labels are refused.
    Source: src/caffe/layers/softmax_loss_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis and the normalizer; compare the bottoms."""
        view = p.message("loss_param")
        self.normalizer = read_deeplabs_label(p.message("softmaxloss_param"), read_normalizer(view, "VALID"))
        self.read_axis(p, bottoms)
        self.class_weights = read_class_weights(view, bottoms[0][self.axis])
        if self.class_weights is not None and self.tops > 2:
            raise view.error("weight_by_label_freqs", "stands with R-FCN's third top", "no fork has both; remove one")

    def read_axis(self, p: Params, bottoms: Shapes) -> None:
        """Read the axis, and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        self.axis = canonical_axis(p.message("softmax_param").integer("axis"), len(bottoms[0]))
        shape = bottoms[0]
        wanted = element_count(shape[: self.axis]) * element_count(shape[self.axis + 1 :])
        if element_count(bottoms[1]) != wanted or bottoms[1][:1] != shape[:1]:
            raise ShapeError(f"labels of shape {bottoms[1]} for scores of shape {shape}; expected {wanted} labels")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar, the probabilities, and the losses."""
        labels = bottoms[1]
        return [(), bottoms[0], (*labels, *[1] * (4 - len(labels)))][: self.tops]

    def module(self) -> nn.Module:
        """SoftmaxWithLoss."""
        from converter.modules import hard_examples, losses

        n = self.normalizer
        if self.tops > 2:
            return hard_examples.SoftmaxWithLossOHEM(
                self.axis, n.mode, n.ignore_label, probabilities=True, per_box=True
            )
        weights = None if self.class_weights is None else self.class_weights.values
        return losses.SoftmaxWithLoss(self.axis, n.mode, n.ignore_label, self.tops > 1, weights)
