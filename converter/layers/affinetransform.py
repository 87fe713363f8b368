"""AffineTransform: an image read through an affine map that the net computes, corners on corners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("AffineTransform")
class AffineTransform(Operator):
    """Image (n, c, h, w), theta (n, 6) to (n, c, output_height, output_width), by default the image's size, bilinear.

    Output place (x, y), each from -1 to 1 over its pixels' centers, is read at theta's first three times (x, y, 1) and
    its last three, likewise from -1 to 1. Pixels outside count as 0. A position below 0 is cut towards 0, as in the
    source, so that its fraction, which the next pixel counts, is below 0. Both bottoms get the derivative; the source
    gives theta a gradient only where the image gets one too. An axis of the output has 2 pixels or more, as the source
    divides by one less. zjwzcnjsy/caffe has another layer of this name, without fields, which is not known.
    Source: chenxistephen/caffe_msra, src/caffe/layers/affine_transform_layer.cpp (arXiv:1506.02025).
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the size and compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        image, theta = bottoms
        if len(image) != 4 or theta[:1] != image[:1] or element_count(theta[1:]) != 6:
            raise ShapeError(f"bottoms of shapes {image} and {theta}; expected (n, c, h, w) and (n, 6)")
        view = p.message("affine_transform_param")
        self.size = view.integer("output_height", image[2]), view.integer("output_width", image[3])
        if min(self.size) < 2:
            raise view.error("output_height", f"and output_width are {self.size}", "expected at least 2")

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, h', w')."""
        return [(*bottoms[0][:2], *self.size)]

    def module(self) -> nn.Module:
        """AffineTransform."""
        from converter.modules import spatial_transformer

        return spatial_transformer.AffineTransform(self.size)
