"""SmoothL1Loss: Fast R-CNN's loss on box offsets, a parabola that goes over into a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer
from converter.layers.smoothl1lossohem import SmoothL1LossOHEM

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("SmoothL1Loss", "SMOOTH_L1_LOSS")
class SmoothL1Loss(Operator):
    """Sum of outside * smooth_l1(inside * (x - target)) over the number of rows n; x: (n, ...).

    Bottoms: x, target, and, where given, the inside and the outside weights, all with as many values.
    With a second top, or a normalization in loss_param, it is R-FCN's, which SmoothL1LossOHEM describes.
    Source: Fast R-CNN's src/caffe/layers/smooth_L1_loss_layer.cpp, py-faster-rcnn's for `sigma` and outside weights,
    daijifeng001/caffe-rfcn's for the second top.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read sigma and compare the bottoms."""
        loss = p.message("loss_param")
        self.ohem: SmoothL1LossOHEM | None = None
        if self.tops > 1 or any(map(loss.has, ("normalization", "normalize", "pre_fixed_normalizer"))):
            self.ohem = SmoothL1LossOHEM(p, bottoms, tops=self.tops, phase=self.phase)
            return
        self.expect_bottoms(bottoms, 2, 4)
        self.sigma = p.message("smooth_l1_loss_param").number("sigma", 1.0)
        if any(element_count(shape) != element_count(bottoms[0]) for shape in bottoms):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected as many values in each")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar, and R-FCN's losses of boxes."""
        return self.ohem.top_shapes(bottoms) if self.ohem else [()]

    def module(self) -> nn.Module:
        """SmoothL1Loss."""
        from converter.modules import metric_losses

        if self.ohem:
            return self.ohem.module()
        return metric_losses.SmoothL1Loss(self.sigma)
