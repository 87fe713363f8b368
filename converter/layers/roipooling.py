"""ROIPooling: the maximum of each cell of a grid over each region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.errors import ShapeError
from converter.layers.kit.lazytorch import torch
from converter.layers.kit.regions import Spans, half_away, spans
from converter.layers.layer import Call, Operator, Shapes, layer
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


@layer("ROIPooling", "ROI_POOLING")
class ROIPooling(Operator):
    """x: (n, c, h, w) and regions (r, 5) of picture, x1, y1, x2, y2 -> (r, c, pooled_h, pooled_w).

    Corners are scaled by `spatial_scale`, rounded, and belong to the region; a region has at least one position. Cells
    reach outward to whole positions, so neighbours may overlap; a cell outside the map gives 0. The first of equal
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

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(r, c, pooled_h, pooled_w)."""
        return [(bottoms[1][0], bottoms[0][1], *self.grid)]

    def forward(self, call: Call) -> list[Tensor]:
        """One top; no gradient for the regions."""
        x, regions = call.bottoms[0], call.bottoms[1].detach().flatten(1)
        corners = half_away(regions[:, 1:5] * self.scale)
        size = (corners[:, 2:] - corners[:, :2] + 1).clamp(min=1)
        none = torch.zeros_like(size[:, 0])
        rows = spans(none, size[:, 1], self.grid[0], x.shape[2], corners[:, 1])
        columns = spans(none, size[:, 0], self.grid[1], x.shape[3], corners[:, 0])
        pictures = regions[:, 0].long().tolist()
        if not pictures:
            return [x.new_zeros(0, x.shape[1], *self.grid)]
        return [torch.stack([_pooled(x[picture], rows, columns, index) for index, picture in enumerate(pictures)])]


def check_regions(bottoms: Shapes) -> None:
    """Refuse anything but a feature map and rows of five."""
    if len(bottoms[0]) != 4 or not bottoms[1] or bottoms[1][1:] not in {(5,), (5, 1, 1)}:
        raise ShapeError(f"bottoms of shapes {list(bottoms)}; expected (n, c, h, w) and (regions, 5)")


def _pooled(plane: Tensor, rows: Spans, columns: Spans, region: int) -> Tensor:
    """The maxima of one region, plane: (c, h, w) -> (c, pooled_h, pooled_w)."""
    wide = _maxima(plane, columns, region)
    return _maxima(wide.transpose(1, 2), rows, region).transpose(1, 2)


def _maxima(plane: Tensor, cells: Spans, region: int) -> Tensor:
    """The maximum of each cell along the last axis, 0 where a cell is empty: (c, a, size) -> (c, a, cells)."""
    first, end = cells.first[region], cells.end[region]
    longest = max(int((end - first).max()), 1)
    place = first[:, None] + torch.arange(longest, device=plane.device)
    place = torch.minimum(place, (end - 1)[:, None]).clamp(0, plane.shape[-1] - 1).long()
    best = plane[..., place].max(-1).values
    return torch.where(end > first, best, 0.0)
