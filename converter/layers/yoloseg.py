"""YoloSeg: MobileNet-YOLO's loss on maps of several classes at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("YoloSeg")
class YoloSeg(Operator):
    """Sum of (object_scale · (sigmoid(score) - label))² / n, more for rare classes; top: ().

    Bottoms: scores and labels (n, c, h, w), and the labels' area by class (n, c). What is squared is the gradient too.
    num_class, class_scale, use_logic_gradient and use_hardsigmoid change nothing.
    Source: eric612/MobileNet-YOLO, src/caffe/layers/yolo_seg.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the scale, compare the bottoms."""
        self.expect_bottoms(bottoms, 3)
        view = p.message("yolo_seg_param")
        self.scale = view.number("object_scale", 5.0)
        view.integer("num_class", 0)
        view.number("class_scale", 1.0)
        for name in ("use_logic_gradient", "use_hardsigmoid"):
            view.flag(name, False)
        scores, labels, areas = bottoms
        if len(scores) != 4 or labels != scores or element_count(areas) != scores[0] * scores[1]:
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, c, h, w) twice and (n, c)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar."""
        return [()]

    def module(self) -> nn.Module:
        """YoloSegLoss."""
        from converter.modules import segmentation

        return segmentation.YoloSegLoss(self.scale)
