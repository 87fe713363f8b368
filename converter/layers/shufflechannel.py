"""ShuffleChannel: channels of several groups interleaved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("ShuffleChannel", "SHUFFLE_CHANNEL")
class ShuffleChannel(Operator):
    """Channel g * size + i moves to i * groups + g, x: (n, groups * size, ...).

    Source: src/caffe/layers/shuffle_channel_layer.cpp (farmingyard/ShuffleNet; arXiv:1707.01083, section 3.1).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the number of groups."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("shuffle_channel_param")
        self.group = view.integer("group", 1)
        if self.group < 1 or bottoms[0][1] % self.group:
            raise view.error("group", f"is {self.group}", f"expected a divisor of the {bottoms[0][1]} channels")

    def module(self) -> nn.Module:
        """ShuffleChannels."""
        from converter.modules import shapes

        return shapes.ShuffleChannels(self.group)
