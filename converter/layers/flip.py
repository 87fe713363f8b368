"""Flip: mirrored images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("Flip")
class Flip(Operator):
    """Images (n, c, h, w), columns in reverse order unless `flip_width` is false, rows with `flip_height`.

    Source: happynear/caffe-windows, src/caffe/layers/flip_layer.cpp.
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the two flags and look at the bottom."""
        self.expect_bottoms(bottoms, 1)
        if len(bottoms[0]) != 4:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected 4 axes (n, c, h, w)")
        view = p.message("flip_param")
        self.width, self.height = view.flag("flip_width", True), view.flag("flip_height", False)

    def module(self) -> nn.Module:
        """FlipImage."""
        from converter.modules import shapes

        return shapes.FlipImage(self.width, self.height)
