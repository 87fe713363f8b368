"""LRN: local response normalisation, across channels or within each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("LRN")
class LRN(Operator):
    """x * (k + alpha * mean of x² over the window)^-beta, zeros outside, on x: (n, c, h, w).

    ACROSS_CHANNELS: `local_size` neighboring channels. WITHIN_CHANNEL: a square of that side in the same plane, with
    k taken as 1 whatever is set. Source: src/caffe/layers/lrn_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the window and the constants."""
        self.expect_bottoms(bottoms, 1)
        if len(bottoms[0]) != 4:
            raise ShapeError(f"bottom of shape {bottoms[0]}; LRN takes 4 axes (n, c, h, w)")
        view = p.message("lrn_param")
        self.size = view.integer("local_size")
        self.channels = bottoms[0][1]
        self.alpha, self.beta, self.k = view.number("alpha"), view.number("beta"), view.number("k")
        self.across = view.choice("norm_region", ("ACROSS_CHANNELS", "WITHIN_CHANNEL")) == "ACROSS_CHANNELS"
        if self.size < 1 or self.size % 2 == 0:
            raise view.error("local_size", f"is {self.size}", "expected an odd number")

    def module(self) -> nn.Module:
        """nn.LocalResponseNorm, or the one within a channel.

        A window of more than all channels takes the same numbers as one of all, by which torch's is bounded: it pads.
        """
        from torch import nn

        from converter.modules import normalization

        if self.across:
            size = min(self.size, max(2 * self.channels - 1, 1))
            return nn.LocalResponseNorm(size, self.alpha * (size / self.size), self.beta, self.k)
        return normalization.SpatialResponseNorm(self.size, self.alpha, self.beta)
