"""SpatialTransformer: an image read through an affine map that the net computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.windows import element_count
from converter.layers.layer import Operator, Shapes, layer

if TYPE_CHECKING:
    from torch import nn

    from converter.net.params import Params


@layer("SpatialTransformer")
class SpatialTransformer(Operator):
    """Image (n, c, h, w) and theta (n, 6) to (n, c, output_H, output_W), by default of the image's size, bilinear.

    Output place (row, column), each from -1 on in steps of 2 over its size, is read at theta (row, column, 1), likewise
    from -1 on; pixels outside count as 0. theta_1_1 to theta_2_3 that are set stand in theta's place, whose bottom has
    so many fewer. `to_compute_dU` false keeps the image without gradient. At whole positions the source's gradient of
    theta is another than the slope on one side.
    Source: daerduoCarey/SpatialTransformerLayer, src/caffe/layers/st_layer.cpp and .cu (arXiv:1506.02025).
    """

    in_place = False

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the size and the fixed numbers, compare the bottoms."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("st_param")
        for name, only in (("transform_type", "affine"), ("sampler_type", "bilinear")):
            if view.text(name, only) != only:
                raise view.error(name, f"is {view.text(name)!r}", f"the source knows {only} alone")
        names = [f"theta_{row}_{column}" for row in (1, 2) for column in (1, 2, 3)]
        self.fixed = tuple(view.number(name) if view.has(name) else None for name in names)
        free = sum(number is None for number in self.fixed)
        image, theta = bottoms
        if len(image) != 4 or theta[:1] != image[:1] or element_count(theta[1:]) != free:
            raise ShapeError(f"bottoms of shapes {image} and {theta}; expected (n, c, h, w) and (n, {free})")
        self.size = view.integer("output_H", image[2]), view.integer("output_W", image[3])
        if min(self.size) < 1:
            raise view.error("output_H", f"and output_W are {self.size}", "expected at least 1")
        self.image_gradient = view.flag("to_compute_dU", True)

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(n, c, h', w')."""
        return [(*bottoms[0][:2], *self.size)]

    def module(self) -> nn.Module:
        """SpatialTransformer."""
        from converter.modules import spatial_transformer

        return spatial_transformer.SpatialTransformer(self.size, self.fixed, self.image_gradient)
