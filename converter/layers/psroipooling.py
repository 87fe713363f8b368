"""PSROIPooling: the mean of each cell of a grid over each region, every cell from channels of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from converter.layers.kit.lazytorch import torch
from converter.layers.kit.regions import half_away, spans
from converter.layers.layer import Call, Operator, Shapes, layer
from converter.layers.roipooling import check_regions
from converter.net.params import Params

if TYPE_CHECKING:
    from torch import Tensor


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

    def top_shapes(self, bottoms: Shapes) -> Shapes:
        """(r, output_dim, g, g)."""
        return [(bottoms[1][0], self.outputs, self.group, self.group)]

    def forward(self, call: Call) -> list[Tensor]:
        """One top; no gradient for the regions."""
        x, regions = call.bottoms[0], call.bottoms[1].detach().flatten(1)
        g, (h, w) = self.group, x.shape[2:]
        corners = half_away(regions[:, 1:5])
        begin, end = corners[:, :2] * self.scale, (corners[:, 2:] + 1) * self.scale
        length = (end - begin).clamp(min=0.1)
        none = torch.zeros_like(length[:, 0])
        rows = spans(begin[:, 1], length[:, 1], g, h, none).mask(h).to(x.dtype)
        columns = spans(begin[:, 0], length[:, 0], g, w, none).mask(w).to(x.dtype)
        area = rows.sum(-1)[:, :, None] * columns.sum(-1)[:, None, :]
        maps = x.reshape(x.shape[0], self.outputs, g, g, h, w)
        y = x.new_zeros(len(regions), self.outputs, g, g)
        picture = regions[:, 0].long()
        for index in range(x.shape[0]):
            mine = picture == index
            sums = torch.einsum("oijhw,rjw->roijh", maps[index], columns[mine])
            y = y.index_put((mine.nonzero()[:, 0],), torch.einsum("roijh,rih->roij", sums, rows[mine]))
        return [y / area.clamp(min=1)[:, None]]
