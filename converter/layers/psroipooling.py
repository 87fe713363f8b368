"""PSROIPooling: the mean of each cell of a grid over each region, every cell from channels of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.examples import regions
from converter.layers.layer import Array, Operator, Shapes, layer
from converter.layers.roipooling import check_regions

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params


@layer("PSROIPooling", "PSROI_POOLING", "PS_ROI_POOLING")
class PSROIPooling(Operator):
    """x: (n, output_dim * g * g, h, w) and regions (r, 5) -> (r, output_dim, g, g), g = group_size.

    Cell (i, j) of output d averages channel (d * g + i) * g + j over the cell's positions. Corners are rounded, the
    far ones moved by one, then scaled by `spatial_scale`; a region is at least 0.1 wide and high. Cells reach outward
    to whole positions; a cell outside the map gives 0. Source: R-FCN's src/caffe/layers/psroi_pooling_layer.cu
    (daijifeng001/caffe-rfcn, arXiv:1605.06409).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read grid, outputs and scale."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("psroi_pooling_param")
        self.scale = view.number("spatial_scale")
        self.outputs, self.group = view.integer("output_dim"), view.integer("group_size")
        check_regions(bottoms)
        if bottoms[0][1] != self.outputs * self.group**2:
            wanted = f"expected output_dim {self.outputs} times group_size {self.group} squared"
            raise view.error("output_dim", f"does not fit {bottoms[0][1]} channels", wanted)

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """Regions within the image."""
        return regions(random, bottoms, self.scale) if place == 1 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(r, output_dim, g, g)."""
        return [(bottoms[1][0], self.outputs, self.group, self.group)]

    def module(self) -> nn.Module:
        """PSRoIPool."""
        from converter.modules import regions

        return regions.PSRoIPool(self.outputs, self.group, self.scale)
