"""AffineMatConversion: the four numbers of a crop as the six that AffineTransform takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("AffineMatConversion")
class AffineMatConversion(Operator):
    """x: (n, 4, ...), a column's scale and shift and a row's, to (n, 6): (x0, 0, x1, 0, x2, x3).

    `conversion_type` is RECT_CROP, the only one, and taken as its default: the fork's caffe.proto is not published.
    Source: chenxistephen/caffe_msra, src/caffe/layers/affine_mat_conversion_layer.cpp.
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the kind and look at the bottom."""
        self.expect_bottoms(bottoms, 1)
        p.message("affine_mat_conversion_param").choice("conversion_type", ("RECT_CROP",), "RECT_CROP")
        if bottoms[0][1:2] != (4,) or element_count(bottoms[0][2:]) != 1:
            raise ShapeError(f"bottom of shape {bottoms[0]}; expected (n, 4)")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, 6)."""
        return [(bottoms[0][0], 6)]

    def module(self) -> nn.Module:
        """CropTheta."""
        from converter.modules import spatial_transformer

        return spatial_transformer.CropTheta()
