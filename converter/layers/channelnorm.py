"""ChannelNorm: the length of the vector of channels at each position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("ChannelNorm")
class ChannelNorm(Operator):
    """(n, c, h, w) to (n, 1, h, w): the root of the sum of squares over channels.

    Source: lmb-freiburg/flownet2, src/caffe/layers/channel_norm_layer.cpp.
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Look at the axes."""
        self.expect_bottoms(bottoms, 1)
        if len(bottoms[0]) != 4:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected 4 axes (n, c, h, w)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, 1, h, w)."""
        return [(bottoms[0][0], 1, *bottoms[0][2:])]

    def module(self) -> nn.Module:
        """ChannelNorm."""
        from converter.modules import flow

        return flow.ChannelNorm()
