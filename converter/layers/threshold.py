"""Threshold: a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Threshold")
class Threshold(Operator):
    """1 where x > threshold, else 0, on any shape; no gradient passes. Source: src/caffe/layers/threshold_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the threshold."""
        self.expect_bottoms(bottoms, 1)
        self.threshold = p.message("threshold_param").number("threshold")

    def module(self) -> nn.Module:
        """Step."""
        from converter.modules import activations

        return activations.Step(self.threshold)
