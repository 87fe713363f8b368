"""NormalizedSigmoidCrossEntropyLoss: the cross entropy of each value's sigmoid, per pixel, or weighed by class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("NormalizedSigmoidCrossEntropyLoss")
class NormalizedSigmoidCrossEntropyLoss(Operator):
    """Sum of max(x, 0) - x t + log(1 + exp(-|x|)); x: (n, c, h, w), t: as many values, 0 to 1, top: ().

    Two bottoms: over n h w; a value is ignored where t, cut to a whole number, is ignore_label. A third bottom weighs
    each item's classes, (n, c), and nothing divides. Only x gets a gradient.
    Source: src/caffe/layers/normalized_sigmoid_cross_entropy_loss_layer.cpp of feiyunzhang/caffe, and of
    Hexiang-Hu/caffe with three bottoms.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the label to ignore and compare the bottoms."""
        self.expect_bottoms(bottoms, 2, 3)
        x = bottoms[0]
        if len(x) != 4 or element_count(bottoms[1]) != element_count(x):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, c, h, w) and as many targets")
        if len(bottoms) == 3 and (bottoms[2][:2] != x[:2] or element_count(bottoms[2][2:]) != 1):
            raise ShapeError(f"weights of shape {bottoms[2]} for scores of shape {x}; expected (n, c)")
        view = p.message("loss_param")
        self.ignore = view.integer("ignore_label") if view.has("ignore_label") else None
        if self.ignore is not None and len(bottoms) == 3:
            raise view.error("ignore_label", f"is {self.ignore}", "weights tell what counts; leave it out")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()][: self.tops]

    def module(self) -> nn.Module:
        """PixelSigmoidCrossEntropyLoss."""
        from converter.modules import metric_losses

        return metric_losses.PixelSigmoidCrossEntropyLoss(self.ignore)
