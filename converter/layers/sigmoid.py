"""Sigmoid: the logistic function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Sigmoid", "SIGMOID")
class Sigmoid(Operator):
    """1 / (1 + exp(-x)), on any shape. Source: src/caffe/layers/sigmoid_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Nothing to read but the engine."""
        self.expect_bottoms(bottoms, 1)
        p.message("sigmoid_param")

    def module(self) -> nn.Module:
        """nn.Sigmoid."""
        from torch import nn

        return nn.Sigmoid()
