"""ROIPooling: the maximum of each cell of a grid over each region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.examples import regions
from converter.layers.layer import Array, Operator, Shapes, layer

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converter.net.params import Params


@layer("ROIPooling", "ROI_POOLING")
class ROIPooling(Operator):
    """x: (n, c, h, w) and regions (r, 5) of image, x1, y1, x2, y2 -> (r, c, pooled_h, pooled_w).

    Corners are scaled by `spatial_scale`, rounded, and belong to the region; a region has at least one position. Cells
    reach outward to whole positions, so neighbors may overlap; a cell outside the map gives 0. The first of equal
    maxima, row by row, gets the gradient. Source: Fast R-CNN's src/caffe/layers/roi_pooling_layer.cpp
    (arXiv:1504.08083, section 2.1).
    """

    def setup(self, p: Params, bottoms: Shapes) -> None:
        """Read the grid and the scale."""
        self.expect_bottoms(bottoms, 2)
        view = p.message("roi_pooling_param")
        self.grid = view.integer("pooled_h", 0), view.integer("pooled_w", 0)
        self.scale = view.number("spatial_scale", 1.0)
        if min(self.grid) < 1:
            raise view.error("pooled_h", f"and pooled_w are {list(self.grid)}", "expected at least 1")
        check_regions(bottoms)

    def example(self, place: int, bottoms: Shapes, random: np.random.Generator) -> Array | None:
        """Regions within the image."""
        return regions(random, bottoms, self.scale) if place == 1 else None

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(r, c, pooled_h, pooled_w)."""
        return [(bottoms[1][0], bottoms[0][1], *self.grid)]

    def module(self) -> nn.Module:
        """RoIPool."""
        from converter.modules import regions

        return regions.RoIPool(self.grid, self.scale)


def check_regions(bottoms: Shapes) -> None:
    """Refuse anything but a feature map and rows of five."""
    if len(bottoms[0]) != 4 or not bottoms[1] or bottoms[1][1:] not in {(5,), (5, 1, 1)}:
        raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, c, h, w) and (regions, 5)")
