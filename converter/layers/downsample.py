"""Downsample: FlowNet's means of flows with unknown places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.target_size import read_target
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Downsample")
class Downsample(Operator):
    """x: (n, c, h, w) to (n, c, top_height, top_width), or to a second bottom's size, by tents with corners on corners.

    NaN counts for nothing; a value is NaN where NaN weighs more than half of what is known. A bottom of the top's size
    passes as it is. The source has no backward; here the derivative flows.
    Source: lmb-freiburg/flownet2, src/caffe/layers/downsample_layer.cu.
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the size."""
        self.expect_bottoms(bottoms, 1, 2)
        self.size = read_target(p.message("downsample_param"), bottoms, "top_height", "top_width")
        target, own = tuple(self.size or bottoms[1][2:]), tuple(bottoms[0][2:])
        if target != own and any(one != other and min(one, other) < 2 for one, other in zip(target, own, strict=True)):
            raise ShapeError(
                f"{own[0]}x{own[1]} to {target[0]}x{target[1]}; corners meet corners, which takes 2 or more"
            )

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, h', w')."""
        return [(*bottoms[0][:2], *(self.size or bottoms[1][2:]))]

    def module(self) -> nn.Module:
        """Downsample."""
        from converter.modules import resampling

        return resampling.Downsample(self.size)
