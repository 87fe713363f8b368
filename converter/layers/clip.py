"""Clip: values held within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


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

    def module(self) -> nn.Module:
        """Clip."""
        from converter.modules import activations

        return activations.Clip(self.least, self.most)
