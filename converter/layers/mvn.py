"""MVN: each plane or item brought to mean 0 and variance 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("MVN")
class MVN(Operator):
    """(x - mean) / (deviation + eps) per plane of x: (n, c, ...), or per item with `across_channels`.

    The deviation is the biased one; without `normalize_variance` only the mean is taken off. Caffe's gradient treats
    deviation + eps as the deviation itself, which keeps it finite on constant planes; so does this one.
    Source: src/caffe/layers/mvn_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read what is normalized."""
        self.expect_bottoms(bottoms, 1)
        if not 1 <= len(bottoms[0]) <= 4:
            raise ShapeError(f"bottom of shape {bottoms[0]}; MVN takes 1 to 4 axes (n, c, ...)")
        view = p.message("mvn_param")
        self.variance = view.flag("normalize_variance")
        self.across, self.eps = view.flag("across_channels"), view.number("eps")

    def module(self) -> nn.Module:
        """MeanVarianceNorm."""
        from converter.modules import normalization

        return normalization.MeanVarianceNorm(self.variance, self.across, self.eps)
