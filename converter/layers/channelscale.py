"""ChannelScale: all channels of a position times one factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("ChannelScale")
class ChannelScale(Operator):
    """x: (n, c, ...) times a factor for each position, n * ... numbers; with `do_forward` false x itself.

    The gradient of x is the top's times the factor, or with `do_backward_feature` false the top's; that of the factor
    the top's times x, summed over channels, or with `do_backward_scale` false none. A scale of the whole net's
    (`global_scale`) is not known. Source: happynear/caffe-windows, src/caffe/layers/channel_scale_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the flags and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        x, scale = bottoms
        if len(x) < 2 or scale[:1] != x[:1] or element_count(scale) != element_count(x[:1]) * element_count(x[2:]):
            raise ShapeError(f"bottoms of shapes {x} and {scale}; expected (n, c, ...) and one number a position")
        view = p.message("channel_scale_param")
        names = ("do_forward", "do_backward_feature", "do_backward_scale")
        self.flags = tuple(view.flag(name, True) for name in names)
        if view.has("global_scale") and view.flag("global_scale"):
            raise view.error("global_scale", "is true", "a running mean of the factors is not known")

    def module(self) -> nn.Module:
        """ChannelScale."""
        from converter.modules import feature_norm

        return feature_norm.ChannelScale(*self.flags)
