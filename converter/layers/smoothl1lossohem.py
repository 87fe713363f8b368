"""SmoothL1LossOHEM: R-FCN's loss on box offsets, which also tells each box's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.losses import read_pre_fixed_normalizer
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("SmoothL1LossOHEM")
class SmoothL1LossOHEM(Operator):
    """Sum of smooth_l1(weights * (x - target)) / the normalizer; x: (n, c, h, w) or less axes.

    Bottoms: x, target, and, where given, the weights. The second top, if there is one, holds each place's sum over the
    channels, (n, 1, h, w), through which no gradient passes. The gradient lacks the factor `weights`, as R-FCN's does.
    Source: R-FCN's src/caffe/layers/smooth_l1_loss_ohem_layer.cpp.
    """

    is_loss = True

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the normalizer and compare the bottoms."""
        self.expect_bottoms(bottoms, 2, 3)
        self.normalizer = read_pre_fixed_normalizer(p.message("loss_param"), "VALID")
        x = bottoms[0]
        if not 2 <= len(x) <= 4 or any(s[:1] != x[:1] or element_count(s) != element_count(x) for s in bottoms):
            raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, c, h, w) or (n, c), all of one size")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """A scalar, and each box's loss."""
        n, _, *places = bottoms[0]
        return [(), (n, 1, *places, *[1] * (2 - len(places)))][: self.tops]

    def module(self) -> nn.Module:
        """SmoothL1LossOHEM."""
        from converter.modules import hard_examples

        n = self.normalizer
        return hard_examples.SmoothL1LossOHEM(n.mode, n.pre_fixed, per_box=self.tops > 1)
