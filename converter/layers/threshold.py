"""Threshold: a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


@layer("Threshold")
class Threshold(Operator):
    """1 where x > threshold, else 0, on any shape; no gradient passes. Source: src/caffe/layers/threshold_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the threshold."""
        self.expect_bottoms(bottoms, 1)
        self.threshold = p.message("threshold_param").number("threshold")

    def forward(self, call: Call) -> list[Tensor]:
        """One top, shaped as the bottom."""
        x = call.bottoms[0].detach()
        return [(x > self.threshold).to(x.dtype)]
