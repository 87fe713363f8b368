"""Swish: a value gated by its own sigmoid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.lazytorch import torch
from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


@layer("Swish")
class Swish(Operator):
    """x / (1 + exp(-beta x)), on any shape. Source: src/caffe/layers/swish_layer.cpp."""

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read beta."""
        self.expect_bottoms(bottoms, 1)
        self.beta = p.message("swish_param").number("beta")

    def forward(self, call: Call) -> list[Tensor]:
        """One top, shaped as the bottom."""
        x = call.bottoms[0]
        return [x * torch.sigmoid(x * self.beta)]
