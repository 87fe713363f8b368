"""Clip: values held within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


@layer("Clip")
class Clip(Operator):
    """max(min, min(x, max)), on any shape; the gradient passes within the bounds and on them.

    Source: src/caffe/layers/clip_layer.cpp.
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the bounds."""
        self.expect_bottoms(bottoms, 1)
        view = p.message("clip_param")
        self.least, self.most = view.number("min"), view.number("max")

    def forward(self, call: Call) -> list[Tensor]:
        """One top, shaped as the bottom."""
        return [call.bottoms[0].clamp(self.least, self.most)]
